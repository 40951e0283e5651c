"""Tasks for EleutherAI's lm-eval that let siked read, run and judge a student's answers.

:func:`write_tasks` makes a folder for ``lm-eval run --include_path``: a task for each test set, with the
problems themselves beside it. lm-eval generates the texts; :class:`Tasks` judges each as ``siked eval``
does: the strategy by its tag, a program in the sandbox, the answer by the run's verifier.
"""

from __future__ import annotations

import atexit
import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from siked import __version__
from siked.config import RunConfig, parse
from siked.errors import DataError, MissingExtra, UsageError
from siked.records import Problem, Status, TestProblem
from siked.registry import Registry
from siked.runs.export import fresh_folder
from siked.runs.marking import Marker
from siked.runs.plugin_files import registry_with

SETTINGS = "settings.json"
MODULE = "siked_task"
JUDGING = ("strategies", "verifier", "sandbox", "evaluate")
"""Sections of a configuration that decide what a text is worth."""
_FIELDS = ("id", "question", "gold", "dataset", "family")
_CODE = f'''"""Made by siked {__version__}: where lm-eval asks for problems and for the worth of an answer."""

from pathlib import Path

from siked.lm_eval import Tasks

_tasks = Tasks(Path(__file__).parent)


def problems(name, **others):
    return _tasks.problems(name)


def judge(doc, results):
    return _tasks.judge(doc, results)
'''


class _Yaml(yaml.SafeDumper):
    """Writes the tag that lm-eval knows functions by."""


class _Function(str):
    """The name of a function as lm-eval's YAML has it."""

    __slots__ = ()


_Yaml.add_representer(_Function, lambda dumper, value: dumper.represent_scalar("!function", str(value)))


def write_tasks(
    out: Path, config: RunConfig, registry: Registry, sets: Mapping[str, Sequence[Problem]]
) -> list[str]:
    """Write the new folder ``out`` with a task for each of ``sets``, test problems by name of their data set,
    and return the tasks' names; all of them have the tag ``siked``.

    Strategies, verifier, sandbox and the length of answers are those of ``config``. Plugin files among
    them are copied, and run where lm-eval runs the tasks. Raises :class:`siked.errors.UsageError` where
    ``out`` exists or two names are too much alike.
    """
    names = {f"siked_{re.sub(r'[^a-z0-9]+', '_', name.lower())}": name for name in sets}
    if len(names) < len(sets):
        raise UsageError(f"the names of these data sets are too much alike: {', '.join(sets)}")
    with fresh_folder(out) as folder:
        files = registry.plugins.files
        for file in files:
            (folder / file.name).write_bytes(file.source)
        used = {key: value for key, value in config.dump().items() if key in JUDGING}
        settings = {"siked": __version__, "plugins": [f.name for f in files], "config": used}
        (folder / SETTINGS).write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        (folder / f"{MODULE}.py").write_text(_CODE, encoding="utf-8")
        for task, name in names.items():
            lines = "".join(_line(problem) for problem in sets[name])
            (folder / f"{task}.jsonl").write_text(lines, encoding="utf-8")
            digest = hashlib.sha256(lines.encode()).hexdigest()
            values = yaml.dump(_task(task, name, config, digest), Dumper=_Yaml, sort_keys=False)
            (folder / f"{task}.yaml").write_text(values, encoding="utf-8")
    return list(names)


def _line(problem: Problem) -> str:
    row = {key: value for key, value in dataclasses.asdict(problem).items() if key in _FIELDS}
    return json.dumps(row, ensure_ascii=False) + "\n"


def _task(task: str, name: str, config: RunConfig, digest: str) -> dict[str, Any]:
    metrics = [("correct", True), ("unverified", False)]
    metrics += [(_chose(strategy), bool(strategy)) for strategy in (*config.strategy_names, "")]
    return {
        "task": task,
        "tag": ["siked"],
        "custom_dataset": _Function(f"{MODULE}.problems"),
        "dataset_kwargs": {"name": task},
        "test_split": "test",
        "num_fewshot": 0,
        "output_type": "generate_until",
        "doc_to_text": "question",
        "doc_to_target": "gold",
        "generation_kwargs": {
            "until": [],
            "do_sample": False,
            "max_gen_toks": config.evaluate.max_new_tokens,
        },
        "process_results": _Function(f"{MODULE}.judge"),
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": better}
            for metric, better in metrics
        ],
        "metadata": {"version": 1, "siked": __version__, "dataset": name, "problems": digest},
    }


def _chose(strategy: str) -> str:
    return f"chose_{re.sub(r'[^A-Za-z0-9]+', '_', strategy or 'none')}"


class Tasks:
    """What the tasks in a folder that :func:`write_tasks` made ask of siked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def problems(self, task: str) -> Any:
        """Return the problems of a task as a ``datasets.DatasetDict`` whose only split is ``test``."""
        try:
            import datasets
        except ImportError as error:
            raise MissingExtra("lm-eval", "lm-eval") from error
        rows = []
        path = self._folder / f"{task}.jsonl"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                rows.append({name: row[name] for name in _FIELDS})
            except (ValueError, LookupError, TypeError) as error:
                raise DataError(path, number, f"no problem of siked's: {error}") from None
        return datasets.DatasetDict({"test": datasets.Dataset.from_list(rows)})

    def judge(self, doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
        """Return the metrics of one text, each 1 or 0: whether it is correct, whether its program was
        stopped by the sandbox, and which strategy it chose."""
        problem = TestProblem(**{name: doc[name] for name in _FIELDS})
        (marked,) = self._marker.mark([(problem, results[0])])
        status = marked.verdict.status
        found = {
            "correct": float(status is Status.CORRECT),
            "unverified": float(status is Status.UNVERIFIED),
        }
        return found | {
            _chose(name): float(name == marked.strategy) for name in (*self._marker.strategies, "")
        }

    @cached_property
    def _marker(self) -> Marker:
        settings = json.loads((self._folder / SETTINGS).read_text(encoding="utf-8"))
        registry = registry_with([self._folder / name for name in settings["plugins"]])
        marker = Marker(parse(settings["config"]), registry)
        atexit.register(marker.close)
        return marker

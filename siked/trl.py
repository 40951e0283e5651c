"""What TRL's trainers take from a run: its verifier as a reward, and right and wrong texts as preferences.

:class:`CorrectAnswer` is a reward function for ``GRPOTrainer`` and ``RLOOTrainer``, :func:`prompts` the
data set they ask; :func:`preferences` is a data set for ``DPOTrainer`` and its kin. All texts are
conversations, so the tokenizer needs a chat template: what ``siked export`` writes has one.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from siked import config as configuration
from siked.config import RunConfig
from siked.errors import MissingExtra, UsageError
from siked.records import Status, TrainProblem
from siked.registry import Registry
from siked.runs.marking import Marker
from siked.runs.plugin_files import registry_with
from siked.runs.run import Run, stored_config
from siked.runs.trust import check

Turns = list[dict[str, str]]


class CorrectAnswer:
    """A reward: 1 for a text whose answer is correct by the verifier of a run, 0 for another.

    A text is read as in the run: its tag says how, and a program is run in the sandbox. Where the sandbox
    stopped a program nobody knows what the text is worth: its reward is None, which TRL leaves out.
    Rows of the data set need the column ``gold``; :func:`prompts` has it.
    """

    def __init__(self, run: Run | str | Path, *, trust: bool = False) -> None:
        """Take settings from a run folder; ``trust`` it where somebody else has made it.

        Raises :class:`siked.errors.UsageError` where there is no run, or what it names is missing or strange.
        """
        self.__name__ = "correct_answer"  # the name of its curve
        self._run = str(run.folder if isinstance(run, Run) else run)
        self._trust = trust
        self._made: Marker | None = None
        _settings(_opened(run), trust)

    def __call__(
        self,
        prompts: Sequence[Turns],
        completions: Sequence[Turns],
        gold: Sequence[str | None],
        log_extra: Callable[[str, list[Any]], None] | None = None,
        log_metric: Callable[[str, float], None] | None = None,
        **columns: Any,
    ) -> list[float | None]:
        """Return the reward of each completion. The strategies chosen and the answers read go to TRL's table
        of completions, shares of strategies to its metrics."""
        if self._made is None:
            self._made = Marker(*_settings(_opened(self._run), self._trust))
        marked = self._made.mark(
            [
                (
                    TrainProblem(id=str(place), question=asked[-1]["content"], gold=answer, dataset=""),
                    written[-1]["content"],
                )
                for place, (asked, written, answer) in enumerate(zip(prompts, completions, gold, strict=True))
            ]
        )
        if log_extra is not None:
            log_extra("strategy", [one.strategy for one in marked])
            log_extra("answer", [one.verdict.answer for one in marked])
        if log_metric is not None:
            counts = Counter(one.strategy or "none" for one in marked)
            for name in (*self._made.strategies, "none"):
                log_metric(f"chose/{name}", counts[name] / max(len(marked), 1))
        worth = {Status.CORRECT: 1.0, Status.WRONG: 0.0}
        return [worth.get(one.verdict.status) for one in marked]

    def close(self) -> None:
        """End the sandbox; safe to call twice."""
        if self._made is not None:
            self._made.close()

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs; it starts a sandbox of its own."""
        return {**self.__dict__, "_made": None}


def prompts(run: Run | str | Path) -> Any:
    """Return the training problems of a run, those with a gold answer, as a ``datasets.Dataset``. Its columns
    are ``prompt`` (one turn of the user, as the student was trained), ``gold``, ``question``, ``problem``."""
    rows = [
        {
            "prompt": _turn("user", problem.question),
            "gold": problem.gold,
            "question": problem.question,
            "problem": problem.id,
        }
        for _, problem in _opened(run).journal.load_problems("train")
        if problem.gold is not None
    ]
    return _dataset(rows, "has no training problems with a gold answer", run)


def preferences(
    run: Run | str | Path,
    *,
    across: bool = False,
    written_by: Literal["student", "teacher", "both"] = "both",
    pairs: int = 1,
    seed: int = 0,
) -> Any:
    """Return pairs of a right and a wrong text to the same training problem as a ``datasets.Dataset``.

    It has the columns ``prompt``, ``chosen`` and ``rejected``, each a list of turns, and ``problem``,
    ``strategy`` and ``rejected_strategy``. Texts begin with their tag. Both are of one strategy; with
    ``across`` also of two, which teaches to choose. There are ``pairs`` of each problem and strategy (of
    each problem, with ``across``) at most, drawn by ``seed``. Texts that were cut, have warnings about
    their reasoning or could not be verified are in no pair.

    Raises :class:`siked.errors.UsageError` where a run has no such pair.
    """
    opened = _opened(run)
    config = stored_config(opened.journal)
    tags = {
        s.name: configuration.make(registry_with((), opened.folder), "strategy", s).tag
        for s in config.strategies
    }
    groups: dict[tuple[str, ...], tuple[dict[_Text, None], dict[_Text, None]]] = defaultdict(lambda: ({}, {}))
    for row in opened.rationales():
        if _usable(row, written_by):
            text = _Text(row["strategy"], f"{tags[row['strategy']]}\n{row['text']}")
            place = (row["problem"], row["question"], *(() if across else (row["strategy"],)))
            groups[place][row["status"] == "wrong"][text] = None
    rows = [
        {
            "prompt": _turn("user", place[1]),
            "chosen": _turn("assistant", right.text),
            "rejected": _turn("assistant", wrong.text),
            "problem": place[0],
            "strategy": right.strategy,
            "rejected_strategy": wrong.strategy,
        }
        for place, (rights, wrongs) in groups.items()
        for right, wrong in _drawn(list(rights), list(wrongs), pairs, random.Random(f"{seed} {place}"))
    ]
    return _dataset(rows, "has no problem with a right and a wrong text", run)


class _Text(NamedTuple):
    strategy: str
    text: str


def _usable(row: Mapping[str, Any], written_by: str) -> bool:
    writer = "teacher" if row["step"].startswith("teach:") else "student"
    return (
        row["split"] == "train"
        and row["track"] == "main"
        and row["outcome"] == "ok"
        and written_by in ("both", writer)
        and row["status"] in ("correct", "wrong")
        and not row["flags"]
    )


def _drawn(
    rights: list[_Text], wrongs: list[_Text], most: int, rng: random.Random
) -> Iterator[tuple[_Text, _Text]]:
    """Yield up to ``most`` pairs; no text is in two of them before all of its side were in one."""
    rng.shuffle(rights)
    rng.shuffle(wrongs)
    if not rights or not wrongs:
        return
    for number in range(min(most, len(rights) * len(wrongs))):
        place, turn = number % len(rights), number // len(rights)
        yield rights[place], wrongs[(place + turn) % len(wrongs)]


def _turn(role: str, content: str) -> Turns:
    return [{"role": role, "content": content}]


def _opened(run: Run | str | Path) -> Run:
    return run if isinstance(run, Run) else Run(Path(run))


def _settings(run: Run, trust: bool) -> tuple[RunConfig, Registry]:
    config = stored_config(run.journal)
    registry = registry_with((), run.folder, trust)
    check(run.folder, config, registry, trust)
    configuration.check_components(config, registry)
    return config, registry


def _dataset(rows: list[dict[str, Any]], missing: str, run: Run | str | Path) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise MissingExtra("siked.trl", "train") from error
    if not rows:
        raise UsageError(f"{run.folder if isinstance(run, Run) else run} {missing}")
    return datasets.Dataset.from_list(rows)

"""The suite of clusters: a good one passes, and each way to break the contract is told in a line."""

from __future__ import annotations

import re
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from siked.contracts import Cluster
from siked.testing.cluster_parts import Local
from siked.testing.cluster_suites import ClusterContract

CODE = """
import dataclasses, itertools, os, subprocess, sys
from siked.errors import ComponentError
from siked.records import Completion, Outcome, Placed
from siked.testing.cluster_parts import Local, LocalEngines, LocalJudge, _found

class Engines(LocalEngines):
    pass

class Judge(LocalJudge):
    pass

class Mine(Local):
    name = "mine"

    def backend(self, placed, replicas):
        return Placed("mine:Engines", super().backend(placed, replicas).options)

    def judge(self, verifier, sandbox):
        return Placed("mine:Judge", super().judge(verifier, sandbox).options)

class Alone:
    \"\"\"The backend in this process, whatever becomes of it.\"\"\"
    name = "alone"
    Options = LocalEngines.Options

    def __init__(self, options):
        cls = _found(options.target)
        self.made = cls(cls.Options(**options.options))

    def open(self, model): return self.made.open(model)

    def generate(self, requests): return self.made.generate(requests)

"""
BAD = [
    (
        "a_cluster",
        "class Mine(Mine):\n    inspect = None",
        "there is no method 'inspect'",
    ),
    (
        "works_with_default_options",
        "class Mine(Mine):\n    @dataclasses.dataclass(frozen=True)\n    class Options:\n        head: str",
        "without any option it raises TypeError",
    ),
    (
        "names_what_a_worker_can_be_told",
        "class Mine(Mine):\n    def judge(self, verifier, sandbox): return Placed('a:B', {'is': verifier})",
        "the options of judge do not go through JSON",
    ),
    (
        "texts_are_those_of_one_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        found = list(super().dispatch(lists))\n"
        "        return iter(found + found[:3])",
        "1 workers: 3 texts came twice",
    ),
    (
        "texts_are_those_of_one_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        return itertools.islice(super().dispatch(lists), 50)",
        "1 workers: 9 of 59 texts did not come",
    ),
    (
        "texts_are_those_of_one_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        return super().dispatch([[one] for part in lists for one in part])",
        r"\d+ of 59 texts are others: batches of a list were cut or mixed",
    ),
    (
        "texts_are_those_of_one_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        undone = [[dataclasses.replace(one, done=False) for one in part] for part in lists]\n"
        "        return super().dispatch(undone)",
        "1 texts came that nobody asked for",
    ),
    (
        "texts_are_those_of_one_worker",
        "class Engines(Engines):\n    def open(self, model):\n"
        "        return dataclasses.replace(super().open(model), fingerprint='on-nodes')",
        "open returned ModelInfo.fingerprint='on-nodes'",
    ),
    (
        "a_lost_worker",
        "class Engines(Alone): pass",
        "when a worker dies: WorkerDied",
    ),
    (
        "a_lost_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        keys = [one.key for part in lists for one in part]\n"
        "        return (Completion(key=key, outcome=Outcome.OK, text='?') for key in keys)",
        "no worker of this machine was asked",
    ),
    (
        "what_ends_every_worker",
        "class Engines(Engines):\n    def dispatch(self, lists):\n        return iter(())",
        "a worker that dies again and again ends in no error",
    ),
    (
        "what_a_backend_says",
        "class Engines(Engines):\n    def open(self, model):\n        try: return super().open(model)\n"
        "        except Exception as error: raise RuntimeError('remote task failed') from error",
        r"open raised UsageError: no such model: suite; it became ComponentError: .*remote task failed",
    ),
    (
        "nobody_writes_far_ahead",
        "class Engines(Engines):\n    def dispatch(self, lists): return iter(list(super().dispatch(lists)))",
        r"\d+ texts were written of which one was taken; 14000 may wait",
    ),
    (
        "workers_end",
        "class Engines(Engines):\n    def dispatch(self, lists):\n"
        "        other = subprocess.Popen(['sleep', '5'])\n"
        "        open(self.replicas.spec.options['traces'], 'a').write(f'{other.pid}\\n')\n"
        "        yield from super().dispatch(lists)",
        "1 workers still run",
    ),
    (
        "verdicts_are_those",
        "class Judge(Judge):\n    def judge(self, items): return super().judge(items)[::-1]",
        r"\d+ of 800 verdicts differ from those given here",
    ),
    (
        "verdicts_are_those",
        "class Judge(Judge):\n    def judge(self, items): return super().judge(items)[1:]",
        "799 verdicts for 800 texts",
    ),
    (
        "every_node_is_asked",
        "class Mine(Mine):\n    def inspect(self, probe): return []",
        "inspect asked no node",
    ),
    (
        "every_node_is_asked",
        "class Mine(Mine):\n    def inspect(self, probe): return [('a', 'fine')]",
        "node a answers str 'fine'",
    ),
    (
        "nodes_with_another_siked",
        "",
        "a node with siked 99.0 was taken",
    ),
]


class Suite(ClusterContract):
    most = 14_000
    patience = 1.0


class TestLocal(ClusterContract):
    most = 14_000

    @pytest.fixture
    def cluster(self) -> Cluster:
        return Local(Local.Options())


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        pytest.param(n, expected, marks=pytest.mark.slow if name.startswith("nobody") else ())
        for n, (name, _, expected) in enumerate(BAD)
    ],
)
def test_a_violation_is_told(n: int, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, code, _ = BAD[n]
    (tmp_path / "mine.py").write_text(CODE + code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("mine", None)
    made: Any = __import__("mine").Mine
    ((_, check),) = [(key, value) for key, value in vars(ClusterContract).items() if f"_{name}" in key[4:]]
    given = {
        "cluster": made(None),
        "elsewhere": lambda environment: made(None),
        "tmp_path": tmp_path,
    }
    with pytest.raises((pytest.fail.Exception, AssertionError)) as caught:
        check(Suite(), **{key: given[key] for key in signature(check).parameters if key != "self"})
    assert re.search(expected, str(caught.value)), str(caught.value)

"""What a component of a plugin returns or raises ends in one line that names it, its plugin and the log."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.errors import ComponentError, PluginError
from siked.runs.run import resume

HEAD = """
from dataclasses import dataclass, field, replace
from siked import hookimpl
from siked.records import *
from siked.records import DevPoint, RollBack, Stop, Continue
from siked.testing.fakes import InstantTrainer, ScriptedBackend
from siked.testing.additions import Additions

class Base:
    name = "mine"
    version = "1"
    tests = ()
    tag = "[mine]"
    @dataclass(frozen=True)
    class Options: pass
    def __init__(self, options): pass
    def close(self): pass
    def teacher_messages(self, problem): return [Message("user", problem.question)]
    def read(self, text): return Answer(text)
    def verify(self, problem, answers): return []
    def mix(self, teacher, student, history, rng): return []
    def run(self, programs): return []
    def decide(self, history, iterations): return Continue()
    def load(self, split): return Additions(Additions.Options(16, 8, 8)).load(split)
    def open(self, model): return ModelInfo(fingerprint=model.weights or "base")

class Mine({base}):
    name = "mine"
{body}

@hookimpl
def siked_register_{plural}(register):
    register("mine", __name__ + ":Mine")
"""
PLURALS = {
    "strategy": "strategies",
    "verifier": "verifiers",
    "schedule": "schedules",
    "stopping": "stoppings",
    "sandbox": "sandboxes",
    "dataset": "datasets",
    "backend": "backends",
    "trainer": "trainers",
}


def code(kind: str, *lines: str, base: str = "Base") -> str:
    body = "\n".join(f"    {line}" for line in lines)
    return HEAD.format(base=base, body=body, plural=PLURALS[kind])


def plan(settings: dict[str, Any], kind: str) -> dict[str, Any]:
    """The settings of a short run that uses the component ``mine``."""
    short = {**settings, "iterations": 1, "controls": []}
    if kind == "strategy":
        return {**short, "strategies": ["cot", "mine"]}
    if kind in ("dataset", "backend", "trainer"):
        return {**short, kind: {"name": "mine"}}
    return {**short, kind: {"name": "mine"}}


TELLS = (
    r"^{kind} 'mine' of acme-parts 2.1 \(plugin 'acme-parts'\): {said}.*\((rule: siked[\w.]+; )?log: (.+)\)$"
)
BROKEN = [
    (
        "strategy",
        "def read(self, text): return text",
        "read returned str '[^']*'; it is Answer or Program or Malf",
    ),
    ("strategy", "def read(self, text): return Answer(7)", "read returned Answer.text is int 7; it is str"),
    (
        "strategy",
        "def read(self, text): return Malformed(text + ' x' * 99)",
        "read returned a Malformed.reason of",
    ),
    ("strategy", "def read(self, text): raise OSError('no disk')", "read raised OSError: no disk"),
    ("strategy", "def read(self, text): raise SystemExit(3)", "read raised SystemExit: 3"),
    ("strategy", "def teacher_messages(self, problem): return 'ask'", "teacher_messages returned str 'ask'"),
    (
        "strategy",
        "def teacher_messages(self, problem): return ['ask']",
        "teacher_messages returned str 'ask'; it is M",
    ),
    (
        "strategy",
        "def teacher_messages(self, problem): return []",
        "teacher_messages returned no message at all",
    ),
    (
        "strategy",
        "def teacher_messages(self, p): return [Message('bot', 'x')]",
        "teacher_messages returned Message.ro",
    ),
    (
        "verifier",
        "def verify(self, problem, answers): return True",
        "verify returned True; it is a sequence of Ver",
    ),
    (
        "verifier",
        "def verify(self, problem, answers): return [True for _ in answers]",
        "verify returned True; it is V",
    ),
    (
        "verifier",
        "def verify(self, problem, answers): return []",
        r"verify returned 0 verdicts for \d+ answers",
    ),
    (
        "verifier",
        "def verify(self, p, a): return [Verdict(status='correct', answer=None, rule='r') for _ in a]",
        "verify returned Verdict.status is str 'correct'; it is Status",
    ),
    (
        "verifier",
        "def verify(self, p, a): return [Verdict(status=Status.WRONG, answer=None, rule='r' * 101)] * len(a)",
        r"verify returned a Verdict.rule of \d+ characters; it is one line of 100",
    ),
    (
        "verifier",
        "def verify(self, problem, answers): raise OSError(28, 'full')",
        "verify raised OSError: .*full",
    ),
    (
        "verifier",
        "def verify(self, problem, answers): return answers[0].nothing",
        "verify raised AttributeError",
    ),
    ("schedule", "def mix(self, t, s, h, r): return 5", "mix returned int 5; it yields one after the other"),
    (
        "schedule",
        "def mix(self, t, s, h, r): return t",
        "mix yielded a Candidate; it is Selected or Rejected or Targ",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r): return [Selected(t[0], 'a')] * 2",
        r"mix yielded rationale \d+ twice",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r): yield Selected(replace(t[0], rationale=10**6), 'a')",
        "mix yielded Selected of a candidate that it was not given",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r): yield Selected(t[0], 'a', weight=0.0)",
        "mix yielded Selected.weight 0.0",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r): yield Selected(t[0], '')",
        "mix yielded an empty Selected.reason",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r): yield Target('alpha', float('nan'))",
        "mix yielded a Target of nan",
    ),
    (
        "schedule",
        "def mix(self, t, s, h, r):\n        yield from ()\n        raise KeyError('x')",
        "mix raised KeyEr",
    ),
    (
        "stopping",
        "def decide(self, h, i): return True",
        "decide returned True; it is Continue or Stop or RollBack",
    ),
    ("stopping", "def decide(self, h, i): return RollBack(5, 'back')", "decide returned RollBack to 5"),
    ("stopping", "def decide(self, h, i): return Stop('')", "decide returned Stop without a reason"),
    ("stopping", "def decide(self, h, i): raise ValueError('no')", "decide raised ValueError: no"),
    ("sandbox", "def run(self, programs): return None", "run returned None; it yields one after the other"),
    ("sandbox", "def run(self, programs): return [5]", "run yielded int 5; it is ProgramOutcome"),
    ("sandbox", "def run(self, programs): return []", r"run yielded 0 outcomes for \d+ programs"),
    (
        "sandbox",
        "def run(self, p): return [ProgramOutcome(status=ProgramStatus.OK) for _ in p]",
        "run yielded status ok with answer None",
    ),
    (
        "dataset",
        "def load(self, split): return 'abc'",
        "load returned str 'abc'; it yields one after the other",
    ),
    (
        "dataset",
        "def load(self, s): yield TestProblem(id='a', question='q', gold='1', dataset='mine')",
        r"load \('train'\) yielded a TestProblem; it is TrainProblem",
    ),
    (
        "dataset",
        "def load(self, s): return [TrainProblem(id='a', question='q', gold='1', dataset='mine')] * 2",
        r"load \('train'\) yielded the id 'a' twice; ids are unique in a split",
    ),
    (
        "dataset",
        "def load(self, s): yield TrainProblem(id='a', question='q', gold=1, dataset='mine')",
        r"load \('train'\) yielded TrainProblem.gold is int 1; it is str \| None",
    ),
    ("dataset", "def load(self, split): raise OSError('unplugged')", "load raised OSError: unplugged"),
]


@pytest.mark.parametrize(("kind", "line", "said"), BROKEN, ids=lambda value: value if len(value) < 12 else "")
def test_a_component_that_breaks_its_contract_is_named(
    settings: dict[str, Any], install: Any, tmp_path: Path, kind: str, line: str, said: str
) -> None:
    install("acme-parts", code(kind, line), "2.1")
    with pytest.raises(ComponentError) as caught:
        siked.run(plan(settings, kind), tmp_path / "run")
    found = re.match(TELLS.format(kind=kind, said=said), str(caught.value))
    assert found, str(caught.value)
    log = Path(found[2]).read_text()
    assert "Traceback" in log or "rule: siked.contracts." in log
    if "Traceback" in log:
        assert "acme_parts.py" in log


WORKERS = [
    ("backend", "def open(self, model): return 'me'", "open returned str 'me'; it is ModelInfo"),
    (
        "backend",
        "def open(self, model): return ModelInfo(fingerprint=' ')",
        "open returned a ModelInfo without a fing",
    ),
    (
        "backend",
        "def generate(self, requests): return [5]",
        "generate yielded int 5; it is Completion or Call or Res",
    ),
    (
        "backend",
        "def generate(self, requests): return None",
        "generate returned None; it yields one after the oth",
    ),
    (
        "backend",
        "def generate(self, requests): return []",
        r"generate ended without a completion for \d+ of \d+ req",
    ),
    (
        "backend",
        "def generate(self, requests): yield Completion(key='other', outcome=Outcome.OK, text='x')",
        "generate yielded a completion for a request that it was not given, 'other'",
    ),
    (
        "backend",
        "def generate(self, rs): yield Completion(key=rs[0].key, outcome='ok', text='x')",
        "generate yielded Completion.outcome is str 'ok'; it is Outcome",
    ),
    (
        "backend",
        "def generate(self, rs): yield Completion(key=rs[0].key, outcome=Outcome.FAILED)",
        "generate yielded a Completion that is failed without a reason",
    ),
    ("backend", "def generate(self, requests): raise OSError('cable')", "generate raised OSError: cable"),
    (
        "backend",
        "def score(self, requests, continuations): return [[1.0]]",
        "score yielded a list|score yielded list",
    ),
    ("trainer", "def train(self, *args): return 'done'", "train returned str 'done'; it is Trained"),
    (
        "trainer",
        "def train(self, *a): return Trained(weights='w', steps=1, tokens=1, loss=0.1, rows=1)",
        "train returned a Trained, but wrote no file",
    ),
    ("trainer", "def train(self, *args): raise SystemExit('bye')", "train raised SystemExit: bye"),
]


@pytest.mark.parametrize(
    ("kind", "line", "said"), WORKERS, ids=lambda value: value if len(value) < 12 else ""
)
def test_a_worker_that_breaks_its_contract_is_named(
    settings: dict[str, Any], install: Any, tmp_path: Path, kind: str, line: str, said: str
) -> None:
    base = "ScriptedBackend" if kind == "backend" else "InstantTrainer"
    install("acme-parts", code(kind, line, base=base), "2.1")
    with pytest.raises(ComponentError) as caught:
        siked.run(plan(settings, kind), tmp_path / "run")
    found = re.match(TELLS.format(kind=kind, said=f"({said})").replace("[2]", ""), str(caught.value))
    assert found, str(caught.value)
    assert Path(found[3]).exists()


def test_a_fingerprint_that_does_not_change_is_refused_before_old_texts_are_taken(
    settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    constant = "def open(self, m): return replace(super().open(m), fingerprint='always')"
    install("acme-parts", code("backend", constant, base="ScriptedBackend"))
    with pytest.raises(
        ComponentError, match=r"the fingerprint 'always' for students/1 and for students/0, whose"
    ):
        siked.run(plan(settings, "backend"), tmp_path / "run")


def test_an_os_error_of_a_plugin_does_not_blame_the_run(
    settings: dict[str, Any], install: Any, tmp_path: Path
) -> None:
    install(
        "acme-parts", code("stopping", "def decide(self, h, i): raise FileNotFoundError(2, 'gone', '/x')")
    )
    with pytest.raises(ComponentError):
        siked.run(plan(settings, "stopping"), tmp_path / "run")
    done = CliRunner().invoke(cli, ["resume", str(tmp_path / "run")])
    assert isinstance(done.exception, ComponentError)
    first, again = str(done.exception).splitlines()
    assert first.startswith(
        "stopping 'mine' of acme-parts 1.0 (plugin 'acme-parts'): decide raised FileNotFound"
    )
    assert f"go on with: siked resume {tmp_path / 'run'}" in again


def test_a_run_that_stopped_at_the_border_goes_on_with_a_mended_plugin(
    settings: dict[str, Any], install: Any, site: Path, tmp_path: Path
) -> None:
    install("acme-parts", code("stopping", "def decide(self, h, i): raise ValueError('no')"))
    with pytest.raises(ComponentError):
        siked.run(plan(settings, "stopping"), tmp_path / "run")
    import sys

    del sys.modules["acme_parts"]
    (site / "acme_parts.py").write_text(code("stopping", "def decide(self, h, i): return Stop('enough') "))
    assert resume(tmp_path / "run").summary["stopped_because"] == "enough"


@pytest.mark.parametrize(
    ("kind", "line", "said"),
    [
        ("verifier", "version = 2", "has version 2; it is a string (siked.contracts.Verifier.version)"),
        ("verifier", "verify = None", "has no method 'verify' (siked.contracts.Verifier.verify)"),
        ("schedule", "name = 5", "has name 5; it is a string (siked.contracts.Schedule.name)"),
        ("dataset", "tests = ['mine']", "has tests ['mine']; it is a tuple of names"),
        ("strategy", "read = 'text'", "has no method 'read' (siked.contracts.Strategy.read)"),
        ("strategy", "version = 3", "has version 3; it is a string"),
        ("trainer", "train = None", "has no method 'train' (siked.contracts.Trainer.train)"),
        ("backend", "generate = None", "has no method 'generate' (siked.contracts.Backend.generate)"),
        ("sandbox", "close = None", "has no method 'close'"),
        ("stopping", "Options = None", "has no dataclass 'Options'"),
    ],
)
def test_what_is_no_component_is_refused_before_anything_is_done(
    settings: dict[str, Any], install: Any, tmp_path: Path, kind: str, line: str, said: str
) -> None:
    base = {"backend": "ScriptedBackend", "trainer": "InstantTrainer"}.get(kind, "Base")
    install("acme-parts", code(kind, line, base=base))
    with pytest.raises(PluginError) as caught:
        siked.run(plan(settings, kind), tmp_path / "run")
    assert str(
        caught.value
    ) == f"{kind} 'mine' of acme-parts 1.0 cannot be used: acme_parts:Mine {said}" or said in str(
        caught.value
    )
    assert not (tmp_path / "run").exists()


def test_what_a_verifier_prints_is_none_of_the_rows(install: Any) -> None:
    body = (
        "def verify(self, p, a):\n        print('judging')\n"
        "        return [Verdict(status=Status.WRONG, answer=None, rule='r') for _ in a]"
    )
    install("acme-parts", "print('loaded')\nimport os; os.write(1, b'')\n" + code("verifier", body))
    done = CliRunner().invoke(
        cli, ["verify", "--verifier", "mine", "-"], input='{"id": 1, "text": "x", "gold": "1"}\n'
    )
    assert done.stdout == '{"id": 1, "correct": false, "answer": null, "rule": "r"}\n'
    assert "judging" in done.stderr

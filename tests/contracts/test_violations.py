"""The contract suites catch components that break their contracts, each with a line that says what is wrong.

One pytest runs the suites on a good component of each kind and on every bad one, as a plugin's author would.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

GOOD = '''
import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from siked.records import *
from siked.records import Continue, DevPoint, RollBack, Stop
from siked.testing.additions import Additions
from siked.testing.fakes import InstantTrainer, ScriptedBackend
from siked.testing.model_suites import BackendContract, TrainerContract
from siked.testing.suites import (
    DatasetContract, SandboxContract, ScheduleContract, StoppingContract, StrategyContract, VerifierContract,
)


class Base:
    name, version = "mine", "1"

    @dataclass(frozen=True)
    class Options: ...

    def __init__(self, options): ...


class Strategy(Base):
    tag = "[mine]"

    def teacher_messages(self, problem): return [Message("user", "Think. " + problem.question)]

    def read(self, text): return Answer(text) if text.strip() else Malformed("empty")


class Verifier(Base):
    def verify(self, problem, answers): return [self.one(problem, answer) for answer in answers]

    def one(self, problem, answer):
        found = answer.text.split()[-1] if answer.text.split() else None
        if problem.gold is None:
            return Verdict(status=Status.UNVERIFIED, answer=found, rule="no-gold")
        status = Status.CORRECT if found == problem.gold else Status.WRONG
        return Verdict(status=status, answer=found, rule="last-word")


class Schedule(Base):
    def mix(self, teacher, student, history, rng):
        for candidate in (*teacher, *student):
            yield Selected(candidate, "all")


class Stopping(Base):
    def decide(self, history, iterations):
        return Continue() if history[-1].iteration < iterations else Stop("all are done")


class Dataset(Additions):
    name, tests = "mine", ("mine",)


class Backend(ScriptedBackend):
    name = "mine"


class Trainer(InstantTrainer):
    name = "mine"


class Fake(Base):
    """No sandbox: it answers by heart, and runs nothing."""

    answers = {}

    def run(self, programs):
        for program in programs:
            yield self.one(program.code)

    def close(self): ...


class Plain(Base):
    """No sandbox: the program runs in a Python with all rights."""

    def run(self, programs):
        for program in programs:
            yield self.one(program.code)

    def one(self, code):
        code = code.replace("```python", "").replace("```", "")
        told = "\\nprint(repr(answer) if not isinstance(answer, str) else answer)"
        try:
            command = [sys.executable, "-c", code + told]
            done = subprocess.run(command, capture_output=True, text=True, timeout=1)
        except subprocess.TimeoutExpired:
            return ProgramOutcome(status=ProgramStatus.TIMEOUT)
        if done.returncode:
            return ProgramOutcome(status=ProgramStatus.ERROR, detail=done.stderr[-200:])
        return ProgramOutcome(status=ProgramStatus.OK, answer=done.stdout.strip())

    def close(self): ...


class StrategySuite(StrategyContract):
    @pytest.fixture
    def strategy(self): return self.made(self.made.Options())

    @pytest.fixture
    def rationales(self): return ["3 * 12 = 36\\nFinal Answer: 36"]


class VerifierSuite(VerifierContract):
    @pytest.fixture
    def verifier(self): return self.made(self.made.Options())


class ScheduleSuite(ScheduleContract):
    @pytest.fixture
    def schedule(self): return self.made(self.made.Options())


class StoppingSuite(StoppingContract):
    @pytest.fixture
    def stopping(self): return self.made(self.made.Options())


class DatasetSuite(DatasetContract):
    @pytest.fixture
    def dataset(self): return self.made(self.made.Options())


class SandboxSuite(SandboxContract):
    @pytest.fixture
    def sandbox(self): return self.made(self.made.Options())


class BackendSuite(BackendContract):
    scores = True

    @pytest.fixture
    def backend(self): return self.made(self.made.Options())

    @pytest.fixture
    def model(self): return Model(name="scripted")


class TrainerSuite(TrainerContract):
    @pytest.fixture
    def trainer(self): return self.made(self.made.Options())

    @pytest.fixture
    def student(self): return Model(name="scripted")
'''
CASE = """
class Made{n}({base}):
{body}


class Test{n}({kind}Suite):
    made = Made{n}
"""
KINDS = ("Strategy", "Verifier", "Schedule", "Stopping", "Dataset", "Backend", "Trainer")

BAD: list[tuple[str, str, str]] = [
    # what a strategy reads, asks and is called
    ("Strategy", "name = ' '", "name is str ' '; it is a word"),
    ("Strategy", "name = None", "name is None; it is a word"),
    ("Strategy", "version = 1", "version is int 1; it is a string"),
    ("Strategy", "version = ''", "version is str ''; it is a string"),
    ("Strategy", "tag = '[cot]'", r"tag \[cot\] is that of strategy 'cot' of siked"),
    ("Strategy", "tag = 'mine:'", r"tag is str 'mine:'; it is \[word\]"),
    ("Strategy", "tag = 7", r"tag is int 7; it is \[word\]"),
    ("Strategy", "read = None", "there is no method 'read'"),
    ("Strategy", "def read(self, text): return text", "read returned a str|read returned str"),
    (
        "Strategy",
        "def read(self, text): return Answer(text.partition('Final')[0] + 'x')",
        "read lost the answer of",
    ),
    ("Strategy", "def read(self, text): return Answer('')", "read lost the answer of"),
    ("Strategy", "def read(self, text): return Malformed('No Good!')", "it is a short-slug"),
    (
        "Strategy",
        "def read(self, text): return Malformed('never')",
        "calls one of its own rationales malformed",
    ),
    (
        "Strategy",
        "def read(self, text): return Answer(text.split()[0])",
        "read raised IndexError: list index out",
    ),
    ("Strategy", "def read(self, text): return Answer(text + str(time.time_ns()))", "gives two readings"),
    (
        "Strategy",
        "def read(self, text): return Program(' ') if '=' in text else Answer(text)",
        "an empty program",
    ),
    ("Strategy", "def teacher_messages(self, p): return []", "teacher_messages returned no message"),
    (
        "Strategy",
        "def teacher_messages(self, p): return ['ask']",
        "teacher_messages returned str 'ask'; it is Message",
    ),
    (
        "Strategy",
        "def teacher_messages(self, p): return [Message('user', 'Solve it.')]",
        "does not have the question",
    ),
    (
        "Strategy",
        "def teacher_messages(self, p): return [Message('user', f'Begin with {self.tag}. {p.question}')]",
        r"the prompt has the tag \[mine\] in it",
    ),
    (
        "Strategy",
        "def teacher_messages(self, p): return [Message('user', f'{p.question} ({p.gold})')]",
        "the prompt has the gold answer in it",
    ),
    (
        "Strategy",
        "def teacher_messages(self, p): return [Message(r, p.question) for r in ('user', 'assistant')]",
        "the last turn is the assistant's; it is the user's",
    ),
    (
        "Strategy",
        "@dataclass\n    class Options:\n        ask: str = ''",
        "Options is not frozen",
    ),
    # a verifier's verdicts
    ("Verifier", "version = 1", "version is int 1; it is a string"),
    ("Verifier", "version = None", "version is None; it is a string"),
    (
        "Verifier",
        "def verify(self, p, a): return [self.one(p, x) for x in a][::-1]",
        "correct, in this order",
    ),
    (
        "Verifier",
        "def verify(self, p, a): return [self.one(p, x) for x in a][:1]",
        "it is a verdict for each answer",
    ),
    ("Verifier", "def verify(self, p, a): return [True for _ in a]", "verify returned True; it is Verdict"),
    (
        "Verifier",
        "def one(self, p, x): return replace(super().one(p, x), status='wrong')",
        "status is str 'wrong'",
    ),
    ("Verifier", "def one(self, p, x): return replace(super().one(p, x), rule=x.text)", "Verdict.rule is"),
    ("Verifier", "def one(self, p, x): return replace(super().one(p, x), rule='')", "Verdict.rule is str ''"),
    (
        "Verifier",
        "def one(self, p, x): return replace(super().one(p, x), answer=5)",
        "Verdict.answer is int 5; it is str",
    ),
    (
        "Verifier",
        "def one(self, p, x): return super().one(replace(p, gold=p.gold or '36'), x)",
        "without a gold",
    ),
    (
        "Verifier",
        "def one(self, p, x): float(p.gold or 0); return super().one(p, x)",
        "verify raised ValueError",
    ),
    # a schedule's rows
    ("Schedule", "def mix(self, t, s, h, r): return iter(())", "iteration 0 has no rows"),
    (
        "Schedule",
        "def mix(self, t, s, h, r): return [Selected(c, 'x') for c in t] * 2",
        "rationale 0 is there twice",
    ),
    ("Schedule", "def mix(self, t, s, h, r): return list(t)", "mix returned a Candidate; it is Selected"),
    ("Schedule", "def mix(self, t, s, h, r): yield Selected(t[0], ' ')", "the reason of a row is str ' '"),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Selected(t[0], 'x', weight=-1.0)",
        "the weight of a row is -1.0",
    ),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Selected(replace(t[0], length=1), 'x')",
        "row 0 is no candidate it was given",
    ),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Selected(random.choice(t), 'x')",
        "it draws from random itself|two mix",
    ),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Selected(t[0], 'x'); yield Rejected(t[0], 'y')",
        "rationale 0 is chosen and left out",
    ),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Target('alpha', 2.0); yield Selected(t[0], 'x')",
        "it aims at alpha 2.0, which cannot be",
    ),
    (
        "Schedule",
        "def mix(self, t, s, h, r): yield Selected(s[0] if h.iteration else t[0], 'x')",
        "mix raised IndexErr",
    ),
    # a stopping rule's decisions
    (
        "Stopping",
        "def decide(self, h, i): return True",
        "decide returned True; it is Continue or Stop or RollBack",
    ),
    (
        "Stopping",
        "def decide(self, h, i): return Continue()",
        "after the last iteration there is nothing to continue",
    ),
    ("Stopping", "def decide(self, h, i): return Stop(' ')", "it ends the run without a reason"),
    (
        "Stopping",
        "def decide(self, h, i): return RollBack(9, 'back')",
        "it rolls back to 9 after iteration 0",
    ),
    ("Stopping", "def decide(self, h, i): return Stop(str(h[-2].score.value))", "decide raised IndexError"),
    # a data set's problems
    ("Dataset", "tests = ['mine']", "tests is list .*; it is a tuple of names"),
    ("Dataset", "def load(self, split): return ()", "no split has a problem"),
    (
        "Dataset",
        "def load(self, split):\n        for p in super().load('test'):\n"
        "            yield {'train': TrainProblem, 'dev': DevProblem, 'test': TestProblem}[split](id=p.id,\n"
        "                question=p.question, gold=p.gold, dataset=p.dataset)",
        "10 of 10 questions of test stand in train, word by word|of dev stand in train",
    ),
    (
        "Dataset",
        "def load(self, s): return [replace(p, dataset='other') for p in super().load(s)]",
        "it is the name, 'mine'",
    ),
    (
        "Dataset",
        "def load(self, s): return [replace(p, id='1') for p in super().load(s)]",
        "the id '1' is there twice",
    ),
    (
        "Dataset",
        "def load(self, s): return [replace(p, gold=1) for p in super().load(s)]",
        "gold is int 1; it is str",
    ),
    (
        "Dataset",
        "def load(self, s): return [replace(p, gold=' ') for p in super().load(s)]",
        "is blank; no gold is None",
    ),
    (
        "Dataset",
        "def load(self, s): return super().load('train')",
        "yielded a TrainProblem; it is DevProblem|TestProblem",
    ),
    (
        "Dataset",
        "def load(self, s): return random.sample(list(super().load(s)), len(list(super().load(s))))",
        "loaded twice gives other problems or another order",
    ),
    # a backend's texts
    ("Backend", "def open(self, m): return 'model'", "open returned str 'model'; it is ModelInfo"),
    (
        "Backend",
        "def open(self, m): return replace(super().open(m), fingerprint='x')",
        "two models have the fingerprint 'x'",
    ),
    (
        "Backend",
        "def open(self, m): return replace(super().open(m), fingerprint=str(time.time_ns()))",
        "the same model opened twice has two fingerprints",
    ),
    (
        "Backend",
        "def generate(self, rs): return super().generate([replace(r, seed=0, key=r.key[:4]) for r in rs])",
        "draw one text|end in no completion|ends twice",
    ),
    ("Backend", "def _text(self, r): return 'The answer is 4.'", "8 seeds at temperature 1 draw one text"),
    (
        "Backend",
        "def generate(self, rs): return list(super().generate(rs))",
        "generate returns list|generate returns a list",
    ),
    (
        "Backend",
        "def generate(self, rs):\n        found = []\n        for one in super().generate(rs):\n"
        "            time.sleep(0.004)\n            found.append(one)\n        yield from found",
        "all completions come together at the end",
    ),
    (
        "Backend",
        "def _text(self, r): return f'{r.prefix} ' + super()._text(r)",
        r"starts with the prefix again: '\[cot\] ",
    ),
    (
        "Backend",
        "def generate(self, rs): yield from list(super().generate(rs))[2:]",
        "requests end in no completion",
    ),
    (
        "Backend",
        "def generate(self, rs): return super().generate([replace(r, done=False) for r in rs])",
        "is delivered",
    ),
    (
        "Backend",
        "def score(self, rs, cs): return ([1.0 for _ in c] for c in cs)",
        "do not fall with length|above 0",
    ),
    (
        "Backend",
        "def generate(self, rs): return (replace(c, outcome='ok') if hasattr(c, 'outcome') else c"
        " for c in super().generate(rs))",
        "Completion.outcome is str 'ok'; it is Outcome",
    ),
    # a trainer's students
    (
        "Trainer",
        "def train(self, *a): return 'done'",
        "train returned str 'done'; it is Trained|asked for 3 steps|attribute",
    ),
    (
        "Trainer",
        "def train(self, s, r, t, out, p): return super().train(s, r, replace(t, max_steps=None), out, p)",
        "asked for 3 steps it does 1",
    ),
    (
        "Trainer",
        "def train(self, s, r, t, out, p): return super().train(s, r, t, out, lambda *a: None)",
        "never told",
    ),
    (
        "Trainer",
        "def train(self, s, r, t, o, p): return super().train(replace(s, weights=None), [], t, o, p)",
        "0 rows trained on and 0 dropped, of 8|has the weights of the first time",
    ),
    (
        "Trainer",
        "def train(self, s, r, t, o, p): return super().train(s, [replace(x, weight=1) for x in r], t, o, p)",
        "the weights of rows change nothing",
    ),
    ("Trainer", "rejected = -1", "rejected is int -1; it is how many wrong texts a row brings"),
    # what is no sandbox
    (
        "Fake",
        "def one(self, code): return ProgramOutcome(status=ProgramStatus.OK, answer='1')",
        "give 1, 1, 1",
    ),
    ("Fake", "def run(self, programs): return []", "0 outcomes for 20 programs; it is one each, in order"),
    ("Fake", "def run(self, programs): raise OSError('no disk')", "run raised OSError: no disk"),
    ("Plain", "pass", "a program read the password file, which names this user"),
    ("Plain", "leaks = 1", r"file read \+: read a file:"),
    ("Plain", "writes = 1", "a program wrote a file outside"),
    (
        "Plain",
        "def one(self, code):\n        if 'passwd' in code or 'secret' in code:\n"
        "            return ProgramOutcome(status=ProgramStatus.DENIED)\n        return super().one(code)",
        r"file write \+: changed a file:",
    ),
    (
        "Plain",
        "def one(self, code):\n        if 'socket' not in code and ('/' in code or 'open' in code):\n"
        "            return ProgramOutcome(status=ProgramStatus.DENIED)\n        return super().one(code)",
        r"network \+?: reached a socket outside|network \+: reached a socket outside",
    ),
]


def suite(kind: str) -> str:
    return "Sandbox" if kind in ("Fake", "Plain") else kind


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What failed, by the class of the test."""
    folder = tmp_path_factory.mktemp("violations")
    cases = [CASE.format(n=f"Good{kind}", base=kind, kind=kind, body="    pass") for kind in KINDS]
    cases += [
        CASE.format(n=n, base=kind, kind=suite(kind), body=f"    {body}")
        for n, (kind, body, _) in enumerate(BAD)
    ]
    (folder / "test_bad.py").write_text(GOOD + "".join(cases), encoding="utf-8")
    env = {**os.environ, "PYTEST_ADDOPTS": "", "SIKED_PLUGINS": ""}
    options = ["-q", "-p", "no:cacheprovider", "--tb=line", "--junitxml=found.xml", "-W", "ignore"]
    command = [sys.executable, "-m", "pytest", *options, "test_bad.py", "-k", _wanted()]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    found: dict[str, list[str]] = {}
    for case in ElementTree.parse(folder / "found.xml").iter("testcase"):
        texts = found.setdefault(case.get("classname", "").rpartition(".")[2], [])
        texts += [part.get("message", "") for part in case if part.tag in ("failure", "error")]
    assert found, done.stdout[-3000:] + done.stderr[-3000:]
    return found


def _wanted() -> str:
    """Of the suite of sandboxes, the programs that only calculate and that wait for a timeout are left out:
    they say nothing of these, and take long."""
    return "not (runs_what_only_calculates or says_how)"


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_component_passes(said: dict[str, list[str]], kind: str) -> None:
    assert said[f"TestGood{kind}"] == []


@pytest.mark.parametrize(("n", "expected"), [(n, text) for n, (_, _, text) in enumerate(BAD)])
def test_a_violation_is_caught_and_told(said: dict[str, list[str]], n: int, expected: str) -> None:
    found = said[f"Test{n}"]
    assert found, BAD[n]
    assert any(re.search(expected, text) for text in found), (BAD[n], found)


def test_there_are_enough_violations() -> None:
    assert len(BAD) >= 60

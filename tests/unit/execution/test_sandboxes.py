"""What all three sandboxes do: right answers, in order, within limits, leaving nothing."""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from siked.errors import ConfigError
from siked.execution.auto import Auto, AutoOptions
from siked.execution.confined import Confined, ConfinedOptions
from siked.execution.lanes import Feed
from siked.execution.monty import MontyOptions, MontySandbox
from siked.records import Program, ProgramOutcome, ProgramStatus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the confined sandbox needs Linux")
LEGITIMATE = Path(__file__).with_name("legitimate.txt")
LIMITS: dict[str, Any] = {"cpu": 1.0, "memory": 256, "workers": 2}


def legitimate() -> list[tuple[str, str]]:
    blocks = LEGITIMATE.read_text().split("\n=== ")[1:]
    return [(block.partition("\n")[0], block.partition("\n")[2]) for block in blocks]


def make(name: str, **limits: Any) -> Any:
    given = {**LIMITS, **limits}
    if name == "auto":
        return Auto(AutoOptions(**given))
    return Confined(ConfinedOptions(**given)) if name == "confined" else MontySandbox(MontyOptions(**given))


@pytest.fixture(scope="module")
def sandboxes() -> Iterator[dict[str, Any]]:
    made = {name: make(name) for name in ("auto", "confined", "monty")}
    yield made
    for sandbox in made.values():
        sandbox.close()


@pytest.fixture(params=["auto", "confined", "monty"])
def sandbox(request: pytest.FixtureRequest, sandboxes: dict[str, Any]) -> Any:
    return sandboxes[request.param]


def run(sandbox: Any, *codes: str) -> list[ProgramOutcome]:
    return list(sandbox.run(Program(code) for code in codes))


def test_legitimate_programs_have_their_answers_on_both_paths(sandboxes: dict[str, Any]) -> None:
    programs = legitimate()
    assert len(programs) >= 150
    codes = [code for _, code in programs]
    found = {name: run(sandbox, *codes) for name, sandbox in sandboxes.items()}
    for (answer, code), auto, confined, monty in zip(
        programs, found["auto"], found["confined"], found["monty"], strict=True
    ):
        assert (auto.status, auto.answer) == ("ok", answer), (code, auto)
        assert (confined.status, confined.answer) == ("ok", answer), (code, confined)
        assert monty.status in ("ok", "denied"), (code, monty)
        if auto.sandbox == "monty":
            assert monty.answer == answer
    ran = [outcome.sandbox for outcome in found["auto"]]
    assert ran.count("monty") > 100
    assert ran.count("confined") > 40


def test_outcomes_come_in_order(sandbox: Any) -> None:
    codes = [f"for i in range({40_000 if n % 7 == 0 else 1}):\n    pass\nanswer = {n}" for n in range(200)]
    assert [outcome.answer for outcome in run(sandbox, *codes)] == [str(n) for n in range(200)]


def test_no_program_no_outcome(sandbox: Any) -> None:
    assert run(sandbox) == []


def test_an_outcome_does_not_wait_for_the_next_program(sandbox: Any) -> None:
    lines: queue.Queue[str | None] = queue.Queue()

    def source() -> Iterator[Program]:
        while (line := lines.get()) is not None:
            yield Program(line)

    outcomes = sandbox.run(Feed(source()))
    for n in range(5):
        lines.put(f"answer = {n}")
        assert next(outcomes).answer == str(n)
    lines.put(None)
    assert list(outcomes) == []


def test_a_source_that_fails_is_heard_after_what_it_gave(sandbox: Any) -> None:
    def source() -> Iterator[Program]:
        yield Program("answer = 1")
        yield Program("answer = 2")
        raise LookupError("line 3")

    for programs in (source(), Feed(source())):
        seen = []
        with pytest.raises(LookupError, match="line 3"):
            seen += [seen.append(outcome.answer) for outcome in sandbox.run(programs)]
        assert seen == ["1", "2"]


def test_few_programs_are_taken_ahead(sandbox: Any) -> None:
    taken = 0

    def source() -> Iterator[Program]:
        nonlocal taken
        for n in range(2000):
            taken += 1
            yield Program(f"answer = {n}")

    outcomes = sandbox.run(source())
    next(outcomes)
    time.sleep(0.05)
    assert taken <= 80
    outcomes.close()
    assert run(sandbox, "answer = 5")[0].answer == "5"


def test_two_runs_at_a_time(sandbox: Any) -> None:
    found: dict[int, list[str | None]] = {}

    def work(start: int) -> None:
        found[start] = [o.answer for o in run(sandbox, *[f"answer = {start + n}" for n in range(50)])]

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 1000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {start: [str(start + n) for n in range(50)] for start in (0, 1000)}


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("while True:\n    pass", ProgramStatus.TIMEOUT),
        ("x = []\nwhile True:\n    x.append('x' * 100000)", ProgramStatus.MEMORY),
        ("x = [0] * 10 ** 10", ProgramStatus.MEMORY),
        ("answer = 1 / 0", ProgramStatus.ERROR),
        ("answer = undefined", ProgramStatus.ERROR),
        ("answer = (", ProgramStatus.ERROR),
        ("def f():\n    return f()\nf()", ProgramStatus.ERROR),
        ("answer = 'x' * 2000", ProgramStatus.ERROR),
        ("while True:\n    print('x' * 1000)", ProgramStatus.ERROR),
        ("answer = open('/etc/passwd').read()", ProgramStatus.DENIED),
        ("answer = float('nan')", ProgramStatus.NO_ANSWER),
        ("answer = 1e308 * 10", ProgramStatus.NO_ANSWER),
        ("print('inf')", ProgramStatus.NO_ANSWER),
        ("x = 5", ProgramStatus.NO_ANSWER),
        ("", ProgramStatus.NO_ANSWER),
        ("def solution(x):\n    return x", ProgramStatus.NO_ANSWER),
    ],
)
def test_statuses(sandbox: Any, code: str, status: ProgramStatus) -> None:
    (outcome,) = run(sandbox, code)
    assert outcome.status is status, outcome
    assert outcome.answer is None
    assert outcome.detail
    assert outcome.seconds < 1.6


def test_the_line_of_an_error_is_told(sandbox: Any) -> None:
    (outcome,) = run(sandbox, "x = sqrt(4)\ny = 2\nanswer = y / 0")
    assert outcome.detail == "ZeroDivisionError: division by zero (line 3)"


def test_the_rungs_of_the_answer(sandbox: Any) -> None:
    codes = {
        "answer = 1\nans = 2": "1",
        "answer = None\nans = 2": "2",
        "def solution():\n    return 3\ndef solver():\n    return 4\nprint(5)": "3",
        "def solver():\n    return 4\nprint(5)": "4",
        "def solve():\n    return 6": "6",
        "def solution():\n    print(7)": "7",
        "print('first')\nprint('  last ')\nprint()": "last",
        "solution = 5\nprint(8)": "8",
        "def answer():\n    return 1\nprint(9)": "9",
    }
    assert [outcome.answer for outcome in run(sandbox, *codes)] == list(codes.values())


@pytest.mark.parametrize("name", ["auto", "confined"])
def test_what_goes_to_standard_error_is_no_answer(name: str, sandboxes: dict[str, Any]) -> None:
    codes = [
        "import sys\nprint(3)\nprint('note', file=sys.stderr)",
        "print(4)\nx = '\\d'",
        "print(5)\nexit()",
    ]
    assert [outcome.answer for outcome in run(sandboxes[name], *codes)] == ["3", "4", "5"]


def test_closing_does_not_wait_for_programs() -> None:
    for name in ("auto", "confined", "monty"):
        sandbox = make(name, cpu=60.0)
        outcomes = sandbox.run(Program(code) for code in ["answer = 1"] + ["while True: pass"] * 40)
        assert next(outcomes).answer == "1"
        started = time.monotonic()
        sandbox.close()
        assert time.monotonic() - started < 10


def test_nothing_of_one_program_reaches_the_next(sandbox: Any) -> None:
    outcomes = run(sandbox, "leaked = 1\nsum = print\nanswer = 1", "answer = sum([1, 2])", "answer = leaked")
    assert [o.answer for o in outcomes] == ["1", "3", None]


@pytest.mark.parametrize("name", ["auto", "confined"])
def test_what_chance_decides_is_the_same_in_every_run(name: str) -> None:
    codes = [
        "import random\nanswer = random.random()",
        "answer = list({'a', 'b', 'c', 'd'})",
        "answer = hash('a')",
    ]
    seen = []
    for _ in range(2):
        fresh = make(name)
        seen.append([outcome.answer for outcome in run(fresh, *codes)])
        fresh.close()
    assert seen[0] == seen[1]


def test_closing_twice_and_using_it_again() -> None:
    for name in ("auto", "confined", "monty"):
        sandbox = make(name)
        assert run(sandbox, "answer = 1")[0].answer == "1"
        sandbox.close()
        sandbox.close()
        assert run(sandbox, "answer = 2")[0].answer == "2"
        sandbox.close()


def test_a_program_that_failed_on_its_own_account_is_not_run_again(sandboxes: dict[str, Any]) -> None:
    codes = [
        "answer = 1 / 0",
        "raise NotImplementedError('mine')",
        "answer = undefined",
        "answer = 'a'.foo()",
    ]
    assert {outcome.sandbox for outcome in run(sandboxes["auto"], *codes)} == {"monty"}


def test_a_gap_of_monty_that_shows_only_when_it_runs_goes_to_cpython(sandboxes: dict[str, Any]) -> None:
    codes = [
        "best = max({'a': 1, 'b': 2}, key={'a': 1, 'b': 2}.get)\nanswer = best",
        "answer = (5).__class__",
    ]
    first, second = run(sandboxes["auto"], *codes)
    assert (first.status, first.answer, first.sandbox) == ("ok", "b", "confined")
    assert second.sandbox == "confined"


@pytest.mark.parametrize("limits", [{"cpu": 0.0}, {"cpu": float("nan")}, {"memory": 1}, {"workers": -1}])
@pytest.mark.parametrize("name", ["auto", "confined", "monty"])
def test_limits_under_which_nothing_runs_are_refused(name: str, limits: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        make(name, **limits)


@pytest.mark.skipif("SIKED_DATA" not in os.environ, reason="SIKED_DATA names no folder with real programs")
def test_real_programs_have_one_answer_on_both_paths(sandboxes: dict[str, Any]) -> None:
    import json

    codes = []
    for path in sorted(Path(os.environ["SIKED_DATA"], "teacher", "program-of-thoughts").glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        codes += [row["generated"] for row in rows if row.get("generated")]
    codes = [code[0] if isinstance(code, list) else code for code in codes][::5]
    assert len(codes) > 300
    auto, confined = run(sandboxes["auto"], *codes), run(sandboxes["confined"], *codes)
    assert [(o.status, o.answer) for o in auto] == [(o.status, o.answer) for o in confined]
    assert sum(outcome.status is ProgramStatus.OK for outcome in auto) > 0.98 * len(codes)

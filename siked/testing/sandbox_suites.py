"""Contract suite of sandboxes: what they answer, and that no program has an effect outside."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from siked.contracts import Sandbox
from siked.records import Program, ProgramOutcome, ProgramStatus
from siked.shapes import described
from siked.testing.attacks import LEGITIMATE, SECRET, Scene, attacks
from siked.testing.rules import must, must_be, must_be_component, must_work_by_default

REACHING_OUT = ("file read", "file write", "network")
"""Classes of attacks that the suite runs; the classes of ``attacks.txt`` are more."""


class SandboxContract:
    """For a :class:`siked.contracts.Sandbox`; give the fixture ``sandbox`` (closed by the suite)."""

    @pytest.fixture
    def opened(self, sandbox: Sandbox) -> Iterator[Sandbox]:
        yield sandbox
        sandbox.close()

    def test_is_a_sandbox(self, opened: Sandbox) -> None:
        must_be_component(opened, "Sandbox", ("run", "close"))

    def test_works_with_default_options(self, opened: Sandbox) -> None:
        must_work_by_default(opened)

    def test_one_outcome_a_program_in_order(self, opened: Sandbox) -> None:
        outcomes = _ran(opened, *(f"answer = {n} * 2" for n in range(20)))
        answers = [outcome.answer for outcome in outcomes]
        said = f"20 programs with the answers 0, 2, ... 38 give {', '.join(map(str, answers))}"
        must(answers == [str(n * 2) for n in range(20)], said, "Sandbox.run")
        must(_ran(opened) == [], "no program gives an outcome", "Sandbox.run")

    @pytest.mark.parametrize(("code", "answer"), LEGITIMATE, ids=range(len(LEGITIMATE)))
    def test_runs_what_only_calculates(self, opened: Sandbox, code: str, answer: str) -> None:
        (outcome,) = _ran(opened, code)
        said = f"{code!r} ends {outcome.status} with {described(outcome.answer)}; its answer is {answer}"
        must(outcome.status == ProgramStatus.OK and outcome.answer == answer, said, "Sandbox.run")

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("answer = 2 + 3", ProgramStatus.OK),
            ("answer = 1 / 0", ProgramStatus.ERROR),
            ("answer = (", ProgramStatus.ERROR),
            ("x = 5", ProgramStatus.NO_ANSWER),
            ("answer = float('nan')", ProgramStatus.NO_ANSWER),
            ("while True: pass", ProgramStatus.TIMEOUT),
        ],
    )
    def test_says_how_a_program_ended(self, opened: Sandbox, code: str, status: ProgramStatus) -> None:
        (outcome,) = _ran(opened, code)
        said = f"{code!r} ends {outcome.status} ({outcome.detail[:80]}); it is {status}"
        must(outcome.status == status, said, "Sandbox.run")
        only = "an answer comes with 'ok' and only with it"
        must((outcome.answer is not None) == (status == ProgramStatus.OK), only, "Sandbox.run")

    def test_a_bad_program_costs_the_next_nothing(self, opened: Sandbox) -> None:
        bad = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
        first, second = _ran(opened, bad, "answer = 5")
        must(first.status != ProgramStatus.OK, "a program that kills its process ends ok", "Sandbox.run")
        must(second.answer == "5", f"the program after it ends {second.status}", "Sandbox.run")

    def test_programs_share_nothing(self, opened: Sandbox) -> None:
        _, second = _ran(opened, "answer = 1\nleft = 7", "answer = left")
        said = f"a name that the program before has set is there: {described(second.answer)}"
        must(second.status == ProgramStatus.ERROR, said, "Sandbox.run")

    def test_writes_no_file(self, opened: Sandbox, tmp_path: Path) -> None:
        target = tmp_path / "written"
        (outcome,) = _ran(opened, f"open({str(target)!r}, 'w').write('x')\nanswer = 1")
        must(not target.exists(), "a program wrote a file outside", "Sandbox.run")
        must(
            outcome.status != ProgramStatus.OK, "a program that opens a file to write ends ok", "Sandbox.run"
        )

    def test_reads_no_password_file(self, opened: Sandbox) -> None:
        name = pwd.getpwuid(os.getuid()).pw_name
        (outcome,) = _ran(opened, "answer = open('/etc/passwd').read()[:500]")
        said = "a program read the password file, which names this user"
        must(f"{name}:" not in f"{outcome.answer}{outcome.detail}", said, "Sandbox.run")

    def test_no_attack_has_an_effect(self, opened: Sandbox) -> None:
        scene = Scene()
        try:
            before = scene.snapshot()
            for kind, code in attacks():
                if kind.removesuffix(" +") not in REACHING_OUT:
                    continue
                (outcome,) = _ran(opened, scene.fill(code))
                must(
                    SECRET not in f"{outcome.answer}{outcome.detail}",
                    f"{kind}: read a file:\n{code}",
                    "Sandbox.run",
                )
                after = scene.snapshot()
                must(after == before, f"{kind}: changed a file:\n{code}", "Sandbox.run")
                must(not scene.heard, f"{kind}: reached a socket outside:\n{code}", "Sandbox.run")
        finally:
            scene.close()

    def test_answers_as_soon_as_its_turn_comes(self, opened: Sandbox) -> None:
        taken = 0

        def programs() -> Iterator[Program]:
            nonlocal taken
            for n in range(10_000):
                taken += 1
                yield Program(f"answer = {n}")

        outcomes = iter(opened.run(programs()))
        first = [next(outcomes).answer for _ in range(3)]
        must(first == ["0", "1", "2"], f"the first three answers are {first}", "Sandbox.run")
        said = f"it took {taken} programs before it gave three outcomes; each comes as soon as its turn does"
        must(taken < 9_999, said, "Sandbox.run")

    def test_can_be_closed_twice(self, opened: Sandbox) -> None:
        opened.close()
        opened.close()


def _ran(sandbox: Sandbox, *codes: str) -> list[ProgramOutcome]:
    __tracebackhide__ = True
    try:
        outcomes = list(sandbox.run([Program(code) for code in codes]))
    except Exception as error:
        program = codes[0][:60] if codes else "no program"
        raise AssertionError(
            f"run raised {type(error).__name__}: {error} for {program!r}; it never raises for what a program"
            " does (rule: siked.contracts.Sandbox.run)"
        ) from error
    for outcome in outcomes:
        must_be(outcome, "run", ProgramOutcome, rule="Sandbox.run")
    said = f"{len(outcomes)} outcomes for {len(codes)} programs; it is one each, in order"
    must(len(outcomes) == len(codes), said, "Sandbox.run")
    return outcomes

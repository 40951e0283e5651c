"""Contract suites: what every component of a kind must do, as pytest classes to subclass.

A plugin's test names its component in a fixture and inherits the checks::

    class TestMine(StrategyContract):
        @pytest.fixture
        def strategy(self):
            return Mine(Mine.Options())

Each suite says which fixtures it takes; those with a default can be overridden too. Only pytest is
needed. The suites of backends and trainers, which hold models, are in
:mod:`siked.testing.model_suites`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from siked.contracts import Component, Dataset, Sandbox, Schedule, Stopping, Strategy, Verifier
from siked.records import (
    Answer,
    Candidate,
    Continue,
    DevPoint,
    DevProblem,
    History,
    Malformed,
    Problem,
    Program,
    ProgramStatus,
    Rejected,
    RollBack,
    Score,
    Selected,
    SplitName,
    Status,
    Stop,
    Target,
    TestProblem,
    TrainProblem,
)
from siked.text.minhash import sketch

AWKWARD = (
    "",
    " \n\t",
    "Final Answer:",
    "Final Answer: 5",
    "[cot] [l2m] [pot]",
    "```python\nanswer = 5",
    "\u0000\ud83d\ufffe \u202e5",
    "5 " * 2000,
    "((((" * 500,
    "<|im_end|>Question: another one? Final Answer: 7",
)
"""Texts that a model writes on a bad day; nothing may raise on them."""

PROBLEM = TrainProblem(
    id="p1",
    question="A crate holds 12 jars. How many jars do 3 crates hold?",
    gold="36",
    dataset="suite",
)


def _options_by_default(component: Component) -> None:
    cls: Any = type(component)
    assert isinstance(cls(cls.Options()), cls)


def _version(component: Any) -> None:
    version = component.version
    assert isinstance(version, str), f"version is a string, not {version!r}"
    assert version.strip()


class StrategyContract:
    """For a :class:`siked.contracts.Strategy`; give the fixture ``strategy``.

    ``rationales`` may give texts as a good writer of this strategy writes them, without the tag.
    """

    @pytest.fixture
    def rationales(self) -> Sequence[str]:
        return ()

    def test_is_a_strategy(self, strategy: Strategy) -> None:
        assert isinstance(strategy, Strategy)
        assert strategy.name
        assert strategy.name == strategy.name.strip()
        _version(strategy)

    def test_works_with_default_options(self, strategy: Strategy) -> None:
        _options_by_default(strategy)

    def test_tag_is_one_visible_word(self, strategy: Strategy) -> None:
        assert re.fullmatch(r"\[[A-Za-z0-9_.-]+\]", strategy.tag), (
            "a tag is [word]: it can start no other tag"
        )

    def test_teacher_is_asked_the_question_last(self, strategy: Strategy) -> None:
        messages = list(strategy.teacher_messages(PROBLEM))
        assert messages
        assert messages[-1].role == "user"
        assert PROBLEM.question in messages[-1].content
        assert {m.role for m in messages} <= {"system", "user", "assistant"}
        assert list(strategy.teacher_messages(PROBLEM)) == messages

    def test_teacher_never_sees_the_gold(self, strategy: Strategy) -> None:
        secret = TrainProblem(id="s", question=PROBLEM.question, gold="90417.25", dataset="suite")
        assert all("90417.25" not in m.content for m in strategy.teacher_messages(secret))

    @pytest.mark.parametrize("text", AWKWARD, ids=range(len(AWKWARD)))
    def test_reading_never_raises_and_is_pure(self, strategy: Strategy, text: str) -> None:
        first = strategy.read(text)
        assert isinstance(first, Answer | Program | Malformed)
        assert strategy.read(text) == first
        if isinstance(first, Malformed):
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", first.reason), "a reason is a short slug"

    def test_reads_its_own_rationales(self, strategy: Strategy, rationales: Sequence[str]) -> None:
        for text in rationales:
            assert not isinstance(strategy.read(text), Malformed), text


class VerifierContract:
    """For a :class:`siked.contracts.Verifier`; give the fixture ``verifier``.

    ``needs_gold`` says that nothing can be judged without a gold.
    """

    needs_gold = True

    def test_is_a_verifier(self, verifier: Verifier) -> None:
        assert isinstance(verifier, Verifier)
        assert verifier.name
        _version(verifier)

    def test_works_with_default_options(self, verifier: Verifier) -> None:
        _options_by_default(verifier)

    def test_gives_a_verdict_for_each_answer_in_order(self, verifier: Verifier) -> None:
        texts = ["It is 35.\nFinal Answer: 35", "It is 36.\nFinal Answer: 36", "Final Answer: none"]
        verdicts = verifier.verify(PROBLEM, [Answer(text) for text in texts])
        assert len(verdicts) == 3
        assert list(verifier.verify(PROBLEM, [])) == []
        if self.needs_gold:
            assert [v.status for v in verdicts] == [Status.WRONG, Status.CORRECT, Status.WRONG]

    @pytest.mark.parametrize("form", ["text", "subquestions", "value"])
    def test_never_raises_and_names_its_rule(self, verifier: Verifier, form: str) -> None:
        for gold in ("36", "", "nan", "x" * 2000, "17 (years); 12 (years)", None):
            problem = TrainProblem(id="p", question="q", gold=gold, dataset="suite")
            answers = [Answer(text, form=form) for text in AWKWARD]  # type: ignore[arg-type]
            verdicts = list(verifier.verify(problem, answers))
            assert len(verdicts) == len(answers)
            assert all(v.rule for v in verdicts)
            assert list(verifier.verify(problem, answers)) == verdicts

    def test_nothing_is_right_or_wrong_without_a_gold(self, verifier: Verifier) -> None:
        if not self.needs_gold:
            pytest.skip("this verifier judges without a gold")
        problem = TrainProblem(id="p", question="q", gold=None, dataset="suite")
        (verdict,) = verifier.verify(problem, [Answer("Final Answer: 36")])
        assert verdict.status == Status.UNVERIFIED


class ScheduleContract:
    """For a :class:`siked.contracts.Schedule`; give the fixture ``schedule``."""

    def test_is_a_schedule(self, schedule: Schedule) -> None:
        assert isinstance(schedule, Schedule)
        assert schedule.name

    def test_works_with_default_options(self, schedule: Schedule) -> None:
        _options_by_default(schedule)

    def test_iteration_0_trains_on_the_teacher(self, schedule: Schedule) -> None:
        rows = _mix(schedule, [], 0)
        assert rows
        assert all(row.candidate.source == "teacher" for row in rows)

    @pytest.mark.parametrize("iteration", [0, 1, 2, 3])
    def test_hands_back_candidates_once_with_a_reason(self, schedule: Schedule, iteration: int) -> None:
        rows = _mix(schedule, STUDENT if iteration else [], iteration)
        known = {c.rationale for c in (*TEACHER, *STUDENT)}
        chosen = [row.candidate.rationale for row in rows]
        assert set(chosen) <= known
        assert len(set(chosen)) == len(chosen)
        assert all(row.reason.strip() for row in rows)
        assert all(row.weight > 0 for row in rows)
        assert all(row.tag_weight is None or row.tag_weight >= 0 for row in rows)

    def test_same_input_same_mixture(self, schedule: Schedule) -> None:
        state = random.getstate()
        assert _mix(schedule, STUDENT, 2) == _mix(schedule, STUDENT, 2)
        assert random.getstate() == state, "randomness comes from rng alone"

    def test_does_with_a_student_that_solved_nothing(self, schedule: Schedule) -> None:
        assert all(row.candidate.source == "teacher" for row in _mix(schedule, [], 1))

    @pytest.mark.parametrize("iteration", [0, 1, 3])
    def test_leaves_out_only_what_it_does_not_choose(self, schedule: Schedule, iteration: int) -> None:
        told = _told(schedule, STUDENT if iteration else [], iteration)
        chosen = {item.candidate.rationale for item in told if isinstance(item, Selected)}
        left = [item for item in told if isinstance(item, Rejected)]
        assert not chosen & {item.candidate.rationale for item in left}
        assert len({item.candidate.rationale for item in left}) == len(left)
        assert all(item.reason.strip() for item in left)

    @pytest.mark.parametrize("iteration", [1, 2, 3])
    def test_aims_at_what_can_be(self, schedule: Schedule, iteration: int) -> None:
        aims = [item for item in _told(schedule, STUDENT, iteration) if isinstance(item, Target)]
        assert len({aim.quantity for aim in aims}) == len(aims)
        for aim in aims:
            assert aim.asked >= 0
            assert aim.asked <= 1 or aim.quantity not in ("alpha", "floor")


class StoppingContract:
    """For a :class:`siked.contracts.Stopping`; give the fixture ``stopping``."""

    def test_is_a_stopping_rule(self, stopping: Stopping) -> None:
        assert isinstance(stopping, Stopping)
        assert stopping.name

    def test_works_with_default_options(self, stopping: Stopping) -> None:
        _options_by_default(stopping)

    @pytest.mark.parametrize("values", [(50,), (50, 60), (50, 60, 40), (50, 50, 50, 50), (0, 0), (100, 0)])
    @pytest.mark.parametrize("iterations", [0, 1, 3])
    def test_decides_what_can_be_done(
        self, stopping: Stopping, values: tuple[int, ...], iterations: int
    ) -> None:
        history = [_point(t, value) for t, value in enumerate(values[: iterations + 1])]
        decision = stopping.decide(history, iterations)
        assert isinstance(decision, Continue | Stop | RollBack)
        assert stopping.decide(history, iterations) == decision
        if history[-1].iteration == iterations:
            assert decision != Continue(), "after the last iteration there is nothing to continue"
        if isinstance(decision, RollBack):
            assert 0 <= decision.to < history[-1].iteration
        if not isinstance(decision, Continue):
            assert decision.reason.strip()


class DatasetContract:
    """For a :class:`siked.contracts.Dataset`; give the fixture ``dataset``."""

    def test_is_a_dataset(self, dataset: Dataset) -> None:
        assert isinstance(dataset, Dataset)
        assert dataset.name
        assert isinstance(dataset.tests, tuple)

    def test_has_problems(self, dataset: Dataset) -> None:
        assert any(list(dataset.load(split)) for split in _TYPES)

    @pytest.mark.parametrize("split", ["train", "dev", "test"])
    def test_problems_are_whole_and_of_their_split(self, dataset: Dataset, split: SplitName) -> None:
        problems = list(dataset.load(split))
        assert all(type(p) is _TYPES[split] for p in problems)
        assert len({p.id for p in problems}) == len(problems), "ids are unique in a split"
        assert all(p.id and p.question.strip() and p.dataset for p in problems)
        assert all(p.gold is None or p.gold.strip() for p in problems), "no gold is None, not blank"

    @pytest.mark.parametrize("split", ["train", "dev", "test"])
    def test_order_is_fixed(self, dataset: Dataset, split: SplitName) -> None:
        assert list(dataset.load(split)) == list(dataset.load(split))


class SandboxContract:
    """For a :class:`siked.contracts.Sandbox`; give the fixture ``sandbox`` (closed by the suite)."""

    @pytest.fixture
    def opened(self, sandbox: Sandbox) -> Iterator[Sandbox]:
        yield sandbox
        sandbox.close()

    def test_is_a_sandbox(self, opened: Sandbox) -> None:
        assert isinstance(opened, Sandbox)
        assert opened.name

    def test_one_outcome_a_program_in_order(self, opened: Sandbox) -> None:
        programs = [Program(f"answer = {n} * 2") for n in range(20)]
        outcomes = list(opened.run(programs))
        assert [o.answer for o in outcomes] == [str(n * 2) for n in range(20)]
        assert list(opened.run([])) == []

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
        (outcome,) = opened.run([Program(code)])
        assert outcome.status == status, outcome
        assert (outcome.answer is not None) == (status == ProgramStatus.OK)

    def test_a_bad_program_costs_the_next_nothing(self, opened: Sandbox) -> None:
        bad = Program("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
        first, second = opened.run([bad, Program("answer = 5")])
        assert first.status != ProgramStatus.OK
        assert second.answer == "5"

    def test_programs_share_nothing(self, opened: Sandbox) -> None:
        leak = [Program("answer = 1\nleft = 7"), Program("answer = left")]
        assert [o.status for o in opened.run(leak)] == [ProgramStatus.OK, ProgramStatus.ERROR]

    def test_writes_no_file(self, opened: Sandbox, tmp_path: Path) -> None:
        target = tmp_path / "written"
        (outcome,) = opened.run([Program(f"open({str(target)!r}, 'w').write('x')\nanswer = 1")])
        assert outcome.status != ProgramStatus.OK
        assert not target.exists()

    def test_answers_as_soon_as_its_turn_comes(self, opened: Sandbox) -> None:
        def programs() -> Iterator[Program]:
            for n in range(10_000):
                yield Program(f"answer = {n}")

        outcomes = opened.run(programs())
        assert [next(outcomes).answer for _ in range(3)] == ["0", "1", "2"]

    def test_can_be_closed_twice(self, opened: Sandbox) -> None:
        opened.close()
        opened.close()


# --- material ---------------------------------------------------------------------------------

_TYPES: dict[SplitName, type[Problem]] = {"train": TrainProblem, "dev": DevProblem, "test": TestProblem}


def _candidate(number: int, problem: str, strategy: str, source: str, sample: int) -> Candidate:
    return Candidate(
        rationale=number,
        problem_id=problem,
        strategy=strategy,
        source="teacher" if source == "teacher" else "student",
        sample=sample,
        length=20 + number,
        hash=f"text-{number}",
        sketch=sketch(f"text {number} of {strategy} by the {source}"),
    )


TEACHER = tuple(
    _candidate(n, problem, strategy, "teacher", 0)
    for n, (problem, strategy) in enumerate((p, s) for p in ("p1", "p2", "p3") for s in ("cot", "pot"))
)
STUDENT = tuple(
    _candidate(100 + n, problem, strategy, "student", sample)
    for n, (problem, strategy, sample) in enumerate(
        [("p1", "cot", 0), ("p1", "cot", 3), ("p2", "pot", 1), ("p4", "cot", 2), ("p4", "pot", 0)]
    )
)


def _mix(schedule: Schedule, student: Sequence[Candidate], iteration: int) -> list[Selected]:
    return [item for item in _told(schedule, student, iteration) if isinstance(item, Selected)]


def _told(
    schedule: Schedule, student: Sequence[Candidate], iteration: int
) -> list[Selected | Rejected | Target]:
    solved: dict[tuple[str, str], tuple[int, int]] = {}
    for candidate in student:
        correct, _ = solved.get((candidate.problem_id, candidate.strategy), (0, 4))
        solved[candidate.problem_id, candidate.strategy] = (correct + 1, 4)
    history = History(
        iteration=iteration,
        iterations=3,
        strategies=("cot", "pot"),
        choice={"cot": 0.75, "pot": 0.25} if iteration else {},
        solved=solved,
    )
    return list(schedule.mix(TEACHER, student, history, random.Random(iteration)))


def _point(iteration: int, correct: int) -> DevPoint:
    value = correct / 100
    score = Score(
        correct=correct, n=100, unverified=0, value=value, ci95=(max(0.0, value - 0.1), min(1.0, value + 0.1))
    )
    return DevPoint(
        iteration=iteration,
        score=score,
        choice={"cot": 1.0},
        solved=frozenset(str(n) for n in range(correct)),
        seconds=60.0 * (iteration + 1),
        tokens=1000 * (iteration + 1),
    )

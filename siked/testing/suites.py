"""Contract suites: what every component of a kind must do, as pytest classes to subclass.

A plugin's test names its component in a fixture and inherits the checks::

    class TestMine(StrategyContract):
        @pytest.fixture
        def strategy(self):
            return Mine(Mine.Options())

Each suite says which fixtures it takes; those with a default can be overridden too. A check that fails
says in one line what is wrong and where the rule stands. Only pytest is needed. The suite of sandboxes is
in :mod:`siked.testing.sandbox_suites`, those of backends and trainers, which hold models, in
:mod:`siked.testing.model_suites`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

import pytest

from siked.answers import extract
from siked.border import LONGEST_RULE, SPLITS
from siked.contracts import Dataset, Schedule, Stopping, Strategy, Verifier
from siked.records import (
    Answer,
    Candidate,
    Continue,
    DevPoint,
    History,
    Malformed,
    Message,
    Problem,
    Program,
    Rejected,
    RollBack,
    Score,
    Selected,
    SplitName,
    Status,
    Stop,
    Target,
    TrainProblem,
    Verdict,
)
from siked.shapes import described, wrong
from siked.testing.rules import (
    asked,
    must,
    must_be,
    must_be_component,
    must_have_version,
    must_work_by_default,
)
from siked.testing.sandbox_suites import SandboxContract
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
PROSE = (
    "12 jars times 3 crates make 36 jars.\nFinal Answer: 36",
    "There are 7 birds and 6 leave, so 1 is left.\nThe answer is 1.",
)
"""Rationales in which the answer stands at the end."""


def installed_tags(but: type) -> dict[str, str]:
    """Return the tag of every installed strategy of another class, with what offers it."""
    from siked.errors import SikedError
    from siked.registry import load_registry

    found: dict[str, str] = {}
    for offer in load_registry().offers:
        if offer.kind != "strategy":
            continue
        try:
            made = offer.made({})
        except SikedError:
            continue
        if (type(made).__module__, type(made).__qualname__) != (but.__module__, but.__qualname__):
            found.setdefault(made.tag, str(offer))
    return found


class StrategyContract:
    """For a :class:`siked.contracts.Strategy`; give the fixture ``strategy``.

    ``rationales`` may give texts as a good writer of this strategy writes them, without the tag.
    """

    @pytest.fixture
    def rationales(self) -> Sequence[str]:
        return ()

    def test_is_a_strategy(self, strategy: Strategy) -> None:
        must_be_component(strategy, "Strategy", ("teacher_messages", "read"))
        must_have_version(strategy, "Strategy", needed=True)

    def test_works_with_default_options(self, strategy: Strategy) -> None:
        must_work_by_default(strategy)

    def test_tag_is_one_visible_word(self, strategy: Strategy) -> None:
        tag = getattr(strategy, "tag", None)
        good = isinstance(tag, str) and re.fullmatch(r"\[[A-Za-z0-9_.-]+\]", tag)
        must(good, f"tag is {described(tag)}; it is [word], so that it starts no other tag", "Strategy.tag")

    def test_tag_is_no_other_strategys(self, strategy: Strategy) -> None:
        owner = installed_tags(type(strategy)).get(strategy.tag)
        must(
            owner is None,
            f"tag {strategy.tag} is that of {owner}; a student could not tell the two",
            "Strategy.tag",
        )

    def test_teacher_is_asked_the_question_last(self, strategy: Strategy) -> None:
        rule = "Strategy.teacher_messages"
        messages = list(asked(strategy, "teacher_messages", PROBLEM, rule=rule))
        must(messages, "teacher_messages returned no message", rule)
        for message in messages:
            must_be(message, "teacher_messages", Message, rule=rule)
        must(
            messages[-1].role == "user", f"the last turn is the {messages[-1].role}'s; it is the user's", rule
        )
        must(
            PROBLEM.question in messages[-1].content,
            "the last turn does not have the question, word by word",
            rule,
        )
        must(list(strategy.teacher_messages(PROBLEM)) == messages, "asked twice, it gives two prompts", rule)

    def test_teacher_never_sees_the_gold(self, strategy: Strategy) -> None:
        secret = TrainProblem(id="s", question=PROBLEM.question, gold="90417.25", dataset="suite")
        seen = any("90417.25" in m.content for m in strategy.teacher_messages(secret))
        must(not seen, "the prompt has the gold answer in it", "Strategy.teacher_messages")

    def test_teacher_is_not_asked_for_the_tag(self, strategy: Strategy) -> None:
        seen = any(strategy.tag in m.content for m in strategy.teacher_messages(PROBLEM))
        said = f"the prompt has the tag {strategy.tag} in it; siked writes the tag, a teacher does not"
        must(not seen, said, "Strategy.teacher_messages")

    @pytest.mark.parametrize("text", AWKWARD, ids=range(len(AWKWARD)))
    def test_reading_never_raises_and_is_pure(self, strategy: Strategy, text: str) -> None:
        rule = "Strategy.read"
        first = asked(strategy, "read", text, rule=rule, on=repr(text[:40]))
        must_be(first, "read", Answer, Program, Malformed, rule=rule)
        must(strategy.read(text) == first, f"read twice, {text[:40]!r} gives two readings", rule)
        if isinstance(first, Malformed):
            slug = re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", first.reason) and len(first.reason) <= LONGEST_RULE
            must(slug, f"Malformed.reason is {described(first.reason)}; it is a short-slug", rule)

    def test_reading_keeps_the_answer(self, strategy: Strategy, rationales: Sequence[str]) -> None:
        for text in (*PROSE, *rationales):
            reading = strategy.read(text)
            if isinstance(reading, Answer):
                there, kept = extract(Answer(text, reading.form)).value, extract(reading).value
                said = (
                    f"read lost the answer of {text[-60:]!r}: it finds {there}, and {kept} in what was read"
                )
                must(there is None or kept == there, said, "Strategy.read")

    def test_reads_its_own_rationales(self, strategy: Strategy, rationales: Sequence[str]) -> None:
        for text in rationales:
            reading = asked(strategy, "read", text, rule="Strategy.read", on=repr(text[:40]))
            said = f"read calls one of its own rationales malformed: {described(reading)} for {text[:60]!r}"
            must(not isinstance(reading, Malformed), said, "Strategy.read")
            if isinstance(reading, Program):
                must(reading.code.strip(), f"read finds an empty program in {text[:60]!r}", "Strategy.read")


class VerifierContract:
    """For a :class:`siked.contracts.Verifier`; give the fixture ``verifier``.

    ``needs_gold`` says that nothing can be judged without a gold. ``problem``, ``right`` and ``wrong`` may
    give a problem with texts that answer it, for verifiers of other things than numbers.
    """

    needs_gold = True

    @pytest.fixture
    def problem(self) -> Problem:
        return PROBLEM

    @pytest.fixture
    def right(self) -> str:
        return "It is 36.\nFinal Answer: 36"

    @pytest.fixture
    def wrong(self) -> str:
        return "It is 35.\nFinal Answer: 35"

    def test_is_a_verifier(self, verifier: Verifier) -> None:
        must_be_component(verifier, "Verifier", ("verify",))
        must_have_version(verifier, "Verifier", needed=True)

    def test_works_with_default_options(self, verifier: Verifier) -> None:
        must_work_by_default(verifier)

    def test_gives_a_verdict_for_each_answer_in_order(
        self, verifier: Verifier, problem: Problem, right: str, wrong: str
    ) -> None:
        rule = "Verifier.verify"
        texts = [right, wrong, "Final Answer: none", "nothing", wrong]
        given = asked(verifier, "verify", problem, [Answer(text) for text in texts], rule=rule)
        verdicts = list(given) if isinstance(given, list | tuple) else []
        must(
            len(verdicts) == len(texts),
            f"verify returned {described(given)}; it is a verdict for each answer",
            rule,
        )
        for verdict in verdicts:
            must_be(verdict, "verify", Verdict, rule=rule)
        must(list(verifier.verify(problem, [])) == [], "no answers give verdicts", rule)
        if self.needs_gold:
            want = [Status.CORRECT, *[Status.WRONG] * (len(texts) - 1)]
            found = [verdict.status for verdict in verdicts]
            said = f"a right answer and four wrong ones are judged {', '.join(found)}, in this order"
            must(found == want, said, rule)

    @pytest.mark.parametrize("form", ["text", "subquestions", "value"])
    def test_never_raises_and_names_its_rule(self, verifier: Verifier, form: str) -> None:
        rule = "Verifier.verify"
        for gold in ("36", "", "nan", "x" * 2000, "17 (years); 12 (years)", None):
            problem = TrainProblem(id="p", question="q", gold=gold, dataset="suite")
            answers = [Answer(text, form=form) for text in AWKWARD]  # type: ignore[arg-type]
            verdicts = list(
                asked(verifier, "verify", problem, answers, rule=rule, on=f"the gold {gold and gold[:20]!r}")
            )
            must(len(verdicts) == len(answers), f"{len(verdicts)} verdicts for {len(answers)} answers", rule)
            for verdict in verdicts:
                must_be(verdict, "verify", Verdict, rule=rule)
                short = (
                    verdict.rule.strip() and len(verdict.rule) <= LONGEST_RULE and "\n" not in verdict.rule
                )
                must(
                    short,
                    f"Verdict.rule is {described(verdict.rule)}; it is a word that can be counted",
                    rule,
                )
            must(
                list(verifier.verify(problem, answers)) == verdicts,
                "asked twice, it gives other verdicts",
                rule,
            )

    def test_nothing_is_right_or_wrong_without_a_gold(self, verifier: Verifier) -> None:
        if not self.needs_gold:
            pytest.skip("this verifier judges without a gold")
        problem = TrainProblem(id="p", question="q", gold=None, dataset="suite")
        (verdict,) = verifier.verify(problem, [Answer("Final Answer: 36")])
        said = f"without a gold an answer is {verdict.status}; it is unverified"
        must(verdict.status == Status.UNVERIFIED, said, "Verifier.verify")


class ScheduleContract:
    """For a :class:`siked.contracts.Schedule`; give the fixture ``schedule``."""

    def test_is_a_schedule(self, schedule: Schedule) -> None:
        must_be_component(schedule, "Schedule", ("mix",))

    def test_works_with_default_options(self, schedule: Schedule) -> None:
        must_work_by_default(schedule)

    def test_iteration_0_trains_on_the_teacher(self, schedule: Schedule) -> None:
        rows = _mix(schedule, [], 0)
        must(rows, "iteration 0 has no rows; it trains on the teacher's", "Schedule.mix")
        must(
            all(r.candidate.source == "teacher" for r in rows),
            "iteration 0 has rows of a student",
            "Schedule.mix",
        )

    @pytest.mark.parametrize("iteration", [0, 1, 2, 3])
    def test_hands_back_candidates_once_with_a_reason(self, schedule: Schedule, iteration: int) -> None:
        rule = "Schedule.mix"
        rows = _mix(schedule, STUDENT if iteration else [], iteration)
        known = {c.rationale: c for c in (*TEACHER, *STUDENT)}
        for row in rows:
            same = known.get(row.candidate.rationale) == row.candidate
            must(
                same,
                f"row {row.candidate.rationale} is no candidate it was given; they are only handed back",
                rule,
            )
            short = row.reason.strip() and len(row.reason) <= LONGEST_RULE
            must(short, f"the reason of a row is {described(row.reason)}; it is a word or two", rule)
            must(row.weight > 0, f"the weight of a row is {row.weight}; it is above 0", rule)
            must(
                row.tag_weight is None or row.tag_weight >= 0,
                f"tag_weight is {row.tag_weight}; it is 0 or more",
                rule,
            )
        chosen = [row.candidate.rationale for row in rows]
        twice = sorted({n for n in chosen if chosen.count(n) > 1})
        must(not twice, f"rationale {twice and twice[0]} is there twice; give it a weight instead", rule)

    def test_same_input_same_mixture(self, schedule: Schedule) -> None:
        state = random.getstate()
        same = _mix(schedule, STUDENT, 2) == _mix(schedule, STUDENT, 2)
        must(same, "the same candidates and seed give two mixtures", "Schedule.mix")
        must(
            random.getstate() == state,
            "it draws from random itself; randomness comes from rng alone",
            "Schedule.mix",
        )

    def test_does_with_a_student_that_solved_nothing(self, schedule: Schedule) -> None:
        rows = _mix(schedule, [], 1)
        must(
            all(r.candidate.source == "teacher" for r in rows),
            "rows of a student that solved nothing",
            "Schedule.mix",
        )

    @pytest.mark.parametrize("iteration", [0, 1, 3])
    def test_leaves_out_only_what_it_does_not_choose(self, schedule: Schedule, iteration: int) -> None:
        rule = "Schedule.mix"
        told = _told(schedule, STUDENT if iteration else [], iteration)
        chosen = {item.candidate.rationale for item in told if isinstance(item, Selected)}
        left = [item for item in told if isinstance(item, Rejected)]
        both = sorted(chosen & {item.candidate.rationale for item in left})
        must(not both, f"rationale {both and both[0]} is chosen and left out", rule)
        must(len({i.candidate.rationale for i in left}) == len(left), "a rationale is left out twice", rule)
        must(all(i.reason.strip() for i in left), "a rationale is left out without a reason", rule)

    @pytest.mark.parametrize("iteration", [1, 2, 3])
    def test_aims_at_what_can_be(self, schedule: Schedule, iteration: int) -> None:
        rule = "Schedule.mix"
        aims = [item for item in _told(schedule, STUDENT, iteration) if isinstance(item, Target)]
        must(len({aim.quantity for aim in aims}) == len(aims), "a quantity is aimed at twice", rule)
        for aim in aims:
            can = aim.asked >= 0 and (aim.asked <= 1 or aim.quantity not in ("alpha", "floor"))
            must(can, f"it aims at {aim.quantity} {aim.asked}, which cannot be", rule)


class StoppingContract:
    """For a :class:`siked.contracts.Stopping`; give the fixture ``stopping``."""

    def test_is_a_stopping_rule(self, stopping: Stopping) -> None:
        must_be_component(stopping, "Stopping", ("decide",))

    def test_works_with_default_options(self, stopping: Stopping) -> None:
        must_work_by_default(stopping)

    @pytest.mark.parametrize("values", [(50,), (50, 60), (50, 60, 40), (50, 50, 50, 50), (0, 0), (100, 0)])
    @pytest.mark.parametrize("iterations", [0, 1, 3])
    def test_decides_what_can_be_done(
        self, stopping: Stopping, values: tuple[int, ...], iterations: int
    ) -> None:
        rule = "Stopping.decide"
        history = [_point(t, value) for t, value in enumerate(values[: iterations + 1])]
        decision = asked(stopping, "decide", history, iterations, rule=rule, on=f"dev scores {values}")
        must_be(decision, "decide", Continue, Stop, RollBack, rule=rule)
        must(stopping.decide(history, iterations) == decision, "asked twice, it decides twice", rule)
        last = history[-1].iteration
        if last == iterations:
            must(
                decision != Continue(),
                "after the last iteration there is nothing to continue; it stops",
                rule,
            )
        if isinstance(decision, RollBack):
            must(0 <= decision.to < last, f"it rolls back to {decision.to} after iteration {last}", rule)
        if not isinstance(decision, Continue):
            must(decision.reason.strip(), "it ends the run without a reason", rule)


class DatasetContract:
    """For a :class:`siked.contracts.Dataset`; give the fixture ``dataset``.

    ``known_overlap`` says that its test questions are known to stand in its training split.
    """

    known_overlap = False

    def test_is_a_dataset(self, dataset: Dataset) -> None:
        must_be_component(dataset, "Dataset", ("load",))
        tests = getattr(dataset, "tests", None)
        good = isinstance(tests, tuple) and all(isinstance(name, str) and name.strip() for name in tests)
        must(good, f"tests is {described(tests)}; it is a tuple of names of data sets", "Dataset.tests")

    def test_has_problems(self, dataset: Dataset) -> None:
        must(any(list(dataset.load(split)) for split in SPLITS), "no split has a problem", "Dataset.load")
        if dataset.name in dataset.tests:
            said = f"tests names {dataset.name!r} itself, whose test split is empty"
            must(list(dataset.load("test")), said, "Dataset.tests")

    @pytest.mark.parametrize("split", ["train", "dev", "test"])
    def test_problems_are_whole_and_of_their_split(self, dataset: Dataset, split: SplitName) -> None:
        rule = "Dataset.load"
        ids: set[str] = set()
        for problem in dataset.load(split):
            bad = wrong(problem, SPLITS[split])
            must(not bad, f"load({split!r}) yielded {bad}", rule)
            must(
                problem.id not in ids,
                f"the id {problem.id!r} is there twice in {split}; ids are unique",
                rule,
            )
            ids.add(problem.id)
            must(
                problem.id.strip() and problem.question.strip(),
                f"a problem of {split} is blank: {described(problem.id)}",
                rule,
            )
            said = f"Problem.dataset is {described(problem.dataset)}; it is the name, {dataset.name!r}"
            must(problem.dataset == dataset.name, said, rule)
            blank = problem.gold is not None and not problem.gold.strip()
            must(not blank, f"the gold of {problem.id!r} is blank; no gold is None", rule)

    @pytest.mark.parametrize("split", ["train", "dev", "test"])
    def test_order_is_fixed(self, dataset: Dataset, split: SplitName) -> None:
        same = list(dataset.load(split)) == list(dataset.load(split))
        must(same, f"{split} loaded twice gives other problems or another order", "Dataset.load")

    def test_splits_are_apart(self, dataset: Dataset) -> None:
        if self.known_overlap:
            pytest.skip("this data set is known to overlap")
        questions = {split: {p.question for p in dataset.load(split)} for split in SPLITS}
        for split in ("dev", "test"):
            shared = questions["train"] & questions[split]
            said = (
                f"{len(shared)} of {len(questions[split])} questions of {split} stand in train, word by word"
            )
            must(2 * len(shared) < max(1, len(questions[split])), said, "Dataset.load")


# --- material ---------------------------------------------------------------------------------


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


def _told(schedule: Schedule, student: Sequence[Candidate], iteration: int) -> list[Any]:
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

    def mixed() -> list[Any]:
        return list(schedule.mix(TEACHER, student, history, random.Random(iteration)))

    told = asked(_Named(mixed), "mix", rule="Schedule.mix", on=f"iteration {iteration}")
    for item in told:
        must_be(item, "mix", Selected, Rejected, Target, rule="Schedule.mix")
    return list(told)


class _Named:
    """Something to ask, under the name of a method."""

    def __init__(self, mix: Any) -> None:
        self.mix = mix


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


__all__ = [
    "AWKWARD",
    "PROBLEM",
    "DatasetContract",
    "SandboxContract",
    "ScheduleContract",
    "StoppingContract",
    "StrategyContract",
    "VerifierContract",
]

"""The bundled teacher: right forms, realistic mistakes, the same text for the same seed."""

from __future__ import annotations

import re

import pytest
from siked_strategies.cot import ChainOfThought
from siked_strategies.l2m import LeastToMost
from siked_strategies.pot import ProgramOfThought

from siked.builtin.tiny.problems import VARIETIES, Story, stories
from siked.builtin.tiny.rationales import Slips, write
from siked.builtin.tiny.teacher import TinyTeacher
from siked.contracts import Backend
from siked.records import Answer, Completion, Malformed, Message, Model, Outcome, Program, Request, Sampling

STRATEGIES = {"cot": ChainOfThought, "l2m": LeastToMost, "pot": ProgramOfThought}
SAMPLED = Sampling(temperature=0.7)


def _teacher(**options: float) -> TinyTeacher:
    return TinyTeacher(TinyTeacher.Options(**options))


def _request(
    story: Story, strategy: str, seed: int = 0, sampling: Sampling = SAMPLED, **more: bool
) -> Request:
    return Request(
        key=f"{story.id} {strategy} {seed}",
        messages=(Message("user", story.question),),
        problem_id=story.id,
        question=story.question,
        strategy=strategy,
        seed=seed,
        sampling=sampling,
        **more,
    )


def _texts(teacher: TinyTeacher, requests: list[Request]) -> list[str]:
    return [c.text for c in teacher.generate(requests) if isinstance(c, Completion)]


def _answer(strategy: str, text: str) -> int | None:
    cls = STRATEGIES[strategy]
    reading = cls(cls.Options()).read(text)
    if isinstance(reading, Program):
        scope: dict[str, int] = {}
        try:
            exec(reading.code, {"__builtins__": {}}, scope)  # our own teacher's sums of numbers
        except (NameError, SyntaxError):
            return None
        return scope.get("answer")
    if isinstance(reading, Malformed):
        return None
    assert isinstance(reading, Answer)
    found = re.search(r"Final Answer: (\d+)\s*$", reading.text)
    return int(found[1]) if found else None


def test_it_is_a_backend() -> None:
    teacher = _teacher()
    assert isinstance(teacher, Backend)
    assert teacher.open(Model(name="")).fingerprint != _teacher(slips=0.0).open(Model(name="")).fingerprint


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("dataset", VARIETIES)
def test_a_perfect_teacher_is_always_right(strategy: str, dataset: str) -> None:
    some = list(stories(dataset, "test"))[:200]
    texts = _texts(_teacher(slips=0.0), [_request(story, strategy) for story in some])
    assert [_answer(strategy, text) for text in texts] == [story.gold for story in some]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_usual_teacher_errs_but_not_too_often(strategy: str) -> None:
    some = list(stories("wordproblems", "train"))
    texts = _texts(_teacher(), [_request(story, strategy, seed=n) for n, story in enumerate(some)])
    right = sum(_answer(strategy, t) == s.gold for t, s in zip(texts, some, strict=True)) / len(some)
    assert 0.55 < right < 0.95


def test_the_seed_decides() -> None:
    some = list(stories("wordproblems", "train"))[:100]
    first, second, other = (
        _texts(_teacher(), [_request(s, "cot", seed=seed) for s in some]) for seed in (1, 1, 2)
    )
    assert first == second != other
    greedy = [_texts(_teacher(), [_request(s, "cot", n, Sampling()) for s in some]) for n in (1, 2)]
    assert greedy[0] == greedy[1]


def test_a_text_depends_on_no_other_request() -> None:
    some = list(stories("wordproblems", "train"))[:20]
    requests = [_request(story, "pot") for story in some]
    assert _texts(_teacher(), requests[::-1]) == _texts(_teacher(), requests)[::-1]


def test_done_requests_are_not_delivered_and_strangers_are_refused() -> None:
    story = next(stories("wordproblems", "train"))
    stranger = Request(key="k", messages=(), question="What is love?", strategy="cot")
    outcomes = list(_teacher().generate([_request(story, "cot", done=True), stranger]))
    assert [c.outcome for c in outcomes if isinstance(c, Completion)] == [Outcome.REFUSED]


def test_another_strategy_gets_prose() -> None:
    story = next(stories("wordproblems", "train"))
    (text,) = _texts(_teacher(slips=0.0), [_request(story, "example")])
    assert text.endswith(f"Final Answer: {story.gold}")


def test_every_mistake_can_happen() -> None:
    import random

    found = {story.family: story for story in stories("wordproblems", "train", 10)}
    for name, strategy, family in (
        ("misremembers", "cot", "trips-known"),
        ("hardcodes", "pot", "bags-known"),
        ("miscalculates", "l2m", "bags-known"),
        ("multiplies_badly", "cot", "bags-stated"),
        ("forgets", "cot", "bags-known"),
        ("strays", "l2m", "small"),
        ("miscodes", "pot", "trips-stated"),
    ):
        story = found[family]
        slips = Slips(**{**dict.fromkeys(Slips.__dataclass_fields__, 0.0), name: 1.0})
        answers = {_answer(strategy, write(story, strategy, random.Random(n), slips)) for n in range(10)}
        assert answers - {story.gold}, name

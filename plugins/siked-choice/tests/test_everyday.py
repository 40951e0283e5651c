"""The bundled questions, their teacher, their strategies: what they are and that they leak nothing."""

from __future__ import annotations

import random
import re
from collections import Counter
from importlib import resources

import pytest

from siked.config import check_components, load_config
from siked.records import Answer, Malformed, Model, Outcome, Request, Sampling, Status, TrainProblem
from siked.registry import check_tags, load_registry
from siked.testing.model_suites import BackendContract
from siked.testing.suites import DatasetContract, StrategyContract

pytest.importorskip("siked_choice", reason="pip install -e plugins/siked-choice")

from siked_choice.everyday import corpus
from siked_choice.everyday.dataset import Everyday, EverydayOptions
from siked_choice.everyday.problems import FAMILIES, questions
from siked_choice.everyday.rationales import Slips, write
from siked_choice.everyday.teacher import EverydayTeacher, EverydayTeacherOptions
from siked_choice.everyday.world import KINDS, PARTS, PLACES, SUBJECTS, THINGS
from siked_choice.strategies import Analogy, ChoiceOfThought, Eliminate, PromptOptions
from siked_choice.verifier import Letters

STRATEGIES = (ChoiceOfThought, Eliminate, Analogy)
PERFECT = Slips(0, 0, 0)


@pytest.mark.parametrize("kind", STRATEGIES)
class TestStrategies(StrategyContract):
    @pytest.fixture
    def strategy(self, kind: type[ChoiceOfThought]) -> ChoiceOfThought:
        return kind(PromptOptions())

    @pytest.fixture
    def rationales(self, kind: type[ChoiceOfThought]) -> list[str]:
        own = [write(q, kind.name, random.Random(0), PERFECT) for q in questions("train")[:40]]
        return own + [rationale for _, rationale in kind._examples]


class TestEveryday(DatasetContract):
    @pytest.fixture
    def dataset(self) -> Everyday:
        return Everyday(EverydayOptions())


class TestTeacher(BackendContract):
    many_models = False

    @pytest.fixture
    def backend(self) -> EverydayTeacher:
        return EverydayTeacher(EverydayTeacherOptions())

    @pytest.fixture
    def model(self) -> Model:
        return Model(name="")

    @pytest.fixture
    def requests_(self) -> list[Request]:
        return [
            Request(
                key=f"{n}-{sample}", messages=(), seed=10 * n + sample, question=q.text, strategy="analogy",
                sampling=Sampling(temperature=0.7),
            )
            for n, q in enumerate(questions("train")[:8]) for sample in range(2)
        ]  # fmt: skip


def test_examples_in_prompts_are_right() -> None:
    golds = {ChoiceOfThought: "A yes C", Eliminate: "C no B", Analogy: "C yes A"}
    for kind, expected in golds.items():
        for (question, rationale), gold in zip(kind._examples, expected.split(), strict=True):
            problem = TrainProblem(id="e", question=question, gold=gold, dataset="e")
            (verdict,) = Letters(Letters.Options()).verify(problem, [Answer(rationale)])
            assert verdict.status is Status.CORRECT, (kind.name, question)


def test_names_and_tags_are_free() -> None:
    registry = load_registry()
    names = ["cot", "l2m", "pot", *(kind.name for kind in STRATEGIES)]
    offers = [registry.find("strategy", name) for name in names]
    assert [offer.owner for offer in offers[3:]] == ["siked-choice"] * 3
    check_tags([(offer, offer.load().tag) for offer in offers])


def test_eliminating_looks_at_more_than_one_choice() -> None:
    strategy = Eliminate(PromptOptions())
    assert strategy.read("It is honey.\nFinal Answer: (B)") == Malformed("no-choices")
    assert strategy.read("(A) silk: no. (B) honey: yes.\nFinal Answer: (B)") == Answer(
        "(A) silk: no. (B) honey: yes.\nFinal Answer: (B)"
    )


def test_the_world_is_whole() -> None:
    words = [*KINDS, *PLACES.values(), *(v for s in SUBJECTS.values() for vs in s.values() for v in vs)]
    assert [word for word, n in Counter(words).items() if n > 1] == []
    assert set(THINGS) == set(PLACES)
    assert {len(things) for things in THINGS.values()} == {12}
    assert {len(subjects) for subjects in SUBJECTS.values()} == {12}


def test_no_split_asks_about_what_another_asks_about() -> None:
    asked = {
        split: {(q.family == "pairs", word) for q in questions(split) for word in _asked(q)}
        for split in ("train", "dev", "test")
    }  # fmt: skip
    assert not asked["train"] & asked["dev"]
    assert not asked["train"] & asked["test"]
    assert not asked["dev"] & asked["test"]
    covered = sum(part.stop - part.start for part in PARTS.values())
    assert covered == 12


def _asked(question: object) -> list[str]:
    about, family, choices = question.about, question.family, question.choices  # type: ignore[attr-defined]
    return [*choices] if family == "odd" else [about[0], about[2]] if family == "pairs" else [about[0]]


def test_families_letters_and_polarity_are_even() -> None:
    for split in ("train", "test"):
        found = questions(split)  # type: ignore[arg-type]
        assert set(Counter(q.family for q in found).values()) == {len(found) // len(FAMILIES)}
        letters = Counter(q.gold for q in found if q.choices)
        assert max(letters.values()) < 0.32 * sum(letters.values())
        polar = Counter(q.gold for q in found if not q.choices)
        assert polar["yes"] == polar["no"]


@pytest.mark.parametrize("kind", STRATEGIES)
def test_a_teacher_without_slips_is_right_and_with_slips_mostly(kind: type[ChoiceOfThought]) -> None:
    strategy, verifier = kind(PromptOptions()), Letters(Letters.Options())
    right = {}
    for slips in (PERFECT, Slips()):
        right[slips] = 0
        for problem, question in zip(
            Everyday(EverydayOptions()).load("train"), questions("train"), strict=True
        ):
            text = write(question, kind.name, random.Random(question.id), slips)
            assert isinstance(strategy.read(text), Answer)
            (verdict,) = verifier.verify(problem, [Answer(text)])
            right[slips] += verdict.status is Status.CORRECT
    assert right[PERFECT] == 400
    assert 320 < right[Slips()] < 380


def test_another_question_is_refused() -> None:
    teacher = EverydayTeacher(EverydayTeacherOptions())
    (answer,) = teacher.generate(
        [Request(key="k", messages=(), question="What is it?", strategy="eliminate")]
    )
    assert answer.outcome is Outcome.REFUSED


def test_the_corpus_holds_no_tag_and_no_solution() -> None:
    rng = random.Random(0)
    texts = ["".join(piece for piece, _ in corpus.text(rng)) for _ in range(3000)]
    assert not any("[" in text or "Final Answer" in text for text in texts)
    splits = ("train", "dev", "test")
    asked = {q.text for split in splits for q in questions(split) if q.choices}  # type: ignore[arg-type]
    shown = {text.partition("\nNamed")[0] for text in texts if text.startswith("Question: ")}
    assert not {f"Question: {question}" for question in asked} & shown
    assert not any(re.search(r"Named: .*\b(?:yes|no)\b", text) for text in texts)


def test_the_preset_of_the_package_can_run() -> None:
    config = load_config(preset="siked_choice:everyday")
    assert config.strategy_names == ["choice-cot", "eliminate", "analogy"]
    check_components(config, load_registry())


def test_the_student_is_small_and_found_by_its_name() -> None:
    from siked.models.locate import resolve

    found = resolve(Model(name="siked_choice:everyday/student")).path
    assert found == resources.files("siked_choice") / "everyday" / "student"
    assert sum(path.stat().st_size for path in found.iterdir()) < 2_000_000

"""Contract suites of the components that hold a model: backends and trainers.

They are subclassed like those in :mod:`siked.testing.suites`. Give a model small enough for a test.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from siked.contracts import Backend, ScoringBackend, TagCheckingBackend, Trainer
from siked.errors import SikedError
from siked.records import (
    Call,
    Completion,
    Message,
    Model,
    ModelInfo,
    Outcome,
    Request,
    Reservation,
    Sampling,
    Trained,
    TrainRow,
    TrainSettings,
)
from siked.shapes import described
from siked.testing.rules import asked, must, must_be, must_be_component, must_work_by_default

HELD_BACK = 0.03
"""Share of the time between first and last completion below which they came together."""
QUESTIONS = ("What is 3 + 4?", "What is 10 + 5?", "What is 2 + 2?", "What is 40 + 1?", "What is 7 + 6?")


def plan(questions: Sequence[str], strategy: str = "cot", samples: int = 2) -> list[Request]:
    """Return sampled requests as the engine makes them, the tag forced."""
    return [
        Request(
            key=f"{strategy}-{number}-{sample}",
            messages=(Message("user", question),),
            prefix=f"[{strategy}]",
            sampling=Sampling(temperature=0.7, top_p=0.95, max_new_tokens=24),
            seed=1000 * number + sample,
            problem_id=f"p{number}",
            question=question,
            strategy=strategy,
            sample=sample,
        )
        for number, question in enumerate(questions)
        for sample in range(samples)
    ]


class BackendContract:
    """For a :class:`siked.contracts.Backend`; give the fixtures ``backend`` and ``model``.

    ``deterministic`` says that the same requests give the same texts, ``scores`` that it is a
    :class:`siked.contracts.ScoringBackend`, ``samples`` that another seed draws another text,
    ``many_models`` that it tells models apart, and ``at_once`` how many completions it may hold back: its
    batch, or None where that is not known. ``requests_`` may give other requests.
    """

    deterministic = True
    scores = False
    samples = True
    many_models = True
    at_once: int | None = 1

    @pytest.fixture
    def requests_(self) -> list[Request]:
        return plan(QUESTIONS)

    def test_is_a_backend(self, backend: Backend) -> None:
        must_be_component(backend, "Backend", ("open", "generate"))
        can = isinstance(backend, ScoringBackend)
        said = f"scores is {self.scores}, and the backend has {'a' if can else 'no'} method 'score'"
        must(can == self.scores, said, "ScoringBackend.score")

    def test_works_with_default_options(self, backend: Backend) -> None:
        must_work_by_default(backend)

    def test_says_what_it_opened(self, backend: Backend, model: Model) -> None:
        rule = "Backend.open"
        info = backend.open(model)
        must_be(info, "open", ModelInfo, rule=rule)
        must(info.fingerprint.strip(), "the fingerprint is empty", rule)
        must(backend.open(model) == info, "the same model opened twice has two fingerprints", rule)

    def test_tells_models_apart(self, backend: Backend, model: Model) -> None:
        if not self.many_models:
            pytest.skip("this backend has one model")
        info = backend.open(model)
        try:
            other = backend.open(dataclasses.replace(model, name=f"{model.name}-another"))
        except (SikedError, OSError):
            return  # it is not there, and was not taken for the first one
        said = f"two models have the fingerprint {info.fingerprint!r}; a text of one would be the other's"
        must(other.fingerprint != info.fingerprint, said, "Backend.open")
        backend.open(model)

    def test_every_request_ends_once(self, backend: Backend, model: Model, requests_: list[Request]) -> None:
        rule = "Backend.generate"
        backend.open(model)
        completions, calls = _generate(backend, requests_)
        missing = [r.key for r in requests_ if r.key not in completions]
        must(
            not missing,
            f"{len(missing)} of {len(requests_)} requests end in no completion: {missing[:1]}",
            rule,
        )
        unknown = sorted(set(completions) - {r.key for r in requests_})
        must(not unknown, f"a completion for a request that was not asked: {unknown[:1]}", rule)
        for completion in completions.values():
            must(completion.text or completion.outcome != Outcome.CUT, "a text that was cut is empty", rule)
            if completion.outcome in (Outcome.REFUSED, Outcome.FAILED):
                must(completion.reason.strip(), f"{completion.outcome} without a reason", rule)
        if calls:
            served = sum(call.requests for call in calls)
            must(
                served == len(requests_),
                f"calls served {served} of {len(requests_)} requests",
                "Backend.generate",
            )
        must(_generate(backend, [])[0] == {}, "no request gives a completion", rule)

    def test_the_forced_tag_is_left_out(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        backend.open(model)
        prefixes = {request.key: request.prefix for request in requests_}
        for completion in _generate(backend, requests_)[0].values():
            again = completion.text.lstrip().startswith(prefixes[completion.key] or "\0")
            said = f"a completion starts with the prefix again: {completion.text[:40]!r}"
            must(not again, said, "Backend.generate")

    def test_what_is_done_is_not_delivered_again(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        rule = "Backend.generate"
        backend.open(model)
        whole, _ = _generate(backend, requests_)
        some = [dataclasses.replace(r, done=n % 2 == 0) for n, r in enumerate(requests_)]
        rest, _ = _generate(backend, some)
        must(
            sorted(rest) == sorted(r.key for r in some if not r.done),
            "a request that is done is delivered again",
            rule,
        )
        if self.deterministic:
            same = {k: c.text for k, c in rest.items()} == {k: whole[k].text for k in rest}
            must(
                same,
                "with some requests done, the others get other texts: batches depend on what is done",
                rule,
            )
        none = [dataclasses.replace(r, done=True) for r in requests_]
        must(_generate(backend, none)[0] == {}, "all requests are done, and some are delivered", rule)

    def test_another_seed_draws_another_text(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        if not self.samples:
            pytest.skip("this backend draws nothing")
        backend.open(model)
        sampling = Sampling(temperature=1.0, top_p=1.0, max_new_tokens=24)
        seeds = [
            dataclasses.replace(requests_[0], key=f"seed-{n}", seed=7919 * n + 1, sampling=sampling)
            for n in range(8)
        ]
        texts = {completion.text for completion in _generate(backend, seeds)[0].values()}
        must(
            len(texts) > 1,
            "8 seeds at temperature 1 draw one text; each request has its own seed",
            "Backend.generate",
        )

    def test_completions_come_as_soon_as_they_are_there(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        rule = "Backend.generate"
        backend.open(model)
        produced = backend.generate([])
        must(
            hasattr(produced, "__next__"),
            f"generate returns {described(produced)}; it yields one by one",
            rule,
        )
        list(produced)
        if self.at_once is None:
            pytest.skip("its batch is not known")
        many = [
            dataclasses.replace(requests_[n % len(requests_)], key=f"soon-{n}")
            for n in range(max(4 * self.at_once, 20))
        ]
        late = all(_held_back(backend, many) for _ in range(3))
        must(not late, "all completions come together at the end; each comes as soon as it is there", rule)

    def test_scores_whole_continuations(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        if not isinstance(backend, ScoringBackend):
            pytest.skip("this backend does not score")
        rule = "ScoringBackend.score"
        backend.open(model)
        scores = list(backend.score(requests_, [["7", "a much longer answer than 7"]] * len(requests_)))
        must(
            [len(pair) for pair in scores] == [2] * len(requests_),
            "not every continuation has its score",
            rule,
        )
        must(all(short > long for short, long in scores), "log-probabilities do not fall with length", rule)
        must(all(value <= 0 for pair in scores for value in pair), "a log-probability is above 0", rule)

    def test_knows_the_tags_that_its_student_can_write(self, backend: Backend, model: Model) -> None:
        if not isinstance(backend, TagCheckingBackend):
            pytest.skip("this backend does not check tags")
        backend.open(model)
        backend.check_tags(["[cot]", "[l2m]", "[pot]"])


class TrainerContract:
    """For a :class:`siked.contracts.Trainer`; give the fixtures ``trainer`` and ``student``.

    ``deterministic`` says that the same call writes the same bytes; ``rows`` may give other rows.
    """

    deterministic = True

    @pytest.fixture
    def rows(self) -> list[TrainRow]:
        return [
            TrainRow(
                messages=(Message("user", f"What is {n} + 1?"),),
                prefix="[cot]",
                text=f"{n} and 1 make {n + 1}.\nFinal Answer: {n + 1}",
                rejected=(f"{n} and 1 make {n}.\nFinal Answer: {n}",),
            )
            for n in range(8)
        ]

    def test_is_a_trainer(self, trainer: Trainer) -> None:
        must_be_component(trainer, "Trainer", ("train",))
        rejected = getattr(trainer, "rejected", 0)
        good = isinstance(rejected, int) and not isinstance(rejected, bool) and rejected >= 0
        must(
            good,
            f"rejected is {described(rejected)}; it is how many wrong texts a row brings",
            "WantsRejected.rejected",
        )

    def test_works_with_default_options(self, trainer: Trainer) -> None:
        must_work_by_default(trainer)

    def test_writes_weights_and_tells_progress(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        rule = "Trainer.train"
        seen: list[tuple[int, int]] = []

        def progress(
            step: int,
            of: int,
            loss: float | None = None,
            learning_rate: float | None = None,
            gradient_norm: float | None = None,
            tokens_per_second: float | None = None,
        ) -> None:
            seen.append((step, of))
            told = {
                "loss": loss,
                "learning_rate": learning_rate,
                "gradient_norm": gradient_norm,
                "tokens_per_second": tokens_per_second,
            }
            for name, value in told.items():
                must(value is None or value >= 0, f"progress tells the {name} {value}", "Progress.__call__")

        trained = trainer.train(student, rows, TrainSettings(epochs=1, seed=1), tmp_path, progress)
        must_be(trained, "train", Trained, rule=rule)
        must(any(tmp_path.iterdir()), "no weights are written where they were asked for", rule)
        counted = f"{trained.rows} rows trained on and {trained.dropped} dropped, of {len(rows)}"
        must(trained.rows + trained.dropped == len(rows), counted, rule)
        must(trained.steps > 0, f"Trained.steps is {trained.steps}", rule)
        must(trained.tokens > 0, f"Trained.tokens is {trained.tokens}", rule)
        must(math.isfinite(trained.loss) and trained.loss >= 0, f"Trained.loss is {trained.loss}", rule)
        must(seen, "progress is never told", "Progress.__call__")
        must(seen == sorted(seen), "progress goes back", "Progress.__call__")
        last = f"progress ends at {seen[-1]}, and {trained.steps} steps were done"
        must(seen[-1] == (trained.steps, trained.steps), last, "Progress.__call__")

    def test_trains_as_many_steps_as_asked(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        settings = TrainSettings(epochs=1, max_steps=3, seed=1)
        steps = trainer.train(student, rows, settings, tmp_path, _quiet).steps
        must(steps == 3, f"asked for 3 steps it does {steps}", "Trainer.train")

    def test_trains_on_from_a_trained_student(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        settings = TrainSettings(epochs=1, max_steps=4, seed=1)  # the first step may only warm up
        one, two = tmp_path / "1", tmp_path / "2"
        one.mkdir()
        two.mkdir()
        trainer.train(student, rows, settings, one, _quiet)
        before = _content(one)
        trainer.train(dataclasses.replace(student, weights=str(one)), rows, settings, two, _quiet)
        must(
            before != _content(two),
            "a student trained twice has the weights of the first time",
            "Trainer.train",
        )
        must(
            before == _content(one), "it writes into the folder of the student that comes in", "Trainer.train"
        )

    def test_rows_count_their_weight(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        settings = TrainSettings(epochs=1, max_steps=4, seed=1)
        uneven = [dataclasses.replace(row, weight=1.0 + 9 * (n % 2)) for n, row in enumerate(rows)]
        written = []
        for name, taught in (("alike", rows), ("uneven", uneven)):
            (tmp_path / name).mkdir()
            trainer.train(student, taught, settings, tmp_path / name, _quiet)
            written.append(_content(tmp_path / name))
        must(written[0] != written[1], "the weights of rows change nothing", "Trainer.train")

    def test_same_call_same_weights(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        if not self.deterministic:
            pytest.skip("this trainer does not promise it")
        written = []
        for name in ("1", "2"):
            out = tmp_path / name
            out.mkdir()
            trainer.train(student, rows, TrainSettings(epochs=1, max_steps=4, seed=1), out, _quiet)
            written.append(_content(out))
        must(written[0] == written[1], "the same call writes other weights", "Trainer.train")


def _generate(backend: Backend, requests: Sequence[Request]) -> tuple[dict[str, Completion], list[Call]]:
    __tracebackhide__ = True
    completions: dict[str, Completion] = {}
    calls: list[Call] = []
    for item in asked(backend, "generate", requests, rule="Backend.generate"):
        must_be(item, "generate", Completion, Call, Reservation, rule="Backend.generate")
        if isinstance(item, Call):
            calls.append(item)
        if not isinstance(item, Completion):
            continue
        must(item.key not in completions, f"{item.key} ends twice", "Backend.generate")
        completions[item.key] = item
    return completions, calls


def _held_back(backend: Backend, requests: Sequence[Request]) -> bool:
    """Whether nearly all of the time was over before the first completion came."""
    start = time.perf_counter()
    moments = [time.perf_counter() for item in backend.generate(requests) if isinstance(item, Completion)]
    return (moments[-1] - moments[0]) < HELD_BACK * (moments[-1] - start)


def _quiet(step: int, of: int, *numbers: float | None, **named: float | None) -> None:
    """A progress that nobody watches."""


def _content(folder: Path) -> dict[str, bytes]:
    """The weights in ``folder``; settings beside them may name the folder itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix == ".safetensors" or path.name.startswith("weights")
    }

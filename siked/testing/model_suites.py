"""Contract suites of the components that hold a model: backends and trainers.

They are subclassed like those in :mod:`siked.testing.suites`. Give a model small enough for a test.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from siked.contracts import Backend, ScoringBackend, TagCheckingBackend, Trainer
from siked.records import (
    Call,
    Completion,
    Message,
    Model,
    Outcome,
    Request,
    Sampling,
    TrainRow,
    TrainSettings,
)

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
    :class:`siked.contracts.ScoringBackend`; ``requests_`` may give other requests.
    """

    deterministic = True
    scores = False

    @pytest.fixture
    def requests_(self) -> list[Request]:
        return plan(QUESTIONS)

    def test_is_a_backend(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        assert backend.name
        assert isinstance(backend, ScoringBackend) == self.scores

    def test_says_what_it_opened(self, backend: Backend, model: Model) -> None:
        info = backend.open(model)
        assert info.fingerprint
        assert backend.open(model) == info, "the same model has the same fingerprint"

    def test_every_request_ends_once(self, backend: Backend, model: Model, requests_: list[Request]) -> None:
        backend.open(model)
        completions, calls = _generate(backend, requests_)
        assert sorted(completions) == sorted(r.key for r in requests_)
        for completion in completions.values():
            assert isinstance(completion.outcome, Outcome)
            assert completion.text or completion.outcome != Outcome.CUT
            if completion.outcome in (Outcome.REFUSED, Outcome.FAILED):
                assert completion.reason, "a reason says why there is no text"
        if calls:
            assert sum(call.requests for call in calls) == len(requests_)
        assert _generate(backend, [])[0] == {}

    def test_the_forced_tag_is_left_out(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        backend.open(model)
        for completion in _generate(backend, requests_)[0].values():
            assert not completion.text.startswith("[cot]\n")

    def test_what_is_done_is_not_delivered_again(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        backend.open(model)
        whole, _ = _generate(backend, requests_)
        some = [dataclasses.replace(r, done=n % 2 == 0) for n, r in enumerate(requests_)]
        rest, _ = _generate(backend, some)
        assert sorted(rest) == sorted(r.key for r in some if not r.done)
        if self.deterministic:
            assert {k: c.text for k, c in rest.items()} == {k: whole[k].text for k in rest}
        none = [dataclasses.replace(r, done=True) for r in requests_]
        assert _generate(backend, none)[0] == {}

    def test_scores_whole_continuations(
        self, backend: Backend, model: Model, requests_: list[Request]
    ) -> None:
        if not isinstance(backend, ScoringBackend):
            pytest.skip("this backend does not score")
        backend.open(model)
        scores = list(backend.score(requests_, [["7", "a much longer answer than 7"]] * len(requests_)))
        assert [len(pair) for pair in scores] == [2] * len(requests_)
        assert all(short > long for short, long in scores), "log-probabilities fall with length"
        assert all(value <= 0 for pair in scores for value in pair)

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
            )
            for n in range(8)
        ]

    def test_is_a_trainer(self, trainer: Trainer) -> None:
        assert isinstance(trainer, Trainer)
        assert trainer.name

    def test_writes_weights_and_tells_progress(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        seen: list[tuple[int, int]] = []

        def progress(
            step: int, of: int, loss: float | None = None, learning_rate: float | None = None
        ) -> None:
            seen.append((step, of))
            assert loss is None or loss >= 0
            assert learning_rate is None or learning_rate >= 0

        trained = trainer.train(student, rows, TrainSettings(epochs=1, seed=1), tmp_path, progress)
        assert any(tmp_path.iterdir()), "the weights are written where they were asked for"
        assert trained.rows + trained.dropped == len(rows)
        assert trained.steps > 0
        assert trained.tokens > 0
        assert seen == sorted(seen)
        assert seen[-1] == (trained.steps, trained.steps)

    def test_trains_as_many_steps_as_asked(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        settings = TrainSettings(epochs=1, max_steps=3, seed=1)
        assert trainer.train(student, rows, settings, tmp_path, _quiet).steps == 3

    def test_trains_on_from_a_trained_student(
        self, trainer: Trainer, student: Model, rows: list[TrainRow], tmp_path: Path
    ) -> None:
        settings = TrainSettings(epochs=1, max_steps=4, seed=1)  # the first step may only warm up
        one, two = tmp_path / "1", tmp_path / "2"
        one.mkdir()
        two.mkdir()
        trainer.train(student, rows, settings, one, _quiet)
        trainer.train(dataclasses.replace(student, weights=str(one)), rows, settings, two, _quiet)
        assert _content(one) != _content(two)

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
        assert written[0] != written[1]

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
        assert written[0] == written[1]


def _generate(backend: Backend, requests: Sequence[Request]) -> tuple[dict[str, Completion], list[Call]]:
    completions: dict[str, Completion] = {}
    calls: list[Call] = []
    for item in backend.generate(requests):
        if isinstance(item, Call):
            calls.append(item)
        if not isinstance(item, Completion):
            continue
        assert item.key not in completions, f"{item.key} ended twice"
        completions[item.key] = item
    return completions, calls


def _quiet(step: int, of: int, loss: float | None = None, learning_rate: float | None = None) -> None:
    """A progress that nobody watches."""


def _content(folder: Path) -> dict[str, bytes]:
    """The weights in ``folder``; settings beside them may name the folder itself."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix == ".safetensors" or path.name.startswith("weights")
    }

"""The built-in backend and trainer that hold a model keep their contracts, on the bundled student."""

from __future__ import annotations

import functools

import pytest

from siked.contracts import Backend, Trainer
from siked.records import Model
from siked.registry import load_registry
from siked.testing.model_suites import BackendContract, TrainerContract

pytestmark = pytest.mark.train
pytest.importorskip("torch", reason="pip install 'siked[train]'")
pytest.importorskip("trl", reason="pip install 'siked[train]'")

REGISTRY = load_registry()


@functools.cache  # a model is loaded once
def transformers() -> Backend:
    made = REGISTRY.make("backend", "siked/transformers")
    assert isinstance(made, Backend)
    return made


class TestTransformers(BackendContract):
    scores = True
    at_once = None  # what takes part in a batch goes by its lengths
    samples = (
        False  # the bundled student ends at once before it is trained; see tests/unit/models/test_sampling.py
    )

    @pytest.fixture
    def backend(self) -> Backend:
        return transformers()

    @pytest.fixture
    def model(self) -> Model:
        return Model(name="tiny")


class TestTrl(TrainerContract):
    @pytest.fixture
    def trainer(self) -> Trainer:
        made = REGISTRY.make("trainer", "siked/trl")
        assert isinstance(made, Trainer)
        return made

    @pytest.fixture
    def student(self) -> Model:
        return Model(name="tiny")

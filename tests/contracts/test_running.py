"""The built-in verifiers, sandboxes, backends and trainers that need no torch keep their contracts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from siked.builtin.backends.replay import Replay, ReplayOptions
from siked.contracts import Backend, Sandbox, Trainer, Verifier
from siked.records import Model, Request
from siked.registry import load_registry
from siked.testing.fakes import InstantTrainer, ScriptedBackend
from siked.testing.model_suites import QUESTIONS, BackendContract, TrainerContract, plan
from siked.testing.suites import SandboxContract, VerifierContract

REGISTRY = load_registry()


def own(kind: str) -> list[str]:
    return sorted(o.name for o in REGISTRY.offers if o.kind == kind and o.owner == "siked")


def make_or_skip(kind: str, name: str) -> object:
    """Make a component, or skip where its extra is not installed."""
    try:
        return REGISTRY.make(kind, f"siked/{name}")
    except Exception as error:
        if type(error).__name__ in ("MissingExtra", "SandboxError"):
            pytest.skip(str(error))
        raise


class TestVerifiers(VerifierContract):
    @pytest.fixture(params=[name for name in own("verifier") if name != "agreement"])
    def verifier(self, request: pytest.FixtureRequest) -> Verifier:
        made = make_or_skip("verifier", str(request.param))
        assert isinstance(made, Verifier)
        return made


class TestAgreement(VerifierContract):
    needs_gold = False  # it goes by what most samples say

    @pytest.fixture
    def verifier(self) -> Verifier:
        made = make_or_skip("verifier", "agreement")
        assert isinstance(made, Verifier)
        return made


class TestSandboxes(SandboxContract):
    @pytest.fixture(params=own("sandbox"))
    def sandbox(self, request: pytest.FixtureRequest) -> Sandbox:
        made = make_or_skip("sandbox", str(request.param))
        assert isinstance(made, Sandbox)
        return made


class TestReplay(BackendContract):
    samples = False  # what it gives was recorded

    @pytest.fixture
    def backend(self) -> Backend:
        return Replay(ReplayOptions())

    @pytest.fixture
    def model(self, tmp_path: Path) -> Model:
        rows = [
            {"question": q, "strategy": "cot", "text": f"It is {n}.\nFinal Answer: {n}", "sample": 0}
            for n, q in enumerate(QUESTIONS)
        ]
        (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        return Model(name=str(tmp_path / "rows.jsonl"))


class TestScripted(BackendContract):
    scores = True

    @pytest.fixture
    def backend(self) -> Backend:
        return ScriptedBackend(ScriptedBackend.Options())

    @pytest.fixture
    def model(self) -> Model:
        return Model(name="scripted")


class TestTinyTeacher(BackendContract):
    many_models = False

    @pytest.fixture
    def backend(self) -> Backend:
        made = REGISTRY.make("backend", "siked/tiny-teacher")
        assert isinstance(made, Backend)
        return made

    @pytest.fixture
    def model(self) -> Model:
        return Model(name="")

    @pytest.fixture
    def requests_(self) -> list[Request]:
        dataset = REGISTRY.make("dataset", "siked/wordproblems")
        # in which much can go wrong
        problems = [p for p in dataset.load("train") if p.family == "bags-known"][:5]
        return plan([p.question for p in problems])


class TestInstant(TrainerContract):
    @pytest.fixture
    def trainer(self) -> Trainer:
        return InstantTrainer(InstantTrainer.Options())

    @pytest.fixture
    def student(self) -> Model:
        return Model(name="scripted")

"""The built-in strategies, schedules, stoppings and data sets keep their contracts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from siked_strategies.exemplars import PromptOptions, load_prompt

from siked.contracts import Dataset, Schedule, Stopping, Strategy
from siked.registry import load_registry
from siked.testing.additions import Additions
from siked.testing.suites import DatasetContract, ScheduleContract, StoppingContract, StrategyContract

REGISTRY = load_registry()


def own(kind: str) -> list[str]:
    """The names siked itself offers, so that a new built-in is tested without a line here."""
    return sorted(o.name for o in REGISTRY.offers if o.kind == kind and o.owner == "siked")


class TestStrategies(StrategyContract):
    @pytest.fixture(params=own("strategy"))
    def strategy(self, request: pytest.FixtureRequest) -> Strategy:
        made: Strategy = REGISTRY.make("strategy", f"siked/{request.param}")
        return made

    @pytest.fixture
    def rationales(self, strategy: Strategy) -> list[str]:
        return [rationale for _, rationale in load_prompt(strategy.name, PromptOptions()).examples]


class TestSchedules(ScheduleContract):
    @pytest.fixture(params=own("schedule"))
    def schedule(self, request: pytest.FixtureRequest) -> Schedule:
        made: Schedule = REGISTRY.make("schedule", f"siked/{request.param}")
        return made


class TestStoppings(StoppingContract):
    @pytest.fixture(params=own("stopping"))
    def stopping(self, request: pytest.FixtureRequest) -> Stopping:
        made: Stopping = REGISTRY.make("stopping", f"siked/{request.param}")
        return made


class TestDatasets(DatasetContract):
    @pytest.fixture(params=own("dataset"))
    def dataset(self, request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
        name = str(request.param)
        key = "path" if name in ("jsonl", "table") else "data_dir"
        options = {key: str(upstream_files(tmp_path))} if name in PUBLIC else {}
        made: Dataset = REGISTRY.make("dataset", f"siked/{name}", options)
        return made


class TestAdditions(DatasetContract):
    @pytest.fixture
    def dataset(self) -> Dataset:
        return Additions(Additions.Options())


PUBLIC = ("gsm8k", "svamp", "svamp-1000", "asdiv", "multiarith", "multiarith-600", "jsonl", "table")


def upstream_files(folder: Path) -> Path:
    """A few problems in every public format."""
    for split in ("train", "test"):
        lines = [{"question": f"{split} {n}?", "answer": f"...\n#### {n}", "gold": n} for n in range(3)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    svamp = [
        {"ID": f"chal-{n}", "Body": f"b{n}", "Question": "q?", "Answer": n, "Type": "T"} for n in range(9)
    ]
    (folder / "SVAMP.json").write_text(json.dumps(svamp))
    multiarith = [{"iIndex": n, "sQuestion": f" q{n} ", "lSolutions": [n]} for n in range(9)]
    (folder / "MultiArith.json").write_text(json.dumps(multiarith))
    fields = "<Body>b</Body><Question>q?</Question><Solution-Type>T</Solution-Type><Answer>1 (x)</Answer>"
    (folder / "ASDiv.xml").write_text(f'<ProblemSet><Problem ID="nluds-0001">{fields}</Problem></ProblemSet>')
    return folder

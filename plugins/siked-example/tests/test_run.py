"""A whole run with the strategy ``example``, on siked's fakes."""

from importlib.metadata import distributions
from pathlib import Path

import pytest

import siked

pytest.importorskip("siked_example", reason="pip install -e plugins/siked-example")

FAKES = """
from siked import hookimpl

@hookimpl
def siked_register_backends(register):
    register("scripted", "siked.testing.fakes:ScriptedBackend")

@hookimpl
def siked_register_trainers(register):
    register("instant", "siked.testing.fakes:InstantTrainer")

@hookimpl
def siked_register_datasets(register):
    register("additions", "siked.testing.additions:Additions")
"""


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution that offers the fakes, without pip."""
    site = tmp_path / "site"
    info = site / "siked_fakes-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "siked_fakes.py").write_text(FAKES)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: siked-fakes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[siked]\nfakes = siked_fakes\n")
    monkeypatch.syspath_prepend(str(site))
    assert "siked-fakes" in {d.name for d in distributions()}


def test_a_run_teaches_samples_and_trains_example(fakes: None, tmp_path: Path) -> None:
    run = siked.run(
        {
            "strategies": ["cot", "example"],
            "student": {"model": "scripted"},
            "teacher": {"name": "scripted", "skill": 0.9},
            "backend": {"name": "scripted"},
            "trainer": {"name": "instant"},
            "dataset": {"name": "additions", "train": 12, "dev": 6, "test": 6},
            "sample": {"k": 3},
            "iterations": 1,
        },
        tmp_path / "run",
    )
    rows = list(run.rationales())
    asked = {
        (row["step"], row["strategy"]) for row in rows if row["iteration"] == 1 or "teach" in row["step"]
    }
    assert {("teach:example", "example"), ("sample", "example")} <= asked
    correct = [row for row in rows if row["strategy"] == "example" and row["status"] == "correct"]
    assert correct
    assert run.summary["strategies"] == ["cot", "example"]
    mixed = run.journal.db.execute(
        "SELECT count(*) FROM mixture_rows m JOIN rationales r ON r.id = m.rationale"
        " WHERE r.strategy = 'example'"
    ).fetchone()[0]
    assert mixed > 0

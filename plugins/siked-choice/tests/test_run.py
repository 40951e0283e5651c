"""A whole run on the bundled questions; the bundled teacher plays the student, and nothing is trained."""

from importlib.metadata import distributions
from pathlib import Path

import pytest

import siked

pytest.importorskip("siked_choice", reason="pip install -e plugins/siked-choice")

FAKES = """
from siked import hookimpl

@hookimpl
def siked_register_trainers(register):
    register("instant", "siked.testing.fakes:InstantTrainer")
"""


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution that offers the fakes, without pip."""
    site = tmp_path / "site"
    info = site / "siked_choice_fakes-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "siked_choice_fakes.py").write_text(FAKES)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: siked-choice-fakes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[siked]\nfakes = siked_choice_fakes\n")
    monkeypatch.syspath_prepend(str(site))
    assert "siked-choice-fakes" in {d.name for d in distributions()}


def test_teacher_verifier_and_splits_work_together(fakes: None, tmp_path: Path) -> None:
    run = siked.run(
        {
            "strategies": ["choice-cot", "eliminate", "analogy"],
            "student": {"model": "played"},
            "teacher": {"name": "everyday-teacher"},
            "verifier": {"name": "letters"},
            "backend": {"name": "everyday-teacher"},
            "trainer": {"name": "instant"},
            "dataset": {"name": "everyday", "limit": 40},
            "sample": {"k": 1},
            "evaluate": {"limit": 20, "forced": False},
            "iterations": 0,
        },
        tmp_path / "run",
    )
    taught = [row for row in run.rationales() if row["step"].startswith("teach:")]
    assert {row["strategy"] for row in taught} == {"choice-cot", "eliminate", "analogy"}
    correct = sum(row["status"] == "correct" for row in taught)
    assert len(taught) == 120
    assert 90 < correct < 120
    for row in run.summary["overlap"]:
        assert (row["same_text"], row["thirteen_words"], row["numbers_masked"]) == (0, 0, 0), row["set"]

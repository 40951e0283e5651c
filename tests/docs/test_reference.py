"""The documents say what the code does."""

import re
from pathlib import Path

import pytest

import siked

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="the documents are not here")


def test_public_names_are_these() -> None:
    assert siked.__all__ == [
        "Answer",
        "Backend",
        "BackendError",
        "Call",
        "Candidate",
        "Completion",
        "ConfigError",
        "DataError",
        "Dataset",
        "DevProblem",
        "Evaluation",
        "History",
        "Malformed",
        "Message",
        "Model",
        "ModelInfo",
        "Outcome",
        "Problem",
        "Program",
        "ProgramOutcome",
        "ProgramStatus",
        "Reading",
        "Rejected",
        "Request",
        "Rows",
        "Run",
        "RunError",
        "Sandbox",
        "SandboxError",
        "Schedule",
        "ScoringBackend",
        "Selected",
        "SikedError",
        "Solution",
        "Status",
        "Stopping",
        "Strategy",
        "Student",
        "Target",
        "TestProblem",
        "TrainProblem",
        "TrainRow",
        "TrainSettings",
        "Trained",
        "Trainer",
        "UsageError",
        "Verdict",
        "Verifier",
        "__version__",
        "evaluate",
        "hookimpl",
        "open_run",
        "resume",
        "run",
    ]
    assert all(hasattr(siked, name) for name in siked.__all__)


def test_links_in_the_documents_lead_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in pages
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_the_readme_names_commands_that_exist() -> None:
    from siked.cli.main import COMMANDS

    named = set(re.findall(r"^siked (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    assert named
    assert named <= set(COMMANDS)

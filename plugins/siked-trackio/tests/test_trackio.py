"""Runs are followed with the real Trackio, in a folder of the test."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("siked_trackio", reason="pip install -e plugins/siked-trackio")
pytest.importorskip("trackio", reason="pip install trackio")

from siked_trackio.following import plain

RUN = """
import json, sys
from pathlib import Path
import siked
from siked.runs.run import resume
from siked.testing.runs import run_on_fakes

folder = Path(sys.argv[1])
run = run_on_fakes(folder / "one", settings={"controls": ["equal-steps"]})
notes = run.journal.rows("SELECT data FROM events WHERE kind = 'note'")
assert not [note for note in notes if "failed in" in note["data"]], notes
resume(folder / "one", iterations=2)

from trackio.sqlite_storage import SQLiteStorage
found = {}
for project in SQLiteStorage.get_projects():
    for name in SQLiteStorage.get_runs(project):
        config = SQLiteStorage.get_run_config(project, name)
        found[name] = {"project": project, "logs": SQLiteStorage.get_logs(project, name), "config": config}
print(json.dumps({"runs": found, "summary": dict(run.summary)}, default=str))
"""


def followed(folder: Path, **env: str) -> dict[str, Any]:
    """Run and resume on the fakes in a process of its own; return what Trackio has of it."""
    import json

    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TRACKIO", "SIKED_"))}
    quiet = {"TRACKIO_DIR": str(folder / "trackio"), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(folder)],
        env={**clean, **quiet, **env},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_run_and_its_resume_are_one_run_with_all_numbers(tmp_path: Path) -> None:
    found = followed(tmp_path, SIKED_TRACKIO_PROJECT="mine")
    ((name, run),) = found["runs"].items()
    assert name.startswith("one-")
    assert run["project"] == "mine"
    assert run["config"]["trainer.name"] == "instant"
    logs = run["logs"]
    losses = [row["loss"] for row in logs if "loss" in row]
    assert len(losses) >= 3
    assert all(loss > 0 for loss in losses)
    by_iteration = {row["iteration"]: row["accuracy/dev"] for row in logs if "accuracy/dev" in row}
    assert set(by_iteration) == {0, 1, 2}
    for values in found["summary"]["iterations"]:
        assert by_iteration[values["iteration"]] == values["accuracy"]["dev"]["value"]
    alphas = [row["alpha"] for row in logs if "alpha" in row]
    assert alphas[0] == 1.0
    assert alphas[1] == found["summary"]["iterations"][1]["alpha"]
    assert [row for row in logs if "equal-steps/accuracy/dev" in row]
    assert [row for row in logs if "correct/cot" in row]
    tokens = [row["tokens"] for row in logs if "tokens" in row]
    assert tokens == sorted(tokens)
    assert tokens[-1] > 0
    assert [row for row in logs if "best_iteration" in row]


def test_nothing_is_followed_without_a_project(tmp_path: Path) -> None:
    assert followed(tmp_path)["runs"] == {}


def test_secrets_of_the_settings_are_not_told() -> None:
    teacher = {"name": "openai", "api_key": "sk-1", "max_tokens": 5, "headers": {"X-Token": "t", "x": 1}}
    assert plain({"teacher": teacher, "seed": 0}) == {
        "teacher.name": "openai",
        "teacher.max_tokens": 5,
        "teacher.headers.x": 1,
        "seed": 0,
    }


def test_importing_the_plugin_imports_no_trackio() -> None:
    assert importlib.util.find_spec("trackio") is not None
    code = "import siked_trackio, sys; sys.exit('trackio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0

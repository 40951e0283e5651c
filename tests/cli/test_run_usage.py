"""Wrong usage: one line that names what was asked, what there is, and what to do; exit 2; no folder."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml


def siked(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    code = "from siked.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=cwd, timeout=120
    )


@pytest.fixture
def config(settings: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**settings, "iterations": 1, "controls": []}))
    return path


@pytest.mark.parametrize(
    ("arguments", "named", "there"),
    [
        (["--strategy", "cot,tot"], "'tot'", "cot"),
        (["--schedule", "adaptiv"], "'adaptiv'", "adaptive"),
        (["--dataset", "gsm9k"], "'gsm9k'", "gsm8k"),
        (["--teacher", "oracle"], "'oracle'", "tiny-teacher"),
        (["--set", "sampel.k=2"], "'sampel'", "sample"),
        (["--set", "sample.k=many"], "sample.k", "integer"),
        (["--set", "trainer.speed=1"], "'speed'", "gain"),
        (["--set", "nonsense"], "'nonsense'", "key=value"),
        (["--preset", "papers"], "'papers'", "paper"),
        (["--config", "missing.yaml"], "missing.yaml", "No such file"),
    ],
)
def test_wrong_usage_is_one_line_and_costs_nothing(
    config: Path, tmp_path: Path, arguments: list[str], named: str, there: str
) -> None:
    given = arguments if "--config" in arguments else ["--config", str(config), *arguments]
    done = siked("run", *given, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert named in done.stderr
    assert there in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "runs").exists()


def test_a_run_names_its_folder_first_and_last_and_shows_its_tables(config: Path, tmp_path: Path) -> None:
    done = siked("run", "--config", str(config), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stdout.strip().splitlines()
    assert first == last == "run folder: runs/additions-scripted-001"
    assert "Combined (iteration 0)" in done.stdout
    assert "SIKeD iteration 1" in done.stdout
    again = siked("run", "--config", str(config), "--out", "runs/additions-scripted-001", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    shown = siked("show", "runs/additions-scripted-001", cwd=tmp_path)
    assert "SIKeD iteration 1" in shown.stdout
    why = siked("why", "runs/additions-scripted-001", "1:0", cwd=tmp_path)
    assert "chosen because" in why.stdout
    solved = siked("solve", "runs/additions-scripted-001", "What is 3 + 4?", cwd=tmp_path)
    assert "answer: " in solved.stdout, solved.stderr


def test_a_damaged_line_is_named_and_can_be_skipped(settings: dict[str, Any], tmp_path: Path) -> None:
    lines = [f'{{"id": "p{i}", "question": "What is {i} + {i * 3}?", "gold": "{i * 4}"}}' for i in range(30)]
    lines[4] = '{"id": "p4", "question": '
    lines[6] = '{"id": "p6", "question": "What is 6 + 6?"}'
    (tmp_path / "train.jsonl").write_text("\n".join(lines) + "\n")
    dataset = {"name": "jsonl", "path_train": "train.jsonl"}
    values = {**settings, "dataset": dataset, "iterations": 0, "controls": [], "evaluate": {"tests": []}}
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(values))
    done = siked("run", "--config", "c.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert "train.jsonl:5" in done.stderr
    assert not (tmp_path / "runs").exists()
    done = siked("run", "--config", "c.yaml", "--skip-bad", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 damaged lines were skipped" in done.stderr
    assert "no gold answer" in done.stderr


@pytest.mark.train
def test_an_unknown_student_is_found_out_before_the_teacher_is_asked(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    done = siked("run", "--student", "no-such-model", "--preset", "tiny", "--limit", "5", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("no-such-model") == 1
    assert "smollm2" in done.stderr
    assert not (tmp_path / "runs").exists()


def test_resuming_what_is_not_there_says_so(tmp_path: Path) -> None:
    done = siked("resume", "runs/none", cwd=tmp_path)
    assert done.returncode == 2
    assert "no run there" in done.stderr


def test_an_interrupted_run_says_how_to_go_on(config: Path, tmp_path: Path) -> None:
    import signal
    import time

    values = yaml.safe_load(config.read_text())
    values["backend"] = {"name": "scripted", "delay": 0.05}
    config.write_text(yaml.safe_dump(values))
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from siked.cli.main import main; main()",
            *("run", "--config", str(config), "--out", "run"),
        ],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        # a shell lets what it starts in the background ignore Ctrl-C, and tests may be started so
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "run" / "logs" / "student.log").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "siked resume run" in said
    assert siked("resume", "run", cwd=tmp_path).returncode == 0

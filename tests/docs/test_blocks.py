"""Every code block of README and docs runs, or says why it does not; every command in them exists.

A comment above a block says how: ``<!-- not run: REASON -->``, ``<!-- slow -->`` for the tests that train a
student, ``<!-- file: NAME -->`` for one that is put into a file. A block whose first line is ``# NAME`` is a
file, too. Blocks of the generated pages are those of the code; ``tests/contracts/test_howto.py`` runs the
distributions of the how-to pages.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

import siked
from siked.cli.main import cli
from siked.cli.reference import PAGES
from siked.cli.run import command as run_command
from siked.cli.run import flags
from siked.config import check_components, load_config
from siked.errors import SikedError
from siked.journal import Reader
from siked.registry import load_registry
from siked.runs.study.plan import load_plan

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DOCS += sorted((ROOT / "plugins").glob("*/README.md"))
HAND = [page for page in DOCS if page.parent.name != "reference" or page.name not in PAGES]
"""Pages that are written by hand; the others are made from the code."""
WHOLE = ("tutorial.md", "from-a-csv-to-a-server.md")
"""Pages that are typed as a whole by tests of their own."""
TYPED = [page for page in HAND if page.name not in WHOLE]
"""Pages whose commands stand for themselves."""
LANGUAGES = {"python", "toml", "yaml", "json", "sql", "sh", "console", "text", "csv"}
OTHERS = {
    "pip",
    "python",
    "python3",
    "make",
    "eval",
    "export",
    "mkdir",
    "cd",
    "source",
    "pytest",
    "tensorboard",
    "trackio",
    "twine",
    ".venv-vllm/bin/pip",
    "kubectl",
    "hf",
    "lm-eval",
    "ray",
    "sbatch",
}
CONTEXT = click.Context(cli, info_name="siked", **cli.context_settings)
FLAGS = [param.name or "" for param in run_command.params]
STAND_INS = {"BACKEND:MODEL": "openai:MODEL", "COMMIT": "0000000", "T": "1"}
"""What a placeholder is taken for where a value has to fit."""


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def siked_lines(page: Path, blocks_of: Callable[[Path], list[Any]]) -> Iterator[list[str]]:
    """Yield the arguments of each ``siked`` command in the blocks of a page."""
    for block in blocks_of(page):
        lines = [line.removeprefix("$ ") for line in block.commands]
        for line in lines if block.language in ("sh", "console") else []:
            for part in re.split(r"\s[|;]\s|&&", line):
                words = shlex.split(part, comments=True)
                if words and words[0] == "siked":
                    yield [word for word in words[1:] if word != "..."]


def parsed(words: list[str]) -> tuple[click.Command, dict[str, Any]]:
    """Parse a command line as click does, without running it; an unknown option raises."""
    command = cli.get_command(CONTEXT, words[0])
    assert command is not None, f"there is no command siked {words[0]}"
    inner = click.Context(command, info_name=words[0], parent=CONTEXT)
    values, rest, _ = command.make_parser(inner).parse_args(args=list(words[1:]))
    if isinstance(command, click.Group) and rest:
        below = command.get_command(inner, rest[0])
        assert below is not None, f"there is no command siked {words[0]} {rest[0]}"
        command, context = below, click.Context(below, info_name=rest[0], parent=inner)
        values, rest, _ = below.make_parser(context).parse_args(args=rest[1:])
    assert not rest, f"{words[0]} takes no {rest}"
    return command, values


# --- each block is accounted for -------------------------------------------------------------------


@pytest.mark.parametrize("page", HAND, ids=_named)
def test_each_block_is_of_a_kind_that_is_tested(page: Path, blocks_of: Any) -> None:
    for block in blocks_of(page):
        scripts = re.findall(r"python (tests/bench/\w+\.py)", block.code)
        if page.parent.name == "results" and scripts:  # pages that a script prints
            assert all((ROOT / script).is_file() for script in scripts), f"{block}: {scripts}"
            continue
        assert block.fenced, f"{block}: fence it, and name its language"
        assert block.language in LANGUAGES, f"{block}: {block.language!r}"
        if block.mark == "not run":
            assert len(block.said.split()) >= 3, f"{block}: say why it is not run"
        if block.language == "python" and not block.mark:
            compile(block.code, str(block), "exec")
        if block.language == "sh":
            known = {shlex.split(line, comments=True)[0] for line in block.commands}
            assert known <= OTHERS | {"siked"}, f"{block}: {known}"
        if block.language == "text" and not block.code.startswith("siked "):
            assert not re.search(r"^\s*(siked|pip|\$) ", block.code, re.M), f"{block}: sh, not text"


# --- commands exist ---------------------------------------------------------------------------------


@pytest.mark.parametrize("page", HAND, ids=_named)
def test_every_command_and_option_exists(page: Path, blocks_of: Any, tmp_path: Path) -> None:
    files = _files(page, blocks_of, tmp_path)
    for words in siked_lines(page, blocks_of):
        try:
            command, values = parsed([STAND_INS.get(word, word) for word in words])
            _complete(command, values)
            if words[0] in ("run", "check", "teach") and values.get("parent") is None:
                _configured(page, files, values)
        except (click.UsageError, SikedError) as error:
            message = error.format_message() if isinstance(error, click.UsageError) else error
            pytest.fail(f"{page.name}: siked {shlex.join(words)}: {message}")


def _files(page: Path, blocks_of: Any, folder: Path) -> Path:
    """Write the files that a page shows; later blocks of a name replace earlier ones."""
    for block in blocks_of(page):
        if block.file and block.language != "python":
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.code, encoding="utf-8")
    return folder


def _complete(command: click.Command, values: dict[str, Any]) -> None:
    """Check that what is needed is given, and numbers and choices by their own limits."""
    for param in command.params:
        value = values.get(param.name or "")
        given = isinstance(value, str | tuple | list | bool | int) and value not in ((), [], None)
        if isinstance(param, click.Argument) and param.required:
            assert given, f"{command.name} needs {param.name}"
        if given and not isinstance(param.type, click.Path | click.File):
            param.type_cast_value(click.Context(command), value)


def _configured(page: Path, folder: Path, values: dict[str, Any]) -> None:
    """Check options and settings of a run; what a page's own plugin offers is not installed here."""
    words = {option: values.get(option) for option in FLAGS}
    words["samples"] = int(words["samples"]) if words["samples"] else None
    file = values.get("file")
    if file is not None:
        assert (folder / file).is_file(), f"no block of the page shows {file}"
        file = folder / file
    own = set(re.findall(r'register\("([\w-]+)"', page.read_text(encoding="utf-8")))
    own |= {Path(name).stem for name in values.get("plugins") or ()}
    config = load_config(
        preset=values.get("preset"), file=file, flags=flags(words), sets=values.get("sets") or ()
    )
    asked = {config.dataset.name, config.verifier.name, config.schedule.name, config.trainer.name}
    asked |= {config.sandbox.name, config.stopping.name, *config.strategy_names}
    teachers = config.teacher.values() if isinstance(config.teacher, dict) else [config.teacher]
    if not own & (asked | {teacher.name for teacher in teachers}):
        check_components(config, load_registry())


@pytest.mark.parametrize("page", [page for page in DOCS if page.parent.name != "results"], ids=_named)
def test_commands_in_sentences_exist(page: Path) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))
    spans = [c.content for t in tokens for c in t.children or () if c.type == "code_inline"]
    own = _added(page)
    for span in spans:
        words = span.split()
        if len(words) < 2 or words[0] != "siked" or words[1].startswith("-") or words[1] in own:
            continue
        command = cli.get_command(CONTEXT, words[1])
        assert command is not None or words[1].isupper(), f"{page.name}: {span}"
        known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}  # type: ignore[union-attr]
        options = {word.partition("=")[0] for word in words[2:] if re.match(r"--?[a-z]", word)}
        assert options <= known | {"--help", "-h"}, f"{page.name}: {span}"


def _added(page: Path) -> set[str]:
    """The commands that the plugin of a page adds."""
    return set(re.findall(r"group\.add_command\((\w+)\)", page.read_text(encoding="utf-8")))


def test_a_synopsis_names_all_options(blocks_of: Any) -> None:
    seen = 0
    for page in HAND:
        for block in blocks_of(page):
            if block.language == "text" and block.code.startswith("siked "):
                seen += 1
                command = cli.get_command(CONTEXT, block.code.split()[1])
                assert command is not None
                longest = {max(p.opts, key=len) for p in command.params if isinstance(p, click.Option)}
                assert set(re.findall(r"--[\w-]+", block.code)) == longest - {"--help"}, str(block)
    assert seen >= 2


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("siked runn x", "runn"),
        ("siked show RUN --jsn", "jsn"),
        ("siked check --set schedul.name=kl", "schedul"),
        ("siked check --set schedule.kep=all", "kep"),
        ("siked run --config none.yaml", "none.yaml"),
        ("siked run --samples many", "many"),
        ("siked why RUN", "needs"),
        ("siked run --schedule no", "no schedule named"),
    ],
)
def test_what_does_not_exist_is_found(line: str, named: str, tmp_path: Path, blocks_of: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Type:\n\n```sh\n{line}\n```\n")
    with pytest.raises((AssertionError, pytest.fail.Exception, click.UsageError, ValueError), match=named):
        test_every_command_and_option_exists(page, blocks_of, tmp_path)


# --- data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", TYPED, ids=_named)
def test_files_of_a_page_are_read(page: Path, blocks_of: Any, tmp_path: Path) -> None:
    before = ""
    for block in blocks_of(page):
        if block.language == "json":
            rows = [json.loads(line) for line in block.code.splitlines()]
            if "gold" in rows[0]:
                path = tmp_path / "train.jsonl"
                path.write_text(block.code, encoding="utf-8")
                read = load_registry().make("dataset", "jsonl", {"path": str(path)})
                assert len(list(read.load("train"))) == len(rows)
        if block.language == "yaml":
            path = tmp_path / (Path(block.file).name or "part.yaml")
            text = before + block.code if block.code.startswith("  ") else block.code
            path.write_text(text, encoding="utf-8")
            if path.name.startswith("grid"):
                assert len(load_plan(path, None).cells) > 1
            elif path.name.startswith("prices"):
                assert all(isinstance(price, dict) for price in yaml.safe_load(text).values())
            else:
                load_config(file=path)
                before = text


# --- quick blocks -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fake_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run on the fakes, which stay installed as long as its pages are typed."""
    site = tmp_path_factory.mktemp("site")
    info = site / "siked_fakes-1.0.dist-info"
    info.mkdir()
    (site / "siked_fakes.py").write_text(FAKES)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: siked-fakes\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[siked]\nsiked-fakes = siked_fakes\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        patch.setenv("PYTHONPATH", str(site))
        settings = {
            "student": {"model": "scripted"},
            "teacher": {"name": "scripted", "skill": 0.8},
            "backend": {"name": "scripted"},
            "trainer": {"name": "instant", "epochs": 1},
            "dataset": {"name": "additions", "train": 16, "dev": 8, "test": 8},
            "sample": {"k": 2},
            "iterations": 1,
        }
        yield siked.run(settings, tmp_path_factory.mktemp("runs") / "fake").folder


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


def stage(folder: Path, run: Path) -> Path:
    """Make what the pages take for granted: finished runs and a few files of the reader's own."""
    for name in ("RUN", "runs/wordproblems-tiny-001", "runs/svamp-smollm2-001"):
        shutil.copytree(run, folder / name)
    (folder / "mine.csv").write_text("question,answer\nWhat is 3 + 4?,7\nWhat is 20 + 5?,25\n")
    (folder / "exam.csv").write_text("Problem,Answer\nWhat is 3 + 4?,7\nWhat is 20 + 5?,25\n")
    (folder / "exam.jsonl").write_text('{"question": "What is 3 + 4?", "gold": 7}\n')
    (folder / "programs.jsonl").write_text('{"id": 1, "program": "answer = 6 * 7"}\n')
    (folder / "answers.jsonl").write_text('{"id": 1, "text": "Final Answer: 42", "gold": "42"}\n')
    return folder


def _may_run(page: Path) -> bool:
    return re.search(r"^```(sh|sql|console|python)$", page.read_text(encoding="utf-8"), re.M) is not None


def _quick(page: Path, blocks_of: Any) -> list[Any]:
    found = [b for b in blocks_of(page) if not b.mark and not b.file and page.parent.name != "results"]
    return [b for b in found if b.language in ("sh", "sql", "python", "console")]


@pytest.mark.parametrize("page", [page for page in TYPED if _may_run(page)], ids=_named)
def test_quick_blocks_run(
    page: Path, blocks_of: Any, fake_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = _quick(page, blocks_of)
    if not blocks:
        return
    needs_torch = any("--dry-run" in block.code for block in blocks)
    if needs_torch and importlib.util.find_spec("trl") is None:
        pytest.skip("needs the packages of siked[train]")
    monkeypatch.chdir(stage(tmp_path, fake_run))
    for block in blocks:
        if block.language == "sql":
            assert Reader.at(Path("RUN")).db.execute(block.code).fetchall(), str(block)
        elif block.language == "python":
            exec(compile(block.code, str(block), "exec"), {})
        elif block.language == "console":
            _session(block)
        else:
            for line in block.commands:
                words = shlex.split(line, comments=True)
                done = CliRunner().invoke(cli, words[1:])
                assert done.exit_code == 0, f"{block}: {line}\n{done.output}\n{done.exception!r}"


def _session(block: Any) -> None:
    """Type the commands of a session and compare what they print; times may differ."""
    typed, *printed = block.code.splitlines()
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", typed.removeprefix("$ ")],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    times = re.compile(r'(?<="seconds": )[\d.e-]+')
    assert times.sub("T", done.stdout).splitlines() == [times.sub("T", line) for line in printed], str(block)


# --- slow blocks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the bundled student, as small as it can be."""
    return siked.run(SMALL, tmp_path_factory.mktemp("runs") / "real").folder


def _has_slow(page: Path) -> bool:
    return "<!-- slow -->" in page.read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize("page", [page for page in TYPED if _has_slow(page)], ids=_named)
def test_slow_blocks_run(page: Path, blocks_of: Any, real_run: Path, tmp_path: Path) -> None:
    """Types all blocks of the page that can be typed, in order, on a student that was really trained."""
    stage(tmp_path, real_run)
    (tmp_path / "small.yaml").write_text(yaml.safe_dump(SMALL))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for block in blocks_of(page):
        if block.mark not in ("", "slow") or block.language not in ("sh", "python") or block.file:
            continue
        # A run on all bundled problems takes minutes; the same on a few does what the page says.
        code = re.sub(r"^siked run (?!.*--dry-run)", "siked run --config small.yaml ", block.code, flags=re.M)
        shell = ["bash", "-euo", "pipefail", "-c", code]
        call = shell if block.language == "sh" else [sys.executable, "-c", code]
        done = subprocess.run(
            call, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"


SMALL = {
    "dataset": {"limit": 40, "dev": 10},
    "sample": {"k": 1},
    "evaluate": {"limit": 4, "when": "ends"},
    "controls": [],
    "iterations": 1,
}

"""What others wrote reaches a terminal as words only, whichever command shows it: tried on a pty.

Ids, questions, texts, verdicts, settings, names of files, folders, data sets and plugins hold sequences that
would set titles, write the clipboard, clear the screen, hide or forge lines, or turn words around.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import FAKES, install

pytestmark = pytest.mark.timeout(180)

HOSTILE = (
    "\x1b]0;owned\x07", "\x1b]52;c;b3duZWQ=\x07", "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]1337;File=inline=1:AAAA\x07", "\x1b[2J\x1b[H", "\x1b[31;1m", "\x1b[8m", "\x1b[1A\x1b[2K",
    "\x1b[?1049h", "\x1b[?25l", "\x1b[6n", "\x1b[5i", "\x1b[20t", "\x1bP+q544e\x1b\\", "\x1b_Gi=1\x1b\\",
    "\x1b^x\x1b\\", "\x1bc", "\x1b(0", "\x1b#8", "\x9b2J", "\x9d0;owned\x9c", "\x90q\x9c", "\x85", "\x84",
    "wrong\rright", "no\b\b\byes", "\x07", "\x7f", "\x0e\x0f", "\x0b\x0c", "\x00", "\u202eabc\u202c",
    "\u2066a\u2069", "\u200f", "\u061c", "\u2028", "\u2029", "\ufff9a\ufffb", "\U000e0041\U000e007f",
    "\x1b\x1b[0m[2J", "[link=http://evil.example]a[/link]", "[bold red]a[/]", "\x1b]0;never ended",
)  # fmt: skip
EVIL = "".join(HOSTILE)
NAME = EVIL.replace("/", "").replace("\0", "")[:120]
"""What a file or an argument may be called."""
OURS = re.compile(r"\x1b\[(?:0|[1-3]|[1-3]?;?3[2-6]|38;5;\d+)m")
"""Colours of tables and bars; red and hidden ones are not among them."""
BARS = re.compile(r"\x1b\[(?:\?25[lh]|1A|2K)|(?<!wrong)\r")
"""How bars are drawn."""


def plant(run: Path) -> None:
    """Write the sequences into every column that a command may show."""
    columns = {
        "problems": ("name", "question", "family"),
        "rationales": ("text", "reason"),
        "verdicts": ("answer", "rule", "flags", "sandbox", "program", "detail"),
        "mixture_rows": ("reason",),
        "calls": ("backend", "provider_id"),
    }
    db = sqlite3.connect(run / "run.db")
    for table, names in columns.items():
        for name in names:
            db.execute(f"UPDATE {table} SET {name} = {name} || ?", (EVIL.replace("\0", ""),))
    db.commit()
    db.close()


def commands(folder: Path) -> dict[str, list[str]]:
    """Return what is tried by name; runs and data lie below ``folder``."""
    lived, planted, odd = (str(folder / name) for name in ("lived", "planted", f"run{NAME}"))
    data = str(folder / "data")
    found: dict[str, list[str]] = {"run": ["run", "-c", "config.yaml", "--out", lived]}
    for kind, run in (("lived", lived), ("planted", planted), ("odd", odd)):
        found |= {
            f"show {kind}": ["show", run],
            f"follow {kind}": ["show", run, "--follow"],
            f"json {kind}": ["show", run, "--json"],
            f"why {kind}": ["why", run, "1:0"],
            f"families {kind}": ["families", run],
            f"report {kind}": ["report", run, "--out", f"{kind}.html"],
            f"replay {kind}": ["replay", run],
            f"solve {kind}": ["solve", run, f"What is 2 + 3?{NAME}"],
            f"export {kind}": ["export", run, "--rationales", "jsonl", "--to", f"{kind}{NAME}"],
            f"resume {kind}": ["resume", run],
            f"diff {kind}": ["diff", run, lived, "--problems", "--rationales"],
            f"fork {kind}": ["run", "--from", f"{run}@0", "--iterations", "0", "--dry-run"],
        }
    return found | {
        "eval": ["eval", lived, "-d", "jsonl", "--set", f"path={data}"],
        "check": ["check", "--config", "config.yaml"],
        "check settings": ["check", "--config", "evil.yaml"],
        "check keys": ["check", "--config", "keys.yaml"],
        "check no yaml": ["check", "--config", "none.yaml"],
        "data set": ["eval", lived, "-d", f"x{NAME}"],
        "strategy": ["run", "--strategy", f"x{NAME}", "--out", "x"],
        "option": ["run", "--set", f"a{NAME}=1", "--out", "x"],
        "flag": ["show", f"--{NAME}"],
        "command": [f"show{NAME}"],
        "row": ["why", lived, f"1:{NAME}"],
        "out": ["run", "-c", "config.yaml", "--out", f"out{NAME}"],
        "plugins": ["plugins"],
        "plugins check": ["plugins", "check", f"x{NAME}"],
        "init": ["init", f"x{NAME}"],
        **{
            f"no such {name}": [name, f"no{NAME}", *more]
            for name, more in {
                "show": [], "why": ["1:0"], "solve": ["q"], "report": [], "replay": [], "resume": [],
                "families": [], "serve": [], "verify": [], "exec": [], "study": [], "archive": ["memory://x"],
                "restore": ["x"], "export": ["--to", "x"], "diff": ["x"], "browse": [],
                "tasks": ["--to", "x"],
            }.items()
        },
    }  # fmt: skip


NAMES = tuple(commands(Path("x")))

SCRIPT = """
import json, os, sys, traceback
from siked.cli.main import main
for number, arguments in enumerate(json.load(open(sys.argv[1]))):
    os.write(1, f"\\n@{number}@\\n".encode())
    try:
        main(arguments)
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush(), sys.stderr.flush()
"""


def on_a_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    process.wait()
    return said.decode("utf-8", "surrogateescape")


def write_data(folder: Path) -> None:
    (folder / "data").mkdir()
    for split, count in (("train", 6), ("dev", 4), ("test", 4)):
        rows = [
            {
                "id": f"{split}{n}{EVIL}",
                "question": f"{EVIL}\nWhat is {n} + 4?",
                "gold": str(n + 4),
                "family": f"family{n % 2}{EVIL}",
            }
            for n in range(count)
        ]
        (folder / "data" / f"{split}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    settings: dict[str, Any] = {
        "student": {"model": "scripted"},
        "teacher": {"name": "scripted", "skill": 0.8},
        "backend": {"name": "scripted"},
        "trainer": {"name": "instant", "epochs": 1},
        "dataset": {"name": "jsonl", "path": str(folder / "data")},
        "sample": {"k": 1},
        "iterations": 1,
        "evaluate": {"forced": True},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings))
    (folder / "evil.yaml").write_text(yaml.safe_dump({**settings, "schedule": {"name": f"s{EVIL}"}}))
    (folder / "keys.yaml").write_text(yaml.safe_dump({**settings, f"key{EVIL}": 1}))
    (folder / "none.yaml").write_text(f"a: [{EVIL}")


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command wrote to its terminal."""
    folder = tmp_path_factory.mktemp("screens")
    install(folder / "site", "siked-fakes", FAKES)
    install(folder / "site", "acme-evil", f"raise ValueError({EVIL!r})")
    metadata = next((folder / "site").glob("acme*evil*.dist-info")) / "METADATA"
    metadata.write_text(
        metadata.read_text() + f"Summary: evil {NAME.replace(chr(13), '')}\n", encoding="utf-8"
    )
    write_data(folder)
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder / "site"),
        "SIKED_STATE": str(folder / "state"),
        "TERM": "xterm-256color",
        "COLUMNS": "120",
    }
    tried = commands(folder)
    first = {"run": tried.pop("run")}
    shown = sequence(first, folder, environment)
    shutil.copytree(folder / "lived", folder / "planted")
    plant(folder / "planted")
    shutil.copytree(folder / "lived", folder / f"run{NAME}")
    return shown | sequence(tried, folder, environment)


def sequence(tried: dict[str, list[str]], folder: Path, environment: dict[str, str]) -> dict[str, str]:
    (folder / "commands.json").write_text(json.dumps(list(tried.values())))
    said = on_a_terminal([sys.executable, "-c", SCRIPT, str(folder / "commands.json")], folder, environment)
    parts = re.split(r"\r?\n@\d+@\r?\n", said)[1:]
    return dict(zip(tried, parts, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_terminal_gets_words_only(name: str, screens: dict[str, str]) -> None:
    said = screens[name]
    assert said.strip()
    assert "Traceback" not in said, said[-2000:]
    text = BARS.sub("", OURS.sub("", said).replace("\r\n", "\n"))
    odd = {c for c in text if c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not odd, (sorted(map(ascii, odd)), [ascii(line) for line in text.splitlines() if odd & set(line)])


@pytest.mark.parametrize("name", ["show planted", "why planted", "families planted", "report planted"])
def test_the_words_around_are_shown(name: str, screens: dict[str, str]) -> None:
    expected = {"show": "accuracy", "why": "What is", "families": "family0", "report": "planted.html"}
    assert expected[name.split()[0]] in screens[name].lower().replace("what", "What"), screens[name][-800:]


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 40
    assert len(NAMES) >= 60

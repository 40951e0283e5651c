"""Folders that somebody sent: they can show wrong numbers, but run no code, lead nowhere, stall nothing.

Every command that opens a run meets every hostile folder. Each ends in its ordinary way or in one line;
what lies outside of the folder is neither read nor changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import siked
from siked.cli.main import cli
from siked.engine import student_cache, weights
from siked.errors import SikedError
from siked.journal import opening
from siked.models import look_up
from siked.models.locate import resolve
from siked.records import Model
from siked.text.terminal import safe

sys.path.insert(0, str(Path(__file__).parents[1]))
from conftest import FAKES, install

SECRET = "SECRET-77d0a1"
pytestmark = pytest.mark.timeout(120)
Damage = Callable[[Path, Path], None]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A finished run of its own making, to be copied and spoilt."""
    folder = tmp_path_factory.mktemp("sent")
    install(folder / "site", "siked-fakes", FAKES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder / "site"))
        patch.setenv("PYTHONPATH", str(folder / "site"))
        settings = {
            "student": {"model": "scripted"},
            "teacher": {"name": "scripted", "skill": 0.8},
            "backend": {"name": "scripted"},
            "trainer": {"name": "instant", "epochs": 1},
            "dataset": {"name": "additions", "train": 8, "dev": 4, "test": 4},
            "sample": {"k": 1},
            "iterations": 1,
        }
        siked.run(settings, folder / "run")
        yield folder / "run"


def sql(*statements: str) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        db = sqlite3.connect(run / "run.db", isolation_level=None)
        for statement in statements:
            db.execute(statement)
        db.close()

    return spoil


def setting(**values: Any) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        db = sqlite3.connect(run / "run.db")
        ((text,),) = db.execute("SELECT value FROM facts WHERE key = 'config'")
        filled = json.loads(json.dumps(values).replace("@OUTSIDE@", str(outside)))
        config = json.loads(text)
        for key, value in filled.items():
            config[key] = {**config[key], **value} if isinstance(value, dict) else value
        db.execute("UPDATE facts SET value = ? WHERE key = 'config'", (json.dumps(config),))
        db.commit()
        db.close()

    return spoil


def link(name: str, to: str) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        place = run / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(outside / to)

    return spoil


def pipe(name: str) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)

    return spoil


def listening(run: Path, outside: Path) -> None:
    (run / "manifest.json").unlink()
    short = Path("/tmp") / f"siked-{os.getpid()}.sock"  # a name of a socket has a hundred bytes at most
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(short))
    short.rename(run / "manifest.json") if short.stat().st_dev == run.stat().st_dev else short.unlink()


def holds(name: str, text: str | bytes) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        (run / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def cut(share: float) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        size = (run / "run.db").stat().st_size
        os.truncate(run / "run.db", int(size * share))

    return spoil


def garbage(run: Path, outside: Path) -> None:
    with (run / "run.db").open("r+b") as file:
        for page in range(1, (run / "run.db").stat().st_size // 4096, 3):
            file.seek(4096 * page + 100)
            file.write(b"\xff\x00garbage" * 100)


def sparse(name: str) -> Damage:
    def spoil(run: Path, outside: Path) -> None:
        os.truncate(run / name, 1 << 40)

    return spoil


def told(*path: Any, value: Any) -> Damage:
    """Put a value somewhere into the summary."""

    def spoil(run: Path, outside: Path) -> None:
        found = summary = json.loads((run / "summary.json").read_text())
        for key in path[:-1]:
            found = found[key]
        found[path[-1]] = value
        (run / "summary.json").write_text(json.dumps(summary))

    return spoil


def code(name: str = "evil.py", version: str = "") -> Damage:
    """Put a plugin file into the run, and say that it was started with that."""

    def spoil(run: Path, outside: Path) -> None:
        source = f"import pathlib\npathlib.Path({str(outside / 'ran')!r}).touch()\n".encode()
        digest = version or hashlib.sha256(source).hexdigest()[:12]
        place = run / "plugins" / hashlib.sha256(source).hexdigest()[:12]
        place.mkdir(parents=True)
        (place / "evil.py").write_bytes(source)
        (outside / "evil.py").write_bytes(source)
        record = {"name": name, "version": digest, "path": "evil.py"}
        filled = json.dumps([record]).replace("@OUTSIDE@", str(outside))
        sql(f"UPDATE events SET data = json_set(data, '$.files', json('{filled}')) WHERE kind = 'started'")(
            run, outside
        )

    return spoil


def deep(run: Path, outside: Path) -> None:
    (run / Path(*["d"] * 60)).mkdir(parents=True)


def loose(run: Path, outside: Path) -> None:
    """Take the types off a table, then put a text where a number belongs."""
    sql(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = 'students'",
        "PRAGMA writable_schema = OFF",
    )(run, outside)
    sql("UPDATE students SET steps = 'many'")(run, outside)


def endless(name: str) -> str:
    rest = ", ".join(f"n AS {column}" for column in ("id", "request", "attempt", "outcome"))
    every = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c)"
    return f"CREATE VIEW {name} AS {every} SELECT {rest} FROM c"


HOSTILE: dict[str, tuple[Damage, str]] = {
    # links out of the folder
    "journal is a link": (link("run.db", "other.db"), "is a link"),
    "write-ahead log is a link": (link("run.db-wal", "victim"), "is a link"),
    "summary is a link": (link("summary.json", "secret.json"), "is a link"),
    "students is a link": (link("students", "folder"), "is a link"),
    "weights are a link": (link("students/1/weights.json", "secret.json"), "is a link"),
    "lock is a link": (link("lock", "victim"), "is a link"),
    "logs is a link": (link("logs", "folder"), "is a link"),
    "settings are a link": (link("config.yaml", "secret.json"), "is a link"),
    "manifest is a link": (link("manifest.json", "secret.json"), "is a link"),
    "report is a link": (link("report.html", "victim"), "is a link"),
    "a link to itself": (lambda run, _: (run / "loop").symlink_to(run), "is a link"),
    # what waits for ever
    "summary is a pipe": (pipe("summary.json"), "is a pipe"),
    "lock is a pipe": (pipe("lock"), "is a pipe"),
    "weights are a pipe": (pipe("students/1/weights.json"), "is a pipe"),
    "rollback journal is a pipe": (pipe("run.db-journal"), "is a pipe"),
    "manifest is a socket": (listening, ""),
    "sixty folders in each other": (deep, "folders in each other"),
    # a database with code in it
    "a trigger": (
        sql("CREATE TRIGGER t AFTER INSERT ON events BEGIN DELETE FROM verdicts; END"),
        "trigger 't' is none of siked's",
    ),
    "a view without end": (
        sql("DROP VIEW current_rationale", endless("current_rationale")),
        "view 'current_rationale' is none",
    ),
    "one view more": (sql("CREATE VIEW v AS SELECT 1"), "view 'v' is none"),
    "one table more": (sql("CREATE TABLE t (a)"), "table 't' is none"),
    "an index on an expression": (sql("CREATE INDEX i ON facts (length(value))"), "index 'i' is none"),
    "a virtual table": (sql("CREATE VIRTUAL TABLE t USING fts5(a)"), "is none of siked's"),
    "a computed column": (
        sql("ALTER TABLE facts ADD COLUMN c TEXT AS (value || value) VIRTUAL"),
        "table 'facts' is none",
    ),
    "a table less": (sql("DROP TABLE tag_scores"), "is missing"),
    # damage
    "another format": (sql("PRAGMA user_version = 99"), "format 99"),
    "an empty journal": (holds("run.db", ""), "cut off at its birth"),
    "no database": (holds("run.db", "this is none" * 500), "not a database"),
    "half a journal": (cut(0.5), "damaged"),
    "a journal without its end": (cut(0.97), "damaged"),
    "garbage in pages": (garbage, "damaged"),
    "a text for a number": (loose, "holds what is no integer"),
    "settings that are no JSON": (sql("UPDATE facts SET value = '{' WHERE key = 'config'"), "holds no JSON"),
    "settings of great depth": (
        sql(f"UPDATE facts SET value = '{'[' * 100_000}' WHERE key = 'config'"),
        "holds no JSON",
    ),
    "settings that are a list": (sql("UPDATE facts SET value = '[]' WHERE key = 'config'"), ""),
    "no settings": (sql("DELETE FROM facts"), ""),
    "events that are no JSON": (sql("UPDATE events SET data = 'x'"), "holds no JSON"),
    "no events": (sql("DELETE FROM events"), ""),
    "mixtures that are no JSON": (sql("UPDATE mixtures SET sources = 'x'"), ""),
    "choices that are no JSON": (sql("UPDATE evaluations SET choice = 'x'"), ""),
    "choices that are a number": (sql("UPDATE evaluations SET choice = '1'"), ""),
    "rows of a text that is not there": (sql("UPDATE mixture_rows SET rationale = 10000000"), ""),
    "an iteration out of all bounds": (
        sql("UPDATE students SET iteration = 9223372036854775807 WHERE iteration = 1"),
        "",
    ),
    "no scores": (sql("DELETE FROM evaluations"), ""),
    "no problems": (sql("PRAGMA foreign_keys = OFF", "DELETE FROM problems"), ""),
    # weights that are elsewhere, or others
    "weights up and out": (sql("UPDATE students SET weights = '../outside/folder'"), "leads out of it"),
    "weights anywhere": (sql("UPDATE students SET weights = '/etc'"), "leads out of it"),
    "weights of half a name": (sql("UPDATE students SET weights = 'students/0' || char(0) || 'x'"), ""),
    "weights that are gone": (lambda run, _: shutil.rmtree(run / "students" / "1"), "are not there"),
    "other weights": (
        holds("students/1/weights.json", '{"skill": 1, "favourite": "pot"}'),
        "not the weights",
    ),
    # settings that reach out
    "an interpreter": (setting(backend={"python": "@OUTSIDE@/evil.py"}), "start the interpreter"),
    "a trainer's interpreter": (setting(trainer={"python": "@OUTSIDE@/evil.py"}), "start the interpreter"),
    "a teacher of others": (setting(teacher={"name": "replay", "model": "@OUTSIDE@/secret.json"}), "--trust"),
    "a model of others": (setting(student={"model": "@OUTSIDE@/folder"}), "load the model"),
    "weights to start from": (setting(student={"weights": "@OUTSIDE@/folder"}), "load the model"),
    "problems of others": (setting(dataset={"name": "jsonl", "path": "@OUTSIDE@/secret.json"}), ""),
    "a verifier that is not there": (setting(verifier={"name": "evil:Class"}), "no verifier named"),
    "a plugin file": (code(), "brings code of its own"),
    "a plugin file from elsewhere": (code("../../../outside/evil.py"), "leads out of it"),
    "a plugin file of a version elsewhere": (code(version="../../outside"), "leads out of it"),
    "a plugin file of another content": (code(version="0" * 12), ""),
    "plugin files that are none": (
        sql("UPDATE events SET data = json_set(data, '$.files', 1) WHERE kind = 'started'"),
        "plugin files are none",
    ),
    # the summary, which is only shown
    "a summary of a tebibyte": (sparse("summary.json"), "longer than"),
    "a summary cut off": (holds("summary.json", '{"format": 1, "run": '), "damaged"),
    "a summary of great depth": (holds("summary.json", "[" * 200_000), "damaged"),
    "a summary that is a list": (holds("summary.json", "[]"), "damaged"),
    "a summary of nothing": (holds("summary.json", "{}"), "damaged"),
    "a summary in another code": (holds("summary.json", b"\xff\xfe{\x00}\x00"), "not UTF-8"),
    "a number without end": (told("iterations", 0, "rows", value=10**400), "out of all bounds"),
    "not a number": (told("iterations", 0, "alpha", value=float("nan")), "out of all bounds"),
    "a number of too many digits": (
        holds("summary.json", '{"seed": ' + "9" * 10_000 + "}"),
        "damaged",
    ),
    "a score that is a text": (told("iterations", 0, "accuracy", "dev", "value", value="high"), "no float"),
    "an interval of one end": (told("iterations", 0, "accuracy", "dev", "ci95", value=[0]), ""),
    "strategies without end": (told("strategies", value=["s" * 50] * 20_000), ""),
    "an iteration that is not there": (told("best_iteration", value=77), ""),
    "votes of another shape": (told("votes", value={"a": [{"mode": 3}]}), ""),
    "a title for the terminal": (told("run", value="\x1b]0;owned\x07\x1b[2J\u202egpj"), ""),
    "a manifest that is a list": (holds("manifest.json", "[1]"), ""),
    "a manifest of another shape": (holds("manifest.json", '{"starts": [{"components": [1]}]}'), ""),
    "half a character": (holds("manifest.json", '{"id": "\\ud800"}'), ""),
}


SHOWN = (
    "a summary",
    "a manifest",
    "a number",
    "not a number",
    "a score",
    "an interval",
    "votes",
    "strategies",
)
"""What concerns only commands that show a run."""


def commands(run: Path, scratch: Path) -> list[list[str]]:
    return [
        ["show", str(run)],
        ["show", str(run), "--json"],
        ["why", str(run), "1:0"],
        ["report", str(run), "--out", str(scratch / "report.html")],
        ["export", str(run), "--rationales", "jsonl", "--to", str(scratch / "rationales")],
        ["export", str(run), "--to", str(scratch / "student")],
        ["run", "--from", f"{run}@0", "--out", str(scratch / "fork"), "--iterations", "1", "--dry-run"],
        ["replay", str(run)],
        ["show", str(run), "--follow"],
        ["families", str(run)],
        ["diff", str(run), str(run)],
        ["browse", str(run)],
        ["solve", str(run), "What is 2 + 3?"],
        ["eval", str(run), "-d", "additions", "--limit", "1"],
        ["serve", str(run)],
        ["resume", str(run)],
    ]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """What belongs to the user, and what a folder may point to."""
    place = tmp_path / "outside"
    (place / "folder").mkdir(parents=True)
    (place / "victim").write_text("precious")
    (place / "secret.json").write_text(json.dumps({"question": SECRET, "gold": "1"}))
    (place / "folder" / "weights.json").write_text(json.dumps({"skill": 1.0, "favourite": SECRET}))
    (place / "evil.py").write_text(f"#!/bin/sh\ntouch {place}/ran\n")
    (place / "evil.py").chmod(0o755)
    sqlite3.connect(place / "other.db").close()
    return place


def snapshot(folder: Path) -> dict[str, Any]:
    return {
        str(path): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns)
        for path in [folder, *sorted(folder.rglob("*"))]
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_a_folder_that_somebody_sent(
    name: str, sent: Path, outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, expected = HOSTILE[name]
    # Another user, who uses that plugin but made none of these runs.
    monkeypatch.setenv("SIKED_STATE", str(tmp_path / "state"))
    uvicorn = pytest.importorskip("uvicorn")
    # What is served is served for ever.
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: None)
    monkeypatch.setattr(uvicorn.Server, "run", lambda self, **options: None)
    run = tmp_path / "run"
    shutil.copytree(sent, run)
    _agree(sent)
    spoil(run, outside)
    before = snapshot(outside)
    said = ""
    for number, command in enumerate(commands(run, tmp_path)):
        if name.startswith(SHOWN) and command[0] not in ("show", "report"):
            continue
        opening._looked_through.clear()
        weights._hash.cache_clear()
        done = CliRunner().invoke(cli, command)
        if done.exception is not None and not isinstance(done.exception, SikedError | SystemExit):
            raise AssertionError(f"{command} crashed on {name!r}") from done.exception
        text = done.output + (str(done.exception) if isinstance(done.exception, SikedError) else "")
        assert SECRET not in text, command
        if number != 1:  # JSON escapes what it must by itself
            assert safe(done.output) == done.output, command
        said += text
    assert snapshot(outside) == before
    assert expected in said, said[-3000:]
    assert not any(SECRET.encode() in path.read_bytes() for path in run.rglob("*") if _plain(path))


def _agree(run: Path) -> None:
    """Remember what a run of this user's own has used."""
    from siked.registry import load_registry
    from siked.runs.run import Run, stored_config
    from siked.runs.trust import agree

    agree(stored_config(Run(run).journal), load_registry())


def _plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size < 1 << 30


def test_what_the_user_trusts_is_used(sent: Path, outside: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("SIKED_STATE", str(tmp_path / "state"))
    run = tmp_path / "run"
    shutil.copytree(sent, run)
    setting(backend={"python": sys.executable})(run, outside)
    refused = CliRunner().invoke(cli, ["solve", str(run), "What is 2 + 3?"])
    assert "siked-fakes" in str(refused.exception)
    assert sys.executable in str(refused.exception)
    for extra in (["--trust"], []):
        done = CliRunner().invoke(cli, ["solve", str(run), "What is 2 + 3?", *extra])
        assert done.exit_code == 0, done.exception


def test_a_command_and_a_tracker_are_asked_for() -> None:
    from siked.config import load_config
    from siked.registry import load_registry
    from siked.runs.trust import reaches

    trainer = {"launcher": "sh -c evil", "report_to": "wandb"}
    found = reaches(load_config(flags={"trainer": {"name": "trl", **trainer}}), load_registry())
    assert "start the command 'sh -c evil' (trainer, launcher)" in found
    assert "report trainings to 'wandb' (trainer, report_to)" in found
    usual = reaches(load_config(flags={}), load_registry())
    assert not [one for one in usual if "command" in one or "report" in one]


# --- models -------------------------------------------------------------------------------------


def tiny(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(resolve(Model(name="tiny")).path, folder)
    return folder


def configured(**values: Any) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return spoil


def replaced(name: str, content: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def fed(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")


def both(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"base_model_name_or_path": "/elsewhere"}')
    (folder / "adapter_model.safetensors").write_bytes(b"")


def huge(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((1 << 62).to_bytes(8, "little") + b"{}")


MODELS: dict[str, tuple[Callable[[Path], None], str]] = {
    "code of its own": (configured(auto_map={"AutoModelForCausalLM": "evil.Model"}), "auto_map"),
    "a kernel of the Hub": (configured(attn_implementation="evil/kernel"), "kernel"),
    "a kernel deep inside": (configured(text_config={"_attn_implementation": "evil/k"}), "kernel"),
    "layers without end": (configured(num_hidden_layers=10**9), "num_hidden_layers"),
    "a vocabulary without end": (configured(vocab_size=10**12), "vocab_size"),
    "a pickle": (pickled, "no *.safetensors"),
    "a tokenizer that is a pipe": (fed, "neither a file"),
    "a model and an adapter": (both, "both an adapter and a whole model"),
    "a link to nowhere": (lambda f: (f / "merges.txt").symlink_to("/nowhere/x"), "link to nowhere"),
    "a link to a device": (lambda f: (f / "merges.txt").symlink_to("/dev/zero"), "neither a file"),
    "settings of great depth": (replaced("config.json", b"[" * 100_000), "not JSON"),
    "settings that are a list": (replaced("config.json", b"[]"), "not an object"),
    "a tokenizer with code": (
        lambda f: replaced("tokenizer_config.json", b'{"auto_map": {"AutoTokenizer": ["evil.T", null]}}')(f),
        "auto_map",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_somebody_sent(name: str, tmp_path: Path) -> None:
    spoil, expected = MODELS[name]
    folder = tiny(tmp_path)
    spoil(folder)
    done = CliRunner().invoke(cli, ["solve", str(folder), "What is 2 + 3?"])
    assert isinstance(done.exception, SikedError), done.output
    assert expected in str(done.exception)
    with pytest.raises(SikedError):
        look_up(Model(name=str(folder)))


def test_a_module_that_an_adapter_names_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"peft_type": "LORA", "megatron_config": {"a": 1}, "megatron_core": "antigravity"})
    )
    (tmp_path / "adapter_model.safetensors").write_bytes(b"")
    with pytest.raises(SikedError, match="megatron_config"):
        look_up(Model(name="tiny", weights=str(tmp_path)))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 8,
        (1 << 62).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1000000]}}',
        (60).to_bytes(8, "little") + b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[-9,4     ]}}',
        (9).to_bytes(8, "little") + b'{"a": {}}',
        (40).to_bytes(8, "little") + b"[" * 40,
    ],
    ids=range(8),
)
def test_tensors_that_do_not_lie_in_their_file(content: bytes, tmp_path: Path) -> None:
    from siked.models import weights_hash

    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(SikedError, match="not a safetensors file"):
        weights_hash(tmp_path)


# --- caches -------------------------------------------------------------------------------------


def texts_sql(*statements: str) -> Damage:
    def spoil(cache: Path, outside: Path) -> None:
        db = sqlite3.connect(cache / "texts.db", isolation_level=None)
        for statement in statements:
            db.execute(statement)
        db.close()

    return spoil


def student(change: Callable[[Path], None]) -> Damage:
    def spoil(cache: Path, outside: Path) -> None:
        for place in (cache / "students").iterdir():
            change(place)

    return spoil


CACHES: dict[str, tuple[Damage, str]] = {
    "texts are a link": (link("texts.db", "other.db"), "is a link"),
    "texts are a pipe": (pipe("texts.db"), "is a pipe"),
    "texts are none": (holds("texts.db", "none" * 900), "not a database"),
    "texts with a trigger": (
        texts_sql("CREATE TRIGGER t AFTER INSERT ON texts BEGIN DELETE FROM texts; END"),
        "trigger 't'",
    ),
    "texts that are a view": (
        texts_sql("DROP TABLE texts", "CREATE VIEW texts AS SELECT 1 AS key"),
        "none of siked's",
    ),
    "texts of other columns": (
        texts_sql("DROP TABLE texts", "CREATE TABLE texts (key TEXT PRIMARY KEY)"),
        "none of siked's",
    ),
    "texts that are numbers": (texts_sql("UPDATE texts SET text = x'00ff'"), "holds what is no text"),
    "outcomes of others": (texts_sql("UPDATE texts SET outcome = 'owned'"), ""),
    "students elsewhere": (
        student(lambda place: link("weights", "folder")(place, place.parents[2] / "outside")),
        "is a link",
    ),
    "other weights": (
        student(lambda place: (place / "weights" / "weights.json").write_text('{"skill": 1}') and None),
        "not the student",
    ),
    "a record of another shape": (
        student(lambda place: (place / "trained.json").write_text('{"steps": "x"}') and None),
        "not the student",
    ),
    "a record that is a pipe": (student(lambda place: pipe("trained.json")(place, place)), "is a pipe"),
}


@pytest.fixture(scope="module")
def filled(sent: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A cache that a run has filled, and the settings of that run."""
    folder = tmp_path_factory.mktemp("filled")
    settings = {
        "student": {"model": "scripted"},
        "teacher": {"name": "scripted", "skill": 0.8},
        "backend": {"name": "scripted"},
        "trainer": {"name": "instant", "epochs": 1},
        "dataset": {"name": "additions", "train": 8, "dev": 4, "test": 4},
        "sample": {"k": 1},
        "iterations": 0,
    }
    siked.run(settings, folder / "run", cache=folder / "cache")
    assert list((folder / "cache" / "students").iterdir())
    return folder / "cache", settings


@pytest.mark.parametrize("name", CACHES)
def test_a_cache_that_somebody_sent(
    name: str, filled: tuple[Path, dict[str, Any]], outside: Path, tmp_path: Path
) -> None:
    spoil, expected = CACHES[name]
    kept, settings = filled
    shutil.copytree(kept, tmp_path / "cache")
    spoil(tmp_path / "cache", outside)
    before = snapshot(outside)
    opening._looked_through.clear()
    said = ""
    try:
        siked.run(settings, tmp_path / "run", cache=tmp_path / "cache")
    except SikedError as error:
        said = str(error)
    assert expected in said
    assert snapshot(outside) == before


def test_a_student_of_the_cache_is_the_one_that_was_put_there(
    filled: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    (place,) = (filled[0] / "students").iterdir()
    trained = student_cache.take(filled[0], place.name, tmp_path)
    assert trained is not None
    assert trained.weights == str(tmp_path)


# --- files of settings ---------------------------------------------------------------------------

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
FILES = {
    "growing": (LAUGHS, "once its aliases are filled in"),
    "holding itself": ("a: &a [*a]", "once its aliases are filled in"),
    "code": ("a: !!python/object/apply:os.system ['touch /tmp/owned']", "not YAML"),
    "deep": ("[" * 20_000, "not YAML"),
    "long": ("#" * (2 << 20), "longer than"),
    "a number of many digits": ("seed: " + "9" * 100_000, ""),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["check --config", "study"])
def test_settings_that_somebody_sent(name: str, command: str, tmp_path: Path) -> None:
    text, expected = FILES[name]
    (tmp_path / "sent.yaml").write_text(text)
    done = CliRunner().invoke(cli, [*command.split(), str(tmp_path / "sent.yaml")])
    assert isinstance(done.exception, SikedError), done.exception
    assert expected in str(done.exception)
    assert len(str(done.exception)) < 1000


@pytest.mark.parametrize(
    "text", ["name: ../up\ncells: {a: {}}", "name: /tmp/a\ncells: {a: {}}", "cells: {..: {}}"]
)
def test_the_names_of_a_study_make_no_folder_elsewhere(text: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(text)
    done = CliRunner().invoke(cli, ["study", str(tmp_path / "study.yaml")])
    assert isinstance(done.exception, SikedError)
    assert "name" in str(done.exception)


def test_settings_in_a_pipe_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "sent.yaml")
    done = CliRunner().invoke(cli, ["study", str(tmp_path / "sent.yaml")])
    assert "is no file" in str(done.exception)

"""Archives that somebody sent: ``siked restore`` ends in a line and writes and waits nowhere."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec")
pytest.importorskip("pyarrow")

import pyarrow
from click.testing import CliRunner
from pyarrow import parquet

import siked
from siked.cli.main import cli
from siked.errors import SikedError
from siked.runs.archive import INDEX, Archive

pytestmark = [pytest.mark.timeout(120)]
Damage = Callable[[Path], None]


def index(change: Callable[[dict[str, Any]], Any]) -> Damage:
    def spoil(store: Path) -> None:
        found = json.loads((store / INDEX).read_text())
        replaced = change(found)
        (store / INDEX).write_text(json.dumps(found if replaced is None else replaced))

    return spoil


def first(store: Path) -> Path:
    return store / str(json.loads((store / INDEX).read_text())["shards"][0]["file"])


def holds(text: bytes) -> Damage:
    return lambda store: (store / INDEX).write_bytes(text) and None


def piece(content: bytes) -> Damage:
    return lambda store: first(store).write_bytes(content) and None


def table(**columns: list[Any]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()


def named(name: str) -> Damage:
    return index(lambda found: found["files"].update({name: [1, 1]}))


def pipe(store: Path) -> None:
    first(store).unlink()
    os.mkfifo(first(store))


def waiting(store: Path) -> None:
    (store / INDEX).unlink()
    os.mkfifo(store / INDEX)


def of_table(name: str) -> Damage:
    return index(lambda found: found["shards"][0].update(table=name))


def device(store: Path) -> None:
    first(store).unlink()
    first(store).symlink_to("/dev/zero")


def sparse(store: Path) -> None:
    os.truncate(first(store), 1 << 43)


def many(store: Path) -> None:
    index(lambda found: found["shards"][0].update(rows=10**9))(store)


ARCHIVES: dict[str, tuple[Damage, str]] = {
    "a name up and out": (named("../out"), "leads out"),
    "a name from the root": (named("/tmp/owned"), "leads out"),
    "a name of nothing": (named(""), "leads out"),
    "half a name": (named("a\0b"), "leads out"),
    "a journal beside the journal": (named("run.db"), "'run.db'"),
    "a rollback journal": (named("run.db-journal"), "'run.db-journal'"),
    "a lock": (named("./lock"), "'lock'"),
    "a file that is not there": (named("students/9/x"), "damaged"),
    "a piece elsewhere": (index(lambda f: f["shards"][0].update(file="../../secret")), "leads out"),
    "a piece that is gone": (lambda store: first(store).unlink(), "damaged"),
    "a piece that is a pipe": (pipe, "is a pipe"),
    "a piece that is a device": (device, "is a link"),
    "a piece of 8 TiB": (sparse, "bytes, and"),
    "a piece that is empty": (piece(b""), "damaged"),
    "a piece that is none": (piece(b"PAR1 none PAR1"), "damaged"),
    "a piece of other columns": (piece(table(evil=[1])), ""),
    "a piece of statements": (piece(table(**{"key) SELECT 1 --": ["a"]})), ""),
    "a piece of rows that fit none": (piece(table(key=[None], value=[None])), ""),
    "a table of SQLite's own": (of_table("sqlite_master"), "fits no journal"),
    "a table of statements": (of_table("facts; DROP TABLE facts"), "fits no journal"),
    "rows without end": (many, "rows"),
    "an index that is none": (holds(b"none"), "damaged"),
    "an index of great depth": (holds(b"[" * 200_000), "damaged"),
    "an index that is a list": (holds(b"[]"), "damaged"),
    "an index of nothing": (holds(b"{}"), "damaged"),
    "an index of 1 TiB": (lambda store: os.truncate(store / INDEX, 1 << 40), "longer than"),
    "an index that is a pipe": (waiting, "is a pipe"),
    "files that are a number": (index(lambda f: f.update(files=3)), "damaged"),
    "pieces that are texts": (index(lambda f: f.update(shards=["a"])), "damaged"),
    "another format": (index(lambda f: f.update(journal=99)), "format 99"),
    "a format that is none": (index(lambda f: f.update(journal="x")), "damaged"),
    "half a character": (named("\ud800"), "damaged"),
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from conftest import FAKES, install

    folder = tmp_path_factory.mktemp("archives")
    install(folder / "site", "siked-fakes", FAKES)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder / "site"))
        patch.setenv("PYTHONPATH", str(folder / "site"))
        settings = {
            "student": {"model": "scripted"},
            "teacher": {"name": "scripted"},
            "backend": {"name": "scripted"},
            "trainer": {"name": "instant"},
            "dataset": {"name": "additions", "train": 4, "dev": 2, "test": 2},
            "iterations": 0,
        }
        siked.run(settings, folder / "run")
    Archive(f"file://{folder}/store").push(folder / "run")
    return folder / "store"


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_somebody_sent(name: str, store: Path, tmp_path: Path) -> None:
    spoil, expected = ARCHIVES[name]
    shutil.copytree(store, tmp_path / "in" / "store")
    (tmp_path / "secret").write_text("SECRET")
    spoil(tmp_path / "in" / "store")
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    done = CliRunner().invoke(cli, ["restore", f"file://{tmp_path}/in/store", str(tmp_path / "run")])
    assert isinstance(done.exception, SikedError), (done.output, done.exception)
    assert expected in str(done.exception)
    assert len(str(done.exception)) < 1000
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


def test_an_archive_that_is_one_is_restored(store: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["restore", f"file://{store}", str(tmp_path / "run")])
    assert done.exit_code == 0, done.exception
    assert CliRunner().invoke(cli, ["show", str(tmp_path / "run")]).exit_code == 0

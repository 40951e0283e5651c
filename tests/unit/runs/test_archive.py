"""A run on other storage comes back as it was, and one machine at a time works on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import siked
from siked.errors import RunLocked, UsageError
from siked.journal import Reader
from siked.journal.canonical import digest
from siked.runs.archive import INDEX, Archive

pytest.importorskip("fsspec", reason="pip install 'siked[storage]'")
pytest.importorskip("pyarrow", reason="pip install 'siked[storage]'")


def rows(folder: Path) -> str:
    reader = Reader.at(folder)
    try:
        return digest(reader)
    finally:
        reader.close()


def test_a_run_is_there_after_every_step_and_goes_on_elsewhere(
    settings: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"file://{tmp_path}/store/one"
    named: list[int] = []
    push = Archive.push

    def counted(self: Archive, folder: Path) -> int:
        sent = push(self, folder)
        named.append(len(json.loads((tmp_path / "store/one" / INDEX).read_text())["shards"]))
        return sent

    monkeypatch.setattr(Archive, "push", counted)
    settings = {**settings, "controls": [], "iterations": 1}
    first = siked.run(settings, tmp_path / "first", sync=url)
    assert named == sorted(named)
    assert len(set(named)) > 5, "rows came with every step"
    Archive(url).pull(tmp_path / "second")
    assert rows(tmp_path / "second") == rows(first.folder)
    assert siked.Run(tmp_path / "second").summary == first.summary
    more = siked.resume(tmp_path / "second", iterations=2)
    assert rows(more.folder) == rows(siked.resume(first.folder, iterations=2).folder)


def test_only_what_is_new_is_sent(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**settings, "controls": [], "iterations": 0}, tmp_path / "run")
    archive = Archive("memory://only-new")
    whole = archive.push(run.folder)
    again = archive.push(run.folder)
    assert again < whole / 3, "the index alone"
    with pytest.raises(UsageError, match="exists already"):
        archive.pull(run.folder)
    with pytest.raises(UsageError, match="no archive of a run"):
        Archive("memory://nothing-here").pull(tmp_path / "other")


@pytest.mark.parametrize("store", ["memory", "file"])
def test_one_machine_at_a_time_has_the_lock(store: str, tmp_path: Path) -> None:
    url = "memory://locked" if store == "memory" else f"file://{tmp_path}/locked"
    one, two = Archive(url).lock, Archive(url).lock
    with (
        one.held(beat=0.05),
        pytest.raises(RunLocked, match=r"process \d+ on .* works on it"),
        two.held(stale=2, settle=0),
    ):
        pytest.fail("two have the lock")
    with two.held(stale=0.5, settle=0):
        pass


def test_a_lock_that_stands_still_is_taken_over_and_its_owner_writes_no_more(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/stale"
    one, two = Archive(url).lock, Archive(url).lock
    with one.held(beat=1000), two.held(stale=0.3, settle=0.05):
        two.check()
        with pytest.raises(RunLocked, match="has taken it over; nothing more is written there"):
            one.check()


@pytest.mark.parametrize("kind", ["files", "shards"])
def test_a_foreign_archive_leads_nowhere(kind: str, settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**settings, "controls": [], "iterations": 0}, tmp_path / "run")
    url = f"file://{tmp_path}/store/{kind}"
    Archive(url).push(run.folder)
    place = tmp_path / "store" / kind / INDEX
    index = json.loads(place.read_text())
    if kind == "files":
        index["files"]["../../out"] = [1, 1]
    else:
        index["shards"][0]["file"] = "../../out"
    place.write_text(json.dumps(index))
    (tmp_path / "store" / "out").write_text("secret")
    with pytest.raises(UsageError, match="leads out of it"):
        Archive(url).pull(tmp_path / "second")
    assert not (tmp_path / "second").exists()
    assert not (tmp_path / "out").exists()


def test_a_piece_that_fits_no_journal_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    run = siked.run({**settings, "controls": [], "iterations": 0}, tmp_path / "run")
    url = f"file://{tmp_path}/store/one"
    Archive(url).push(run.folder)
    place = tmp_path / "store/one" / INDEX
    index = json.loads(place.read_text())
    index["shards"][0]["table"] = "facts SELECT 1, 2 --"
    place.write_text(json.dumps(index))
    with pytest.raises(UsageError, match="fits no journal"):
        Archive(url).pull(tmp_path / "second")

"""Texts of a cache: asked for once, whoever runs, and never taken for others."""

import sqlite3
from pathlib import Path
from typing import Any

import siked
from siked.journal.canonical import digest


def calls(run: siked.Run) -> int:
    (row,) = run.journal.rows("SELECT coalesce(sum(requests), 0) AS n FROM calls")
    return int(row["n"])


def test_a_second_run_asks_for_nothing_and_has_the_same_journal(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = siked.run(settings, tmp_path / "one", cache=cache)
    again = siked.run(settings, tmp_path / "two", cache=cache)
    assert calls(first) > 0
    assert calls(again) == 0
    assert digest(first.journal) == digest(again.journal)


def test_other_seeds_and_other_options_ask_again(settings: dict[str, Any], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = siked.run(settings, tmp_path / "one", cache=cache)
    seed = siked.run({**settings, "seed": 9}, tmp_path / "seed", cache=cache)
    # The teacher has a seed of its own, and its texts are shared; greedy texts of the base are not made.
    assert 0 < calls(seed) < calls(first)
    backend = {**settings["backend"], "skill": 0.31}
    other = siked.run({**settings, "backend": backend}, tmp_path / "other", cache=cache)
    assert calls(other) > 0


def test_a_cache_serves_runs_at_the_same_time(settings: dict[str, Any], tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def one(number: int) -> str:
        run = siked.run(settings, tmp_path / f"run-{number}", cache=tmp_path / "cache")
        found = digest(run.journal)
        run.journal.close()
        return found

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(one, range(3)))) == 1


def test_failed_requests_are_not_kept(settings: dict[str, Any], tmp_path: Path) -> None:
    siked.run(settings, tmp_path / "one", cache=tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / "texts.db") as db:
        assert {row[0] for row in db.execute("SELECT DISTINCT outcome FROM texts")} <= {"ok", "cut"}

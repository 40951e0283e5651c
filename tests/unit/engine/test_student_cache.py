"""Students of a cache: equal trainings are done once, others never taken for them."""

from pathlib import Path
from typing import Any

import siked
from siked.journal.canonical import digest


def trainings(cache: Path) -> set[str]:
    return {path.name for path in (cache / "students").iterdir()}


def test_a_second_run_trains_nothing_and_has_the_same_journal(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    first = siked.run(settings, tmp_path / "one", cache=cache)
    kept = trainings(cache)
    again = siked.run(settings, tmp_path / "two", cache=cache)
    assert trainings(cache) == kept
    assert len(kept) == 5
    assert digest(first.journal) == digest(again.journal)


def test_runs_share_iteration_0_and_part_where_they_differ(settings: dict[str, Any], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    settings = {**settings, "iterations": 1, "controls": []}
    siked.run(settings, tmp_path / "adaptive", cache=cache)
    assert len(trainings(cache)) == 2
    siked.run({**settings, "schedule": {"name": "self"}}, tmp_path / "self", cache=cache)
    assert len(trainings(cache)) == 3
    siked.run({**settings, "seed": 9}, tmp_path / "seed", cache=cache)
    assert len(trainings(cache)) == 5


def test_the_cache_changes_nothing_of_a_run(settings: dict[str, Any], tmp_path: Path) -> None:
    without = siked.run(settings, tmp_path / "without")
    with_cache = siked.run(settings, tmp_path / "with", cache=tmp_path / "cache")
    assert digest(without.journal) == digest(with_cache.journal)

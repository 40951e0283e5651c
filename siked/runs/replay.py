"""``siked replay``: verify and mix a run again from its journal, without a model, and compare."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siked.config import ComponentConfig
from siked.engine.mix import mix
from siked.engine.progress import Reporter
from siked.engine.state import State
from siked.engine.upgrade import bring_up_to_date, judged_together, name_verifiers
from siked.engine.verify import judge_stages
from siked.files import check_tree
from siked.journal import Journal, Reader
from siked.journal.copies import copy_for_replay
from siked.journal.queries import mixtures, verdicts
from siked.registry import Registry
from siked.runs.run import stored_config
from siked.runs.trust import check


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a replay."""

    verdicts: int
    """Verdicts given again."""
    changed: list[tuple[dict[str, Any], str]]
    """Verdicts of the run that are others now, each with the new word."""
    mixtures: dict[int, tuple[int, int, int, bool]]
    """Iteration to (rows, rows that are new, rows that are gone, the same rows in the same order)."""

    @property
    def same(self) -> bool:
        """Whether every verdict and every row is the run's."""
        return not self.changed and all(equal for *_, equal in self.mixtures.values())


def replay(
    folder: Path,
    scratch: Path,
    registry: Registry,
    reporter: Reporter,
    verifier: str = "",
    trust: bool = False,
) -> Replayed:
    """Verify and mix again in a copy of the journal in ``scratch``, an empty folder; the run stays as it is.

    ``verifier`` judges in place of the run's. Samples are those that the run's own students drew,
    since nothing is sampled again.
    """
    check_tree(folder)
    source = Reader.at(folder)
    config = stored_config(source)
    check(folder, config, registry, trust)
    if verifier:
        config = config.model_copy(update={"verifier": ComponentConfig(name=verifier), "labels": None})
    copy_for_replay(source, scratch / "run.db")
    state = State(
        folder=scratch,
        config=config,
        registry=registry,
        journal=Journal.open(scratch / "run.db"),
        reporter=reporter,
        observed=False,
    )
    try:
        name_verifiers(state)
        for stages in judged_together(verdicts.stages(state.journal)):
            judge_stages(state, stages)
        bring_up_to_date(state)
        for iteration in mixtures.rows_by_iteration(source):
            mix(state, iteration)
        before, after = verdicts.words(source), verdicts.words(state.journal)
        return Replayed(
            verdicts=len(after),
            changed=[
                (row, after[place][0] if place in after else "no verdict")
                for place, (word, row) in before.items()
                if place not in after or after[place][0] != word
            ],
            mixtures=_compared(source, state.journal),
        )
    finally:
        state.close()
        source.close()


def _compared(before: Reader, after: Reader) -> dict[int, tuple[int, int, int, bool]]:
    found: dict[int, tuple[int, int, int, bool]] = {}
    old, new = mixtures.rows_by_iteration(before), mixtures.rows_by_iteration(after)
    for iteration, rows in old.items():
        again = new.get(iteration, [])
        had, has = {row[0] for row in rows}, {row[0] for row in again}
        found[iteration] = (len(again), len(has - had), len(had - has), rows == again)
    return found

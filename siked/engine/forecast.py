"""How long a run will still take, from what its own steps took."""

from __future__ import annotations

from collections.abc import Iterator

from siked.config import RunConfig
from siked.journal import Reader, Stage
from siked.journal.queries import scores, texts

MAIN = "main"
UNTRAINED = ("votes", "best-strategy")
"""Controls that train no student."""


def remaining(journal: Reader, config: RunConfig) -> float | None:
    """Return the seconds from the last finished step to the end of a run; None while anything that is
    missing has no like that was timed.

    A missing step is taken to last as its like did last. Before the first sampling, its texts are taken to
    last as those of the scoring on dev did. A run that stops early takes less; votes are not counted.
    """
    took: dict[str, float] = {}
    done = set()
    for timing in scores.timings(journal):
        done.add(Stage(timing.track, timing.iteration, timing.step))
        took[timing.step] = timing.seconds
    rest = 0.0
    for stage in planned(config):
        if stage in done:
            continue
        if stage.step == "sample" and "sample" not in took and "evaluate" in took:
            took["sample"] = took["evaluate"] * _sampled(journal, config)
        if stage.step not in took:
            return None
        rest += took[stage.step]
    return rest


def planned(config: RunConfig) -> Iterator[Stage]:
    """Yield the steps of a run that take long, in order."""
    yield Stage(MAIN, 0, "teach")
    last = config.iterations
    for t in range(last + 1):
        if t:
            yield Stage(MAIN, t, "sample")
        yield Stage(MAIN, t, "train")
        yield Stage(MAIN, t, "evaluate")
        if t in (0, last) or config.evaluate.when == "every":
            yield Stage(MAIN, t, "test")
    for name in config.controls if last else ():
        if name not in UNTRAINED:
            for t in range(1 if name == "equal-steps" else last, last + 1):
                yield Stage(name, t, "train")
            yield Stage(name, last, "evaluate")
            yield Stage(name, last, "test")


def _sampled(journal: Reader, config: RunConfig) -> float:
    """Return how many times as many texts a sampling has as a scoring on dev."""
    counts: dict[str, int] = {}
    for row in texts.problem_counts(journal):
        counts[row["split"]] = counts.get(row["split"], 0) + row["problems"]
    forced = len(config.strategies) if config.evaluate.forced else 0
    asked = counts.get("train", 0) * len(config.strategies) * config.sample.k
    return asked / max(counts.get("dev", 0) * (1 + forced), 1)

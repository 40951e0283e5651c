"""Two runs beside each other: what they were made of, what they trained on, and what they solve."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

from siked.config import without_placement
from siked.engine.comparisons import score_dict
from siked.engine.state import MAIN
from siked.engine.stats import paired, score
from siked.errors import UsageError
from siked.journal import Stage
from siked.journal.queries import compare, mixtures, scores
from siked.journal.queries.compare import Answered
from siked.journal.starts import starts
from siked.runs.run import Run, stored_config
from siked.runs.study.compare import holm

At = int | Literal["last", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the runs, and which of its students is compared."""

    run: str
    finished: bool
    seed: int
    iteration: int | None
    """Whose answers are compared; None where no student was scored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A setting or a version that is not the same in both; None is what a run does not have."""

    what: str
    a: str | None
    b: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A split of a data set: problems in each run, and those that are the same in name, question and gold."""

    dataset: str
    split: str
    a: int
    b: int
    same: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed:
    """The mixtures of an iteration, as they stand in summary.json; None where there is none."""

    iteration: int
    a: dict[str, Any] | None
    b: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The students' free choices on a set.

    ``difference`` is b's share of problems solved less a's, over the ``n`` problems that both have and that
    are the same in both, with the 95 % interval of Agresti and Min; ``p`` is the mid-p of McNemar's test.
    """

    set: str
    a: dict[str, Any] | None
    b: dict[str, Any] | None
    n: int
    gained: int
    """Solved by b alone."""
    lost: int
    """Solved by a alone."""
    both: int
    difference: float | None
    ci95: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    """``p`` after Holm's step-down over the test sets; None on dev, which chose among students."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A problem that one of the students solves and the other does not."""

    set: str
    problem: str
    solved_by: Literal["a", "b"]
    a: Answered
    b: Answered


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that is told of two runs."""

    a: Side
    b: Side
    settings: list[Differing]
    versions: list[Differing]
    data: list[Data]
    mixtures: list[Mixed]
    results: list[Result]
    apart: list[Apart]


def diff(a: Run, b: Run, at: At = "last") -> Diff:
    """Compare run ``b`` with run ``a``; ``at`` names the students, by default the last that were scored.

    ``best`` is each run's best iteration by dev so far. Unfinished runs are compared by what is there.
    Raises :class:`UsageError` where a run has no scored student of the iteration asked for.
    """
    sides = side(a, at), side(b, at)
    results, apart = results_of(a, b, sides)
    return Diff(
        a=sides[0],
        b=sides[1],
        settings=differing(settings_of(a), settings_of(b)),
        versions=differing(versions_of(a), versions_of(b)),
        data=_data(a, b),
        mixtures=_mixtures(a, b),
        results=results,
        apart=apart,
    )


def side(run: Run, at: At) -> Side:
    """Return what a run brings to a comparison."""
    scored = sorted(
        {e.iteration for e in scores.evaluations(run.journal, MAIN) if e.mode == "free"},
    )
    iteration: int | None = scored[-1] if scored else None
    if at == "best" and scored:
        dev = scores.free_dev(run.journal, scored[-1])
        best = max(dev, key=lambda one: (one.correct / one.n if one.n else 0, -one.iteration), default=None)
        iteration = best.iteration if best else scored[-1]
    elif isinstance(at, int):
        if at not in scored:
            there = ", ".join(map(str, scored)) or "none yet"
            raise UsageError(f"{run.folder}: iteration {at} was not scored; there are: {there}")
        iteration = at
    return Side(
        run=str(run.folder),
        finished=(run.folder / "summary.json").exists(),
        seed=stored_config(run.journal).seed,
        iteration=iteration,
    )


def differing(a: Mapping[str, str], b: Mapping[str, str]) -> list[Differing]:
    """Return the keys whose values are not the same, in the order of ``a``, then of ``b``."""
    keys = dict.fromkeys([*a, *b])
    return [Differing(what=key, a=a.get(key), b=b.get(key)) for key in keys if a.get(key) != b.get(key)]


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided mid-p of McNemar's test: the chance of so uneven a split of the problems that just
    one student solves, were each as likely to solve one, the split itself counted half.

    The exact test is too strict by that half (Fagerland, Lydersen and Laake, BMC Medical Research
    Methodology, 2013).

    >>> mcnemar(6, 0), mcnemar(0, 0)
    (0.015625, 1.0)
    """
    n, few = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    if n > 1000:  # more than a float holds as a power of two; the normal limit agrees to three digits
        return min(1.0, 2 * NormalDist().cdf(-abs(gained - lost) / math.sqrt(n)))
    here = math.comb(n, few)
    tail = sum(math.comb(n, k) for k in range(few))
    return (2 * tail + here) / (1 << n) if gained != lost else 1 - here / (2 << n)


def settings_of(run: Run) -> dict[str, str]:
    """Return the settings of a run as (key with dots, value), without those that decide nothing."""
    return dict(_flat(without_placement(stored_config(run.journal))))


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{key}.")
        elif (
            isinstance(value, list)
            and value
            and all(isinstance(one, dict) and "name" in one for one in value)
        ):
            for one in value:
                yield from _flat({str(one["name"]): {**one}}, f"{above}{key}.")
        else:
            yield f"{above}{key}", value if isinstance(value, str) else json.dumps(value)


def versions_of(run: Run) -> dict[str, str]:
    """Return what the run was last started with, as words."""
    past = starts(run.journal)
    if not past:
        return {}
    last = past[-1]
    found: dict[str, str] = {}
    found |= {key: str(last[key]) for key in ("siked", "python", "machine") if key in last}
    found |= {str(name): str(version) for name, version in last.get("packages", {}).items()}
    for plugin in last.get("plugins", []):
        name, _, version = str(plugin).rpartition(" ")
        found[f"plugin {name}"] = version
    for record in last.get("components", []):
        told = (record.get(key) for key in ("name", "distribution", "version", "prompt"))
        words = " ".join(str(one)[:12] if key == 3 else str(one) for key, one in enumerate(told) if one)
        found[str(record["role"])] = f"{words}, source {str(record.get('fingerprint', ''))[:8]}"
    return found


def _same_problems(a: Run, b: Run) -> dict[str, set[str]]:
    """Return, by set (``dev`` or a test set), the names of the problems that are the same in both runs."""
    mine, theirs = compare.problems(a.journal), compare.problems(b.journal)
    same: dict[str, set[str]] = {}
    for key in mine.keys() & theirs.keys():
        dataset, split = key
        if split != "train":
            names = {name for name, digest in mine[key].items() if theirs[key].get(name) == digest}
            same.setdefault("dev" if split == "dev" else dataset, set()).update(names)
    return same


def _data(a: Run, b: Run) -> list[Data]:
    mine, theirs = compare.problems(a.journal), compare.problems(b.journal)
    return [
        Data(
            dataset=dataset,
            split=split,
            a=len(mine.get((dataset, split), {})),
            b=len(theirs.get((dataset, split), {})),
            same=len(mine.get((dataset, split), {}).items() & theirs.get((dataset, split), {}).items()),
        )
        for dataset, split in dict.fromkeys([*mine, *theirs])
    ]


def _mixtures(a: Run, b: Run) -> list[Mixed]:
    made = {
        iteration for run in (a, b) for track, iteration, _ in mixtures.sizes(run.journal) if track == MAIN
    }
    return [
        Mixed(
            iteration=t,
            a=mixtures.mixture(a.journal, MAIN, t),
            b=mixtures.mixture(b.journal, MAIN, t),
        )
        for t in sorted(made)
    ]


def results_of(a: Run, b: Run, sides: tuple[Side, Side]) -> tuple[list[Result], list[Apart]]:
    """Return the scores of two students on every set, and the problems that just one of them solves."""
    same = _same_problems(a, b)
    mine, theirs = (_scored(run, one.iteration) for run, one in zip((a, b), sides, strict=True))
    found: list[Result] = []
    apart: list[Apart] = []
    for name in dict.fromkeys([*mine, *theirs]):
        result, here = _result(a, b, sides, name, same.get(name, set()), mine.get(name), theirs.get(name))
        found.append(result)
        apart += here
    return _adjusted(found), apart


def _result(
    a: Run,
    b: Run,
    sides: tuple[Side, Side],
    name: str,
    same: set[str],
    mine: dict[str, Any] | None,
    theirs: dict[str, Any] | None,
) -> tuple[Result, list[Apart]]:
    pairs: dict[str, tuple[Answered, Answered]] = {}
    if mine and theirs:
        left, right = (
            compare.answers(run.journal, Stage(MAIN, one.iteration or 0, f"free:{name}"))
            for run, one in zip((a, b), sides, strict=True)
        )
        pairs = {p: (left[p], right[p]) for p in left if p in right and p in same}
    apart = [
        Apart(set=name, problem=p, solved_by="b" if y.status == "correct" else "a", a=x, b=y)
        for p, (x, y) in pairs.items()
        if (x.status == "correct") != (y.status == "correct")
    ]
    gained = sum(one.solved_by == "b" for one in apart)
    lost, n = len(apart) - gained, len(pairs)
    result = Result(
        set=name,
        a=mine,
        b=theirs,
        n=n,
        gained=gained,
        lost=lost,
        both=sum(x.status == y.status == "correct" for x, y in pairs.values()),
        difference=(gained - lost) / n if n else None,
        ci95=paired(gained, lost, n) if n else None,
        p=mcnemar(gained, lost) if n else None,
        p_holm=None,
    )
    return result, apart


def _scored(run: Run, iteration: int | None) -> dict[str, dict[str, Any]]:
    """Return the score of the free choice on each set, with the shares of what was chosen."""
    if iteration is None:
        return {}
    return {
        e.set: score_dict(score(e.correct, e.n, e.unverified)) | {"choice": e.choice}
        for e in scores.evaluations(run.journal, MAIN, iteration)
        if e.mode == "free"
    }


def _adjusted(found: list[Result]) -> list[Result]:
    tests = [one for one in found if one.set != "dev"]
    adjusted = dict(zip((one.set for one in tests), holm([one.p for one in tests]), strict=True))
    return [replace(one, p_holm=adjusted.get(one.set)) for one in found]

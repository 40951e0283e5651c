"""Figures as inline SVG, drawn for about 340 units of width: three beside each other on a desk, one on
a phone. Colours are classes, so that the page's light, dark and printed schemes reach into them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from siked.report.markup import fill

WIDTH = 340
HEIGHT = 190
LEFT, TOP, BOTTOM = 34, 12, 34
LETTER = 6.4
"""Units that a letter of a label takes at most, on average."""
BAR, GAP, LABEL = 20, 7, 84
COLOURS = 8
"""Classes c0 to c7."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawn figure with the data that it shows."""

    name: str
    """For files."""
    title: str
    height: int
    parts: Markup
    """What stands inside the ``svg``."""
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    """Its data, numbers in the unit that the title names."""
    legend: Sequence[tuple[str, str]] = ()
    """(name, class of colour) of what is not named inside."""

    @property
    def markup(self) -> Markup:
        """The figure as a page holds it; the page has the colours and the legend."""
        return fill(
            "<figure><figcaption>{title}</figcaption>"
            '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{parts}</svg></figure>',
            title=self.title,
            width=WIDTH,
            height=self.height,
            parts=self.parts,
        )


@dataclass(frozen=True, slots=True)
class Point:
    """One value of an iteration, with an interval where it has one."""

    x: int
    y: float
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """A line from left to right, named at its end with its last value."""

    name: str
    colour: str
    """A class: ``ink``, ``none`` or one of :func:`colour`."""
    points: Sequence[Point]


def lines(
    title: str,
    series: Sequence[Series],
    show: Callable[[float], str],
    *,
    low: float | None = None,
    high: float | None = None,
    along: str = "iteration",
    name: str = "",
) -> Figure:
    """Return values over iterations; each series has at least one point.

    ``show`` writes a value as tables do; ``low`` and ``high`` fix an end of the scale. ``along`` is what
    the values are over instead; they are too many then to mark each.
    """
    many = along != "iteration"
    xs = range(max(point.x for one in series for point in one.points) + 1)
    marks = ticks(*_bounds(series, low, high))
    names = [_short(one.name) for one in series]
    values = [show(one.points[-1].y) for one in series]
    # Intervals at the same place would hide each other.
    apart = 5 if any(point.interval for one in series for point in one.points) else 0
    right = (
        14
        + apart * (len(series) - 1)
        + LETTER * max(len(f"{v} {n}") for v, n in zip(values, names, strict=True))
    )

    span = WIDTH - right - LEFT - 22

    def across(x: float) -> float:
        return LEFT + 14 + (x / (len(xs) - 1) if len(xs) > 1 else 0.5) * span

    def down(y: float) -> float:
        return HEIGHT - BOTTOM - (y - marks[0]) / (marks[-1] - marks[0]) * (HEIGHT - BOTTOM - TOP)

    parts = [_level(mark, down(mark), LEFT + 22 + span + apart * (len(series) - 1)) for mark in marks]
    marked = [int(x) for x in ticks(0, xs[-1], 5) if x < len(xs)] if many else xs[:: math.ceil(len(xs) / 10)]
    parts += [_tick(str(x), across(x), HEIGHT - BOTTOM + 15) for x in marked]
    parts.append(_tick(along, LEFT + 14 + span / 2, HEIGHT - 4))
    for at, one in enumerate(series):
        places = [(across(point.x) + apart * at, down(point.y)) for point in one.points]
        whiskers = [p.interval and (down(p.interval[0]), down(p.interval[1])) for p in one.points]
        parts.append(_line(one, _DASHES[at % len(_DASHES)], places, whiskers, dots=not many))
    ends = _spread([down(one.points[-1].y) for one in series])
    for one, words, value, y in zip(series, names, values, ends, strict=True):
        label = (
            '<text x="{x}" y="{y}" class="end {colour}"><tspan class="strong">{value}</tspan> {name}</text>'
        )
        x = _n(WIDTH - right + 8 + apart * (len(series) - 1))
        parts.append(fill(label, x=x, y=_n(y + 4), colour=one.colour, value=value, name=words))
    return Figure(
        name=name or plain(title),
        title=title,
        height=HEIGHT,
        parts=Markup("").join(parts),
        columns=("series", along, "value", "low", "high"),
        rows=[
            [one.name, str(point.x), exact(point.y), *map(exact, point.interval or ("", ""))]
            for one in series
            for point in one.points
        ],
    )


def shares(
    title: str,
    rows: Sequence[tuple[str, Mapping[str, float]]],
    names: Sequence[str],
    show: Callable[[float], str],
    *,
    name: str = "",
) -> Figure:
    """Return one stacked bar a row, in the order of ``names``; the last name may be "none"."""
    width = WIDTH - LABEL
    parts: list[Markup] = []
    for at, (label, values) in enumerate(rows):
        y = at * (BAR + GAP)
        parts.append(
            fill('<text x="0" y="{y}" class="tick">{label}</text>', y=y + 14, label=_short(label, 13))
        )
        start = float(LABEL)
        for place, one in enumerate(names):
            wide = width * values.get(one, 0.0)
            if not wide:
                continue
            shown = show(values[one])
            bar = (
                '<rect x="{x}" y="{y}" width="{width}" height="{height}" class="fill {colour}">'
                "<title>{label}, {name}: {shown} %</title></rect>"
            )
            size = {"x": _n(start), "y": y, "width": _n(max(wide - 1, 0.5)), "height": BAR}
            parts.append(fill(bar, **size, colour=colour(place, one), label=label, name=one, shown=shown))
            if wide > 9 * len(shown):
                inside = '<text x="{x}" y="{y}" class="inside">{shown}</text>'
                parts.append(fill(inside, x=_n(start + wide / 2), y=y + 14, shown=shown))
            start += wide
    return Figure(
        name=name or plain(title),
        title=title,
        height=len(rows) * (BAR + GAP) - GAP,
        parts=Markup("").join(parts),
        columns=("row", "strategy", "share"),
        rows=[[label, one, exact(values.get(one, 0.0))] for label, values in rows for one in names],
        legend=[(one, colour(place, one)) for place, one in enumerate(names)],
    )


def ranges(
    title: str,
    rows: Sequence[tuple[str, Point, Sequence[float]]],
    show: Callable[[float], str],
    *,
    name: str = "",
) -> Figure:
    """Return one dot a row with its interval, over the single values that its mean is of."""
    points = [point for _, point, _ in rows]
    singles = [value for _, _, values in rows for value in values]
    low = min([p.interval[0] if p.interval else p.y for p in points] + singles)
    high = max([p.interval[1] if p.interval else p.y for p in points] + singles)
    marks = ticks(low, high)
    label = max(LETTER * max(len(_short(words, 22)) for words, _, _ in rows), 40)
    shown = LETTER * max(len(show(point.y)) for point in points) + 8
    bottom = len(rows) * (BAR + GAP) + 4

    def across(x: float) -> float:
        return label + 8 + (x - marks[0]) / (marks[-1] - marks[0]) * (WIDTH - label - 12 - shown)

    parts = [
        fill('<path d="M{x} 0V{bottom}" class="grid"/>', x=_n(across(mark)), bottom=bottom) for mark in marks
    ]
    parts += [_tick(f"{mark:g}", across(mark), bottom + 14) for mark in marks]
    for at, (words, point, values) in enumerate(rows):
        y = at * (BAR + GAP) + BAR / 2 + 2
        parts.append(
            fill('<text x="0" y="{y}" class="tick">{words}</text>', y=_n(y + 4), words=_short(words, 22))
        )
        single = '<circle cx="{x}" cy="{y}" r="2.2" class="fill none"/>'
        parts += [fill(single, x=_n(across(value)), y=_n(y)) for value in values if len(values) > 1]
        if point.interval:
            ends = {"low": _n(across(point.interval[0])), "high": _n(across(point.interval[1]))}
            parts.append(fill('<path d="M{low} {y}H{high}" class="whisker ink"/>', y=_n(y), **ends))
        dot = '<circle cx="{x}" cy="{y}" r="3.6" class="fill ink"/>'
        parts.append(fill(dot, x=_n(across(point.y)), y=_n(y)))
        end = '<text x="{x}" y="{y}" class="end ink right strong">{shown}</text>'
        parts.append(fill(end, x=WIDTH, y=_n(y + 4), shown=show(point.y)))
    return Figure(
        name=name or plain(title),
        title=title,
        height=bottom + 20,
        parts=Markup("").join(parts),
        columns=("row", "value", "low", "high", "single values"),
        rows=[
            [words, exact(p.y), *map(exact, p.interval or ("", "")), " ".join(map(exact, values))]
            for words, p, values in rows
        ],
    )


def plain(title: str) -> str:
    """Return a title as a name for files.

    >>> plain("alpha, the teacher's share of rows")
    'alpha-the-teacher-s-share-of-rows'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "figure"


def exact(value: float | str) -> str:
    """Return a number for a file of data; words as they are."""
    return value if isinstance(value, str) else f"{value:.10g}"


def colour(at: int, name: str = "") -> str:
    """Return the class of the strategy at a place, or of having none."""
    return "none" if name == "none" else f"c{at % COLOURS}"


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers that cover low to high in about ``count`` steps.

    >>> ticks(17.2, 32.5)
    [15.0, 20.0, 25.0, 30.0, 35.0]
    """
    raw = (high - low if high - low > 1e-6 else 1.0) / count
    base = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * base for factor in (1, 2, 2.5, 5, 10) if factor * base >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(at * step, 10) for at in range(first, max(last, first + 1) + 1)]


def _bounds(series: Sequence[Series], low: float | None, high: float | None) -> tuple[float, float]:
    points = [point for one in series for point in one.points]
    lowest = min(p.interval[0] if p.interval else p.y for p in points)
    highest = max(p.interval[1] if p.interval else p.y for p in points)
    return lowest if low is None else low, highest if high is None else high


def _line(
    one: Series,
    dashes: str,
    places: Sequence[tuple[float, float]],
    whiskers: Sequence[tuple[float, float] | None],
    dots: bool,
) -> Markup:
    parts = [
        fill(
            '<path d="M{x} {low}V{high}" class="whisker {colour}"/>',
            x=_n(x),
            low=_n(ends[0]),
            high=_n(ends[1]),
            colour=one.colour,
        )
        for (x, _), ends in zip(places, whiskers, strict=True)
        if ends
    ]
    way = "L".join(f"{_n(x)} {_n(y)}" for x, y in places)
    line = '<path d="M{way}" class="line {colour}" stroke-dasharray="{dashes}"/>'
    parts.append(fill(line, way=way, colour=one.colour, dashes=dashes))
    dot = '<circle cx="{x}" cy="{y}" r="3.2" class="fill {colour}"/>'
    parts += [fill(dot, x=_n(x), y=_n(y), colour=one.colour) for x, y in places if dots or len(places) == 1]
    return fill("<g><title>{name}</title>{parts}</g>", name=one.name, parts=Markup("").join(parts))


_DASHES = ("none", "6 3", "2 3", "8 3 2 3")
"""Of the series in turn, so that colour is not the only difference."""


def _spread(ys: Sequence[float], least: float = 13) -> list[float]:
    """Move labels apart where they would cover each other, in their order, and inside the figure."""
    order = sorted(range(len(ys)), key=lambda at: ys[at])
    placed = list(ys)
    for above, at in itertools.pairwise(order):
        placed[at] = max(placed[at], placed[above] + least)
    bottom = float(HEIGHT - BOTTOM + 4)
    for at in reversed(order):
        placed[at] = min(placed[at], bottom)
        bottom = placed[at] - least
    return placed


def _level(mark: float, y: float, end: float) -> Markup:
    return fill(
        '<g><path d="M{left} {y}H{end}" class="grid"/>'
        '<text x="{x}" y="{base}" class="tick right">{mark}</text></g>',
        left=LEFT,
        y=_n(y),
        end=_n(end),
        x=LEFT - 5,
        base=_n(y + 4),
        mark=f"{mark:g}",
    )


def _tick(words: str, x: float, y: float) -> Markup:
    return fill('<text x="{x}" y="{y}" class="tick mid">{words}</text>', x=_n(x), y=_n(y), words=words)


def _short(name: str, most: int = 16) -> str:
    """Return a name of ``most`` letters at most: its ends, as names of one family differ at theirs."""
    if len(name) <= most:
        return name
    return f"{name[: most // 2 - 1]}…{name[-(most - most // 2) :]}"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")

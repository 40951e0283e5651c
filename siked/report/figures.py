"""Figures as inline SVG, drawn for about 340 units of width: three beside each other on a desk, one on
a phone. Colours are classes, so that the page's light, dark and printed schemes reach into them."""

from __future__ import annotations

import itertools
import math
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
) -> Markup:
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

    def across(x: float) -> float:
        return LEFT + 14 + x / max(len(xs) - 1, 1) * (WIDTH - right - LEFT - 22)

    def down(y: float) -> float:
        return HEIGHT - BOTTOM - (y - marks[0]) / (marks[-1] - marks[0]) * (HEIGHT - BOTTOM - TOP)

    parts = [_level(mark, down(mark), across(xs[-1]) + 8 + apart * (len(series) - 1)) for mark in marks]
    marked = [int(x) for x in ticks(0, xs[-1], 5) if x < len(xs)] if many else xs[:: math.ceil(len(xs) / 10)]
    parts += [_tick(str(x), across(x), HEIGHT - BOTTOM + 15) for x in marked]
    parts.append(_tick(along, across(xs[-1] / 2), HEIGHT - 4))
    for at, one in enumerate(series):
        places = [(across(point.x) + apart * at, down(point.y)) for point in one.points]
        whiskers = [p.interval and (down(p.interval[0]), down(p.interval[1])) for p in one.points]
        parts.append(_line(one, _DASHES[at % len(_DASHES)], places, whiskers, dots=not many))
    ends = _spread([down(one.points[-1].y) for one in series])
    for one, name, value, y in zip(series, names, values, ends, strict=True):
        label = (
            '<text x="{x}" y="{y}" class="end {colour}"><tspan class="strong">{value}</tspan> {name}</text>'
        )
        x = _n(WIDTH - right + 8 + apart * (len(series) - 1))
        parts.append(fill(label, x=x, y=_n(y + 4), colour=one.colour, value=value, name=name))
    return _svg(HEIGHT, title, parts)


def shares(
    title: str,
    rows: Sequence[tuple[str, Mapping[str, float]]],
    names: Sequence[str],
    show: Callable[[float], str],
) -> Markup:
    """Return one stacked bar a row, in the order of ``names``; the last name may be "none"."""
    width = WIDTH - LABEL
    parts: list[Markup] = []
    for at, (label, values) in enumerate(rows):
        y = at * (BAR + GAP)
        parts.append(fill('<text x="0" y="{y}" class="tick">{label}</text>', y=y + 14, label=_short(label)))
        start = float(LABEL)
        for place, name in enumerate(names):
            wide = width * values.get(name, 0.0)
            if not wide:
                continue
            shown = show(values[name])
            bar = (
                '<rect x="{x}" y="{y}" width="{width}" height="{height}" class="fill {colour}">'
                "<title>{label}, {name}: {shown} %</title></rect>"
            )
            size = {"x": _n(start), "y": y, "width": _n(max(wide - 1, 0.5)), "height": BAR}
            parts.append(fill(bar, **size, colour=colour(place, name), label=label, name=name, shown=shown))
            if wide > 9 * len(shown):
                inside = '<text x="{x}" y="{y}" class="inside">{shown}</text>'
                parts.append(fill(inside, x=_n(start + wide / 2), y=y + 14, shown=shown))
            start += wide
    return _svg(len(rows) * (BAR + GAP) - GAP, title, parts)


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


def _svg(height: int, title: str, parts: Sequence[Markup]) -> Markup:
    return fill(
        "<figure><figcaption>{title}</figcaption>"
        '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{parts}</svg></figure>',
        title=title,
        width=WIDTH,
        height=height,
        parts=Markup("").join(parts),
    )


def _short(name: str) -> str:
    return name if len(name) <= 16 else name[:15] + "…"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")

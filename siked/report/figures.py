"""Figures as inline SVG, drawn for about 340 units of width: three beside each other on a desk, one on
a phone. Colours are classes, so that the page's light, dark and printed schemes reach into them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from siked.report.markup import Html, el

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
) -> Html:
    """Return values over iterations; each series has at least one point.

    ``show`` writes a value as tables do; ``low`` and ``high`` fix an end of the scale.
    """
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
    parts += [_tick(str(x), across(x), HEIGHT - BOTTOM + 15) for x in xs[:: math.ceil(len(xs) / 10)]]
    parts.append(_tick("iteration", across(xs[-1] / 2), HEIGHT - 4))
    for at, one in enumerate(series):
        places = [(across(point.x) + apart * at, down(point.y)) for point in one.points]
        whiskers = [p.interval and (down(p.interval[0]), down(p.interval[1])) for p in one.points]
        parts.append(_line(one, _DASHES[at % len(_DASHES)], places, whiskers))
    ends = _spread([down(one.points[-1].y) for one in series])
    for one, name, value, y in zip(series, names, values, ends, strict=True):
        strong = el("tspan", value, class_="strong")
        x = _n(WIDTH - right + 8 + apart * (len(series) - 1))
        parts.append(el("text", strong, f" {name}", x=x, y=_n(y + 4), class_=f"end {one.colour}"))
    return _svg(HEIGHT, title, parts)


def shares(
    title: str,
    rows: Sequence[tuple[str, Mapping[str, float]]],
    names: Sequence[str],
    show: Callable[[float], str],
) -> Html:
    """Return one stacked bar a row, in the order of ``names``; the last name may be "none"."""
    width = WIDTH - LABEL
    parts: list[Html] = []
    for at, (label, values) in enumerate(rows):
        y = at * (BAR + GAP)
        parts.append(el("text", _short(label), x=0, y=y + 14, class_="tick"))
        start = float(LABEL)
        for place, name in enumerate(names):
            wide = width * values.get(name, 0.0)
            if not wide:
                continue
            shown = show(values[name])
            tip = el("title", f"{label}, {name}: {shown} %")
            size = {"x": _n(start), "y": y, "width": _n(max(wide - 1, 0.5)), "height": BAR}
            parts.append(el("rect", tip, **size, class_=f"fill {colour(place, name)}"))
            if wide > 9 * len(shown):
                parts.append(el("text", shown, x=_n(start + wide / 2), y=y + 14, class_="inside"))
            start += wide
    return _svg(len(rows) * (BAR + GAP) - GAP, title, parts)


def legend(names: Sequence[str]) -> Html:
    """Return the names beside their colours, as :func:`shares` paints them."""
    items = [el("li", el("span", class_=f"swatch {colour(at, name)}"), name) for at, name in enumerate(names)]
    return el("ul", items, class_="legend")


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
    dashes: str | None,
    places: Sequence[tuple[float, float]],
    whiskers: Sequence[tuple[float, float] | None],
) -> Html:
    parts = [
        el("path", d=f"M{_n(x)} {_n(ends[0])}V{_n(ends[1])}", class_=f"whisker {one.colour}")
        for (x, _), ends in zip(places, whiskers, strict=True)
        if ends
    ]
    way = "L".join(f"{_n(x)} {_n(y)}" for x, y in places)
    parts.append(el("path", d=f"M{way}", class_=f"line {one.colour}", stroke_dasharray=dashes))
    parts += [el("circle", cx=_n(x), cy=_n(y), r=3.2, class_=f"fill {one.colour}") for x, y in places]
    return el("g", el("title", one.name), parts)


_DASHES = (None, "6 3", "2 3", "8 3 2 3")
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


def _level(mark: float, y: float, end: float) -> Html:
    return el(
        "g",
        el("path", d=f"M{LEFT} {_n(y)}H{_n(end)}", class_="table"),
        el("text", f"{mark:g}", x=LEFT - 5, y=_n(y + 4), class_="tick right"),
    )


def _tick(words: str, x: float, y: float) -> Html:
    return el("text", words, x=_n(x), y=_n(y), class_="tick mid")


def _svg(height: int, title: str, parts: Sequence[Html]) -> Html:
    drawn = el("svg", parts, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=title)
    return el("figure", el("figcaption", title), drawn)


def _short(name: str) -> str:
    return name if len(name) <= 16 else name[:15] + "…"


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")

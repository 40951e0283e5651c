"""Figures show the values they are given, where they belong."""

import doctest
import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from siked.report import figures
from siked.report.figures import HEIGHT, LABEL, WIDTH, Point, Series, lines, shares, ticks

PERCENTS = st.floats(0, 100)


def numbers(pattern: str, markup: str) -> list[float]:
    return [float(found) for found in re.findall(pattern, markup)]


def test_examples_of_the_module_run() -> None:
    assert doctest.testmod(figures).attempted > 0
    assert doctest.testmod(figures).failed == 0


@given(PERCENTS, PERCENTS)
def test_ticks_are_evenly_spaced_and_cover_the_values(a: float, b: float) -> None:
    low, high = sorted((a, b))
    found = ticks(low, high)
    assert 2 <= len(found) <= 8
    assert found[0] <= low + 1e-6
    assert found[-1] >= high - 1e-6
    steps = [later - earlier for earlier, later in pairwise(found)]
    assert max(steps) - min(steps) < 1e-6 * max(steps) + 1e-9


@given(st.lists(st.lists(PERCENTS, min_size=1, max_size=6), min_size=1, max_size=5))
def test_lines_name_each_series_with_its_last_value_and_stay_inside(values: list[list[float]]) -> None:
    series = [
        Series(f"s{at}", f"c{at}", [Point(x, y, (max(0, y - 5), min(100, y + 5))) for x, y in enumerate(one)])
        for at, one in enumerate(values)
    ]
    drawn = lines("figure", series, lambda y: f"{y:.1f}").markup
    ends = re.findall(r'class="end (c\d)"><tspan class="strong">([\d.]+)</tspan> (s\d)', drawn)
    assert ends == [(f"c{at}", f"{one[-1]:.1f}", f"s{at}") for at, one in enumerate(values)]
    labels = sorted(numbers(r'y="([-\d.]+)" class="end', drawn))
    assert all(later - earlier >= 12.9 for earlier, later in pairwise(labels))
    assert all(0 <= x <= WIDTH for x in numbers(r'cx="([-\d.]+)"', drawn))
    assert all(0 <= y <= HEIGHT for y in numbers(r'cy="([-\d.]+)"', drawn))


def test_higher_values_stand_higher() -> None:
    drawn = lines("figure", [Series("s", "ink", [Point(0, 10), Point(1, 20), Point(2, 15)])], str).markup
    low, high, middle = numbers(r'cy="([\d.]+)"', drawn)
    assert high < middle < low


def test_a_single_point_and_a_flat_line_are_drawn() -> None:
    drawn = lines("figure", [Series("s", "ink", [Point(0, 0.0)])], "{:.1f}".format, low=0).markup
    assert numbers(r'cy="([\d.]+)"', drawn) == [HEIGHT - figures.BOTTOM]
    assert "nan" not in drawn


def test_shares_fill_their_row_in_order() -> None:
    rows = [("iteration 0", {"cot": 0.25, "none": 0.75}), ("iteration 1", {"cot": 1.0})]
    drawn = shares("figure", rows, ["cot", "pot", "none"], lambda share: f"{100 * share:.0f}").markup
    assert re.findall(r'class="fill (\w+)"', drawn) == ["c0", "none", "c0"]
    widths = numbers(r'width="([\d.]+)"', drawn)
    assert widths[0] + widths[1] + 2 == WIDTH - LABEL == widths[2] + 1
    assert re.findall(r'class="inside">(\d+)', drawn) == ["25", "75", "100"]


def test_long_names_are_cut_and_escaped() -> None:
    drawn = lines("<b>", [Series("<i>" + "x" * 40, "ink", [Point(0, 1)])], str).markup
    assert "<i>" not in drawn
    assert "<b>" not in drawn
    assert "&lt;i&gt;xxxx…" + "x" * 8 + "<" in drawn

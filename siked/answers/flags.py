"""Right answer, wrong reasoning: cheap checks that flag a rationale. Pure and total.

They look for what is certain to be odd, not for everything that is wrong; how precise they are is
measured in ``docs/explanation/answers.md``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from types import MappingProxyType

from siked.answers.arithmetic_claims import open_results, wrong_lines
from siked.answers.extract import SPAN
from siked.answers.golds import read_gold
from siked.answers.markers import markers
from siked.answers.normalize import plain
from siked.answers.numbers import quantities
from siked.answers.programs import is_constant
from siked.answers.values import Number, Pair, Several
from siked.answers.window import WINDOW, narrowed, readable

FLAGS = MappingProxyType(
    {
        "constant-program": "the program's answer is a literal: nothing is computed",
        "arithmetic": "a line of arithmetic does not hold, rounding and units allowed for",
        "ending": "the final answer occurs nowhere in the text above it",
    }
)
"""What each flag means."""


def flags(form: str, text: str, answer: str | None, program: str | None = None) -> tuple[str, ...]:
    """Return the flags of a rationale whose answer was judged right, sorted.

    ``form`` is ``text``, ``subquestions`` or ``program``; ``answer`` is the canonical text of the
    answer that was found; ``program`` is the code, where there is one.
    """
    if program is not None or form == "program":
        return ("constant-program",) if is_constant(program if program is not None else text) else ()
    found: list[str] = []
    above = _above(text)
    if next(wrong_lines(narrowed(text[: 2 * WINDOW])), None) is not None:
        found.append("arithmetic")
    if above is not None and answer is not None and not _occurs(answer, above):
        found.append("ending")
    return tuple(found)


def _above(text: str) -> str | None:
    """Return what stands above the final marker; None where there is no marker, or where the marked
    span itself calculates: then the answer stands in the reasoning."""
    shown = readable(text)
    start: int | None = None
    for marker in markers(shown):
        if start is None:
            if "=" in shown.text[marker.value : marker.value + SPAN].partition("\n")[0]:
                return None
        elif re.search(r"\d", shown.text[marker.value : start]) or start - marker.start > SPAN:
            # "Final Answer: The answer is 5" has two markers and one answer.
            break
        start = marker.start
    return shown.text[:start] if start is not None else None


def _occurs(answer: str, above: str) -> bool:
    """Is one of the quantities of ``above`` the answer, in any dress?"""
    if re.search(rf"(?<![\d.,/-]){re.escape(answer)}(?![\d/]|[.,]\d)", above):
        # Nearly all answers stand above as they are, and reading all quantities is slow.
        return True
    gold = read_gold(answer)
    if isinstance(gold.value, Several):
        wanted = [part for part in gold.value.parts if isinstance(part, Number)]
    elif isinstance(gold.value, Number):
        wanted = [gold.value]
    else:
        return True
    values: set[Fraction] = set()
    for at in range(0, len(above), SPAN):
        # Windows overlap, so that no number is cut in two.
        for one in quantities(plain(above[max(0, at - 40) : at + SPAN])):
            if isinstance(one.value, Number):
                values.add(one.value.value)
            elif isinstance(one.value, Pair):
                values.update(one.value.parts)
    values.update(open_results(above))
    return all(_among(number, values) for number in wanted)


_DRESS = tuple(Fraction(10) ** power for power in (0, 2, -2, 3, 6, 9))
"""Percent and cents, thousands and millions: the same answer in another dress."""


def _among(number: Number, values: set[Fraction]) -> bool:
    value = number.value
    if -value in values or any(value * scale in values for scale in _DRESS):
        return True
    # A result with decimals may be rounded, up or down, to the answer.
    step = Fraction(1) if value.denominator == 1 else Fraction(1, 10 ** (number.places or 2))
    return any(other.denominator != 1 and abs(other - value) < step for other in values)

"""Repeats each fragment of what models write until a pattern that backtracks would stall. A program:

    python pump.py few|all|SECONDS

``few``: the fragments below behind some openings, 20 kB each. ``all``: these and every word of the
patterns of the audited modules, behind all openings, 20 kB and 1 MB each. SECONDS: random mixtures for so
long. Prints, as JSON, how many texts were read and which reader took too long for which of them. The time
is CPU time of this process, which other work on the machine does not change.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, NamedTuple

SHORT, LONG = 20_000, 1_000_000
LIMITS = {SHORT: 1.5, LONG: 15.0}
"""Characters to CPU seconds: tens of times what reading takes, a fraction of what a square costs."""
FRAGMENTS = (
    " ", "\n", "\t", "\r", "\r\n", "\x0b", "\x1c", "\x85", "\xa0", "\u2003", "\u2028", "\u200b", "\0",
    "\ud800",
    "`", "```", "``` ", "```\n", "```python\n", "~~~", ">>> ", ">>> 1\n", "... ", "<", ">", "<|",
    "<|im_end|>",
    "</s>", "<think>", "</think>", "<answer>", "</answer>", "[pot]", "[pot] ", "[INST]", "<<", "<<1=1>>",
    "#", "#\n", "####", "#### ", "#### 1\n", "*", "**", "_", "-", "- ", "\u2022 ", "~", "'", '"', "'''", "\\",
    "$", "$ ", "$$", "\\(", "\\boxed{", "\\boxed{1}", "\\frac{1}{2}", "\\frac", "\\text{a", "\\sqrt{",
    "^{ ", "^ ",
    "{", "}", "(", ")", "[", "]", "()", "[]", "(a) ", "(B) ", "B) or ", "A. x ", "option B ",
    "a", "a ", "a, ", "a_", "\u00e9", "x", "x = 1\n", "x=", "1", "12,", "1,000,", "1 000 ", "1/2 ", "1/",
    "1.", "1.5",
    "0", "10^", "10^9 ", "1e9", "1e999999 ", "9**9**9", "3:30 ", "1:", "a.m. ", "% ", "per cent ",
    "\u00bd", "\u00b2",
    "=", "==", "= 1 ", "1=1 ", "1+", "1+1=", "+", "/", ":", ";", ",", ".", ". ", "!", "?", "? ", "1. ",
    "1) a ",
    "not ", "not", "lambda:", "lambda x:", "await ", "if 1:\n", "if 1:\n ", "def f():\n", "import math\n",
    "from a import *;", "print(1)\n", "f'{", "try:\n", "class A:\n", "@a\n",
    "Q:", "Q: ", "Question 1: ", "question", "Problem 1: ", "Human: ", "### ", "sub-question",
    "sub-question ",
    "Sub-question 1: a?\n", "Answer to Sub-question 1: 1\n", "answer to sub-question ", "answer", "answer ",
    "Answer:", "Answer:\n", "A: ", "a **: ", "Final Answer: ", "the answer is ", "the answer is 1. ",
    "the answer is not ", "answer (", "so ", ", so ", "because ", "if a, ", "if ", "and ", "or ", "to ",
    "1 to ",
    "total ", "sum of ", "of the ", "the ", "twenty ", "twenty-one ", "one hundred ", "hundred and ", "half ",
    "half past ", "five thirty ", "first ", "wait, ", "round to ", "rounded to the nearest x is ",
    "which is ",
    "US$", "USD ", "is ", "is 5 ", "step 1: ", "I hope ", "check ", "not sure ",
)  # fmt: skip
OPENINGS = ("", "The code is ```", "answer")
MORE_OPENINGS = (
    "Final Answer: ", "x = 1\n", "sub-question",
    "the answer is ", "#### ", "\\boxed{", "sub-question 1:", "1", "if a ", "<think>", "[pot]", "```python\n",
    "<answer>", "Answer:\n", "a ", "answer (", "1 ", "(", "The answer to the ", ">>> ", "a.",
    "not a program (",
)  # fmt: skip
ENDINGS = ("", "x", "1", "!", "\n1.\n", "```", "z = (", "\n\nFinal Answer: 5")
AUDITED = ("siked.answers", "siked.execution", "siked.builtin.verifiers", "siked_strategies", "siked_openai")


class Slow(Exception):
    """A reader took longer than its limit."""


class Reader(NamedTuple):
    name: str
    read: Callable[[str], Any]


def readers() -> list[Reader]:
    """Return what reads the text of a model in the process of siked."""
    from siked.answers import extract, flags
    from siked.execution.routing import read
    from siked.records import Answer, TestProblem
    from siked.registry import load_registry
    from siked.text.code import program_text
    from siked.text.terminal import safe

    registry = load_registry()
    strategies = {name: registry.make("strategy", name) for name in ("cot", "l2m", "pot")}
    verifiers = {name: registry.make("verifier", name) for name in ("numeric", "exact", "choice")}

    def judge(verifier: str, gold: str) -> Callable[[str], Any]:
        problem = TestProblem(id="1", question="Q", gold=gold, dataset="")
        return lambda text: verifiers[verifier].verify(problem, [Answer(text)])

    found = [Reader(name, strategy.read) for name, strategy in strategies.items()]
    found += [
        Reader("program", program_text),
        Reader("route", read),
        Reader("answer", lambda text: extract(Answer(text))),
        Reader("steps", lambda text: extract(Answer(text, form="subquestions"))),
        Reader("value", lambda text: extract(Answer(text[:2400], form="value"))),
        Reader("time", judge("numeric", "3:30")),
        Reader("several", judge("numeric", "12; 15")),
        Reader("word", judge("numeric", "Yes")),
        Reader("exact", judge("exact", "Yes")),
        Reader("choice", judge("choice", "B")),
        Reader("flags", lambda text: flags("text", text, "12")),
        Reader("constant", lambda text: flags("program", text, "12", text)),
        Reader("terminal", safe),
    ]
    return found


def words() -> set[str]:
    """Return the literal pieces of all patterns of the audited modules."""
    found: set[str] = set()
    for package in AUDITED:
        try:
            root = importlib.import_module(package)
        except ImportError:
            continue
        for entry in pkgutil.walk_packages(getattr(root, "__path__", ()), f"{package}."):
            if entry.name.rpartition(".")[2] in ("server", "child", "mathworker"):
                continue
            for value in vars(importlib.import_module(entry.name)).values():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    found |= set(re.findall(r"[A-Za-z]{2,}|[^\w\s]", value.pattern.replace("\\b", " ")))
    return found


def texts(size: int, openings: tuple[str, ...], fragments: tuple[str, ...]) -> Iterator[str]:
    """Yield every opening with every fragment repeated to ``size`` characters."""
    number = 0
    for opening in openings:
        for fragment in fragments:
            number += 1
            ending = ENDINGS[number % len(ENDINGS)]
            yield opening + fragment * (size // len(fragment)) + ending


def mixtures(seconds: float) -> Iterator[str]:
    """Yield random fragments in a row, repeated, for so long."""
    chance = random.Random()
    until = time.process_time() + seconds
    while time.process_time() < until:
        some = [chance.choice(FRAGMENTS) for _ in range(chance.choice((2, 2, 3, 4)))]
        piece = "".join(some)
        opening = chance.choice(OPENINGS + MORE_OPENINGS)
        if chance.random() < 0.3:
            piece = "".join(part * chance.choice((1, 10, 30, 300)) for part in some)
        yield (opening + piece * (SHORT // len(piece) + 1))[:SHORT] + chance.choice(ENDINGS)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Slow


def pump(size: int, source: Iterator[str], slow: list[list[object]]) -> int:
    """Have every reader read every text of ``source``; return how many there were."""
    signal.signal(signal.SIGPROF, _stop)
    all_readers, count = readers(), 0
    for text in source:
        count += 1
        for reader in all_readers:
            signal.setitimer(signal.ITIMER_PROF, LIMITS[size])
            try:
                reader.read(text)
            except Slow:
                slow.append([reader.name, len(text), text[:60], text[-20:]])
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            if len(slow) >= 5:
                return count
    return count


def main(what: str) -> None:
    """Read the texts that ``what`` names and print what came of it."""
    slow: list[list[object]] = []
    if what == "few":
        count = pump(SHORT, texts(SHORT, OPENINGS, FRAGMENTS), slow)
    elif what == "all":
        more = FRAGMENTS + tuple(sorted(form for word in words() for form in (word, f"{word} ")))
        count = pump(SHORT, texts(SHORT, OPENINGS, more[len(FRAGMENTS) :]), slow)
        count += pump(SHORT, texts(SHORT, MORE_OPENINGS, FRAGMENTS), slow)
        count += pump(LONG, texts(LONG, OPENINGS, FRAGMENTS), slow)
    else:
        count = pump(SHORT, mixtures(float(what)), slow)
    print(json.dumps({"texts": count, "slow": slow}))


if __name__ == "__main__":
    main(sys.argv[1])

"""Least to Most: smaller questions first, then the one that was asked (paper, section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from siked.hookspecs import Register, hookimpl
from siked.records import Answer, Malformed, Message, Problem, Reading
from siked_strategies.exemplars import PromptOptions, load_prompt

# "Answer to Sub-question 1:" is no sub-question, nor is one that asks nothing.
_SUB_QUESTION = re.compile(
    r"(?<!answer to )\bsub[- ]?question\s*+#?(?:\d++|[a-z]\b)?\s*+\**+\s*+:\s*+\**+\s*+(?!answer\b)[^\s*]",
    re.IGNORECASE,
)


class LeastToMost:
    """``Sub-question i:`` / ``Answer to Sub-question i:`` pairs, then ``Final Answer:``."""

    name: ClassVar[str] = "l2m"
    tag: ClassVar[str] = "[l2m]"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[PromptOptions]] = PromptOptions

    def __init__(self, options: PromptOptions) -> None:
        self._prompt = load_prompt(self.name, options)

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        """Return the few-shot prompt."""
        return self._prompt.messages(problem)

    def read(self, text: str) -> Reading:
        """Read the answer, or ``Malformed``: ``empty``, or ``no-subquestions`` where it asks none."""
        if not text.strip():
            return Malformed("empty")
        if _SUB_QUESTION.search(text) is None:
            return Malformed("no-subquestions")
        return Answer(text, form="subquestions")


@hookimpl
def siked_register_strategies(register: Register) -> None:
    register("l2m", "siked_strategies.l2m:LeastToMost")

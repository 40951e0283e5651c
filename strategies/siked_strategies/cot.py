"""Chain of Thought: steps in prose, then the answer (paper, section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from siked.hookspecs import Register, hookimpl
from siked.records import Answer, Malformed, Message, Problem, Reading
from siked_strategies.exemplars import PromptOptions, load_prompt


class ChainOfThought:
    """Step-by-step prose with arithmetic; the answer stands after ``Final Answer:``."""

    name: ClassVar[str] = "cot"
    tag: ClassVar[str] = "[cot]"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[PromptOptions]] = PromptOptions

    def __init__(self, options: PromptOptions) -> None:
        self._prompt = load_prompt(self.name, options)

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        """Return the few-shot prompt."""
        return self._prompt.messages(problem)

    def read(self, text: str) -> Reading:
        """Any text that is not blank can be a chain of thought; ``Malformed("empty")`` otherwise."""
        return Answer(text) if text.strip() else Malformed("empty")


@hookimpl
def siked_register_strategies(register: Register) -> None:
    register("cot", "siked_strategies.cot:ChainOfThought")

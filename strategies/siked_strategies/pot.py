"""Program of Thought: a Python program whose variable ``answer`` is the answer (paper, section 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from siked.hookspecs import Register, hookimpl
from siked.records import Malformed, Message, Problem, Program, Reading
from siked_strategies.exemplars import PromptOptions, load_prompt


class ProgramOfThought:
    """A program that a sandbox runs; it may assign, return or print its answer."""

    name: ClassVar[str] = "pot"
    tag: ClassVar[str] = "[pot]"
    version: ClassVar[str] = "1"
    Options: ClassVar[type[PromptOptions]] = PromptOptions

    def __init__(self, options: PromptOptions) -> None:
        self._prompt = load_prompt(self.name, options)

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        """Return the few-shot prompt."""
        return self._prompt.messages(problem)

    def read(self, text: str) -> Reading:
        """Read the program out of fences and prose; ``Malformed("empty")`` where nothing is left."""
        from siked.text.code import program_text

        code = program_text(text)
        return Program(code) if code.strip() else Malformed("empty")


@hookimpl
def siked_register_strategies(register: Register) -> None:
    register("pot", "siked_strategies.pot:ProgramOfThought")

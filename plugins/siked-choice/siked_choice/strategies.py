"""Three ways to a choice: forward from what is known, by looking at each choice, from something alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from siked.errors import ConfigError
from siked.records import Answer, Malformed, Message, Problem, Reading

_END = (
    'End with a line that reads "Final Answer:" and the letter of your choice in brackets, or yes or no'
    " where there are no choices. Write nothing after it."
)
Example = tuple[str, str]
"""A question and how it is reasoned about."""


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """What can be set on each strategy."""

    exemplars: int = field(default=3, metadata={"help": "How many worked examples the teacher is shown."})


class _Prompted:
    """A strategy that asks by an instruction and worked examples."""

    name: ClassVar[str]
    Options: ClassVar[type[PromptOptions]] = PromptOptions
    _ask: ClassVar[str]
    _examples: ClassVar[tuple[Example, ...]]

    def __init__(self, options: PromptOptions) -> None:
        if not 0 <= options.exemplars <= len(self._examples):
            raise ConfigError(
                f"strategy {self.name}: exemplars is {options.exemplars}, but there are {len(self._examples)}"
            )
        self._shown = self._examples[: options.exemplars]

    def teacher_messages(self, problem: Problem) -> Sequence[Message]:
        """Return the few-shot prompt; the instruction opens the first user turn."""
        turns: list[Message] = []
        for question, rationale in self._shown:
            turns += [Message("user", f"Question: {question}"), Message("assistant", rationale)]
        turns.append(Message("user", f"Question: {problem.question}"))
        turns[0] = Message("user", f"{self._ask} {_END}\n\n{turns[0].content}")
        return turns


class ChoiceOfThought(_Prompted):
    """Steps from what is known to the answer; the choices are looked at last."""

    name: ClassVar[str] = "choice-cot"
    tag: ClassVar[str] = "[choice-cot]"
    version: ClassVar[str] = "1"
    _ask = (
        "Answer the question step by step. Say first what you know about what is asked, in short sentences,"
        " and go on from there to the answer; then see which choice it is."
    )
    _examples = (
        (
            "Ada's kettle whistles on the stove. What made the whistle?\n(A) steam\n(B) the flame\n"
            "(C) the handle\n(D) cold water",
            "Water in a kettle boils on a stove.\nBoiling water turns into steam.\n"
            "Steam that is pressed through a small hole whistles.\nFinal Answer: (A)",
        ),
        (
            "Could a person read a paper book in a lit room that has no windows?",
            "Reading a paper book takes light.\nA lit room has light from lamps, windows or not.\n"
            "Final Answer: yes",
        ),
        (
            "Where would you put a letter that is to reach another town?\n(A) a drawer\n(B) a fireplace\n"
            "(C) a mailbox\n(D) a vase",
            "A letter to another town is carried by the post.\nThe post collects letters from mailboxes.\n"
            "Final Answer: (C)",
        ),
    )

    def read(self, text: str) -> Reading:
        """Any text that is not blank; ``Malformed("empty")`` otherwise."""
        return Answer(text) if text.strip() else Malformed("empty")


_LOOKED_AT = re.compile(r"[(\[]?\b([A-Ja-j])[)\].:]")


class Eliminate(_Prompted):
    """Looks at each choice in turn and keeps the one that cannot be turned down."""

    name: ClassVar[str] = "eliminate"
    tag: ClassVar[str] = "[eliminate]"
    version: ClassVar[str] = "1"
    _ask = (
        "Answer the question by elimination. Look at each choice in turn, by its letter, or at yes and at no"
        " where there are no choices; say what speaks for or against it, and keep the one that is left."
    )
    _examples = (
        (
            "Which of these would sink in a bathtub?\n(A) a cork\n(B) a leaf\n(C) a coin\n(D) a sponge",
            "(A) a cork: lighter than water, it floats.\n(B) a leaf: light and flat, it floats.\n"
            "(C) a coin: metal, heavier than water.\n(D) a sponge: full of air, it floats at first.\n"
            "Left: the coin.\nFinal Answer: (C)",
        ),
        (
            "Can a snowman stand through a week of hot summer sun?",
            "Yes: snow would have to stay below freezing, which a hot sun does not allow.\n"
            "No: snow melts in the heat.\nLeft: no.\nFinal Answer: no",
        ),
        (
            "Which of these is unlike the rest?\n(A) a hymn\n(B) a ladder\n(C) a ballad\n(D) a lullaby",
            "(A) a hymn: a song.\n(B) a ladder: something to climb.\n(C) a ballad: a song.\n"
            "(D) a lullaby: a song.\nLeft: the ladder.\nFinal Answer: (B)",
        ),
    )

    def read(self, text: str) -> Reading:
        """Read the answer, or ``Malformed``: ``empty``, or ``no-choices`` where it looks at one at most."""
        if not text.strip():
            return Malformed("empty")
        looked = {letter.upper() for letter in _LOOKED_AT.findall(text)}
        polar = {word for word in ("yes", "no") if re.search(rf"\b{word}\b", text, re.IGNORECASE)}
        return Answer(text) if len(looked) > 1 or len(polar) > 1 else Malformed("no-choices")


class Analogy(_Prompted):
    """Starts from something alike that is known and carries it over."""

    name: ClassVar[str] = "analogy"
    tag: ClassVar[str] = "[analogy]"
    version: ClassVar[str] = "1"
    _ask = (
        "Answer the question by analogy. Name something alike that you know well, or say in words how what is"
        " given belongs together; then carry that over to what is asked."
    )
    _examples = (
        (
            "As a nest is to a bird, so what is to a spider?\n(A) a fly\n(B) silk\n(C) a web\n(D) eight legs",
            "A nest is the home that a bird builds.\nThe home that a spider builds is a web.\n"
            "Final Answer: (C)",
        ),
        (
            "Would a glass jug break if it fell on stone steps?",
            "A glass jug is like a drinking glass.\nA drinking glass that falls on stone breaks.\n"
            "Final Answer: yes",
        ),
        (
            "What does a flashlight need to shine?\n(A) a battery\n(B) a match\n(C) oil\n(D) sunlight",
            "A flashlight is like a toy that lights up.\nSuch a toy runs on a battery.\nFinal Answer: (A)",
        ),
    )

    def read(self, text: str) -> Reading:
        """Any text that is not blank; ``Malformed("empty")`` otherwise."""
        return Answer(text) if text.strip() else Malformed("empty")

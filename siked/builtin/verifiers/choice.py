"""Verifier ``choice``: one of several letters or words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from siked.answers import Found, How, Judgement, Where, Why, Word, judge
from siked.answers.normalize import plain
from siked.answers.spans import span
from siked.builtin.verifiers.verdicts import guarded
from siked.errors import ConfigError
from siked.records import Answer, Problem, Verdict

_NAMED = r"(?:options?|choices?|answers?|letters?)\s+"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOptions:
    """Options of ``choice``."""

    letters: str = field(default="ABCDEFGHIJ", metadata={"help": "The letters that name choices."})

    def __post_init__(self) -> None:
        if not (self.letters.isalpha() and self.letters.isascii()):
            raise ConfigError(f"letters is {self.letters!r}; it can be letters of the alphabet only")


class Choice:
    """A gold that is a letter is met by that letter, or by what stands behind it in the question;
    any other gold is compared as ``numeric`` does (``Yes``, ``Rug B``)."""

    name: ClassVar[str] = "choice"
    version: ClassVar[str] = "2"
    Options: ClassVar[type[ChoiceOptions]] = ChoiceOptions

    def __init__(self, options: ChoiceOptions) -> None:
        letters = "".join(sorted(set(options.letters.upper())))
        self._gold = re.compile(rf"^\W*(?:{_NAMED})?\(?([{letters}])(?:\)|[.:]|\)?$)", re.IGNORECASE)
        self._bare = re.compile(
            rf"^\W*(?:the\s+)?(?:{_NAMED})?\(?([{letters}])(?:\)|[.:](?=\s|$)|[\s*.\"']*$|,)"
            rf"|^\W*{_NAMED}\(?([{letters}])\b",
            re.IGNORECASE,
        )
        self._either = re.compile(rf"\b([{letters}])\)?\s+or\s+\(?([{letters}])\b")
        self._named = re.compile(rf"\(([{letters}])\)|\b(?i:{_NAMED})\(?([{letters}])\b\)?|\b([{letters}])\)")
        self._options = re.compile(
            rf"(?:^|[\s(])\(?([{letters}])[).:]\s*(.+?)(?=\s*(?:[\s(]\(?[{letters}][).:]\s|$))", re.DOTALL
        )

    def verify(self, problem: Problem, answers: Sequence[Answer]) -> Sequence[Verdict]:
        """Judge each answer: first its letter, then its content among the choices of the question."""
        choices = self._choices(problem.question[:8000])

        def judged(gold: str | None, answer: Answer) -> Judgement:
            return self._judge(gold, answer, choices)

        return [guarded(problem.gold, answer, judged) for answer in answers]

    def _choices(self, question: str) -> dict[str, str]:
        found = {letter: text.strip(" ,;\n") for letter, text in self._options.findall(question)}
        return found if len(found) > 1 else {}

    def _judge(self, gold: str | None, answer: Answer, choices: dict[str, str]) -> Judgement:
        letter = self._gold.match(gold.strip()) if gold is not None else None
        if gold is not None and letter is None:
            return judge(gold, answer)
        chosen = self._letter(answer, choices)
        found = Found(None, chosen) if isinstance(chosen, Why) else Found(Word(chosen[0]), chosen[1])
        if letter is None:
            return Judgement(None, found, Why.NO_GOLD.value)
        if isinstance(chosen, Why):
            return Judgement(False, found, chosen.value)
        how = How.LETTER if chosen[0] == letter[1].upper() else How.DIFFERENT
        return Judgement(how is How.LETTER, found, f"{chosen[1].value}/{how.value}")

    def _letter(self, answer: Answer, choices: dict[str, str]) -> tuple[str, Where] | Why:
        shown = span(answer)
        if isinstance(shown, Why):
            return shown
        text, where = plain(shown[0]), shown[1]
        bare = self._bare.match(text) if where is not Where.SENTENCE else None
        named = {letter for groups in self._named.findall(text) for letter in groups if letter}
        if bare is not None:
            named = {(bare[1] or bare[2]).upper()}
        if len(named) > 1 or self._either.search(text):
            return Why.ALTERNATIVES
        if named:
            return named.pop(), where
        meant = [letter for letter, content in choices.items() if judge(content, answer).correct]
        return (meant[0], where) if len(meant) == 1 else Why.NO_ANSWER

"""A student in the hands of Python."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

from siked.errors import UsageError
from siked.records import Problem, TestProblem
from siked.runs.solver import Election, Solution, Solver


class Student:
    """A run's student, or any model, that solves problems.

    Its worker starts with the first question and ends with :meth:`close`, with the ``with`` it stands in,
    or with the program.
    """

    def __init__(self, name: str, opening: AbstractContextManager[Solver]) -> None:
        self.name = name
        self._opening = opening
        self._stack = ExitStack()
        self._solver: Solver | None = None
        self._closed = False
        self._finalizer = weakref.finalize(self, self._stack.close)

    @property
    def solver(self) -> Solver:
        """What solves."""
        if self._closed:
            raise UsageError(f"{self.name} is closed")
        if self._solver is None:
            self._solver = self._stack.enter_context(self._opening)
        return self._solver

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies it can choose from."""
        return tuple(self.solver.state.strategies)

    def solve(self, questions: str | Sequence[str | Problem], *, strategy: str = "") -> list[Solution]:
        """Return a greedy solution of each question, in order, by its own choice or a given strategy.

        Raises :class:`UsageError` for a question without text and for a strategy that is not the run's.
        """
        return list(self.solver.solve(_problems(questions), strategy))

    def vote(
        self, questions: str | Sequence[str | Problem], k: int = 1, *, weighted: bool = False
    ) -> list[Election]:
        """Ask each question ``k`` times in each strategy and return what most texts agree on; ``weighted``
        counts a vote by how probable the student finds its strategy."""
        return list(self.solver.vote(_problems(questions), k, weighted=weighted))

    def close(self) -> None:
        """End its worker."""
        self._closed = True
        self._solver = None
        self._finalizer()

    def __enter__(self) -> Student:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "ready" if self._solver is None else "open"
        return f"<Student {self.name}: {state}>"


def _problems(questions: str | Sequence[str | Problem]) -> list[Problem]:
    """Return questions as problems; a text is named by its place."""
    given = [questions] if isinstance(questions, str) else list(questions)
    found: list[Problem] = []
    for place, question in enumerate(given):
        if isinstance(question, str):
            if not question.strip():
                raise UsageError(f"question {place} is empty")
            # As `siked solve` names it, so that it is answered alike.
            question = TestProblem(id="question", question=question, gold=None, dataset="")
        found.append(question)
    return found

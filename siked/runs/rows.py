"""Rows of a run for people and for pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, TypedDict, TypeVar

from markupsafe import Markup, escape

from siked.errors import UsageError
from siked.text.terminal import one_line

SHOWN = 10
"""Rows that a notebook shows."""
_WIDE = 60

Row = TypeVar("Row")


class Rationale(TypedDict):
    """The last text of a request, with its problem and the verdict that counts."""

    track: str
    """``main``, or the name of a control."""
    iteration: int
    step: str
    """``teach:`` and a strategy, ``sample``, ``free:`` and a set, ``forced:dev``."""
    dataset: str
    split: str
    problem: str
    question: str
    gold: str | None
    strategy: str
    """As asked or as chosen; empty without a tag."""
    sample: int
    seed: int
    key: str
    outcome: str
    """``ok``, ``cut``, ``refused`` or ``failed``."""
    reason: str
    text: str
    status: str | None
    """``correct``, ``wrong``, ``unverified``; None is not judged."""
    answer: str | None
    rule: str | None
    flags: str | None
    """Separated by spaces."""
    sandbox: str | None
    writer: str
    """``teacher``, ``student`` (for training) or ``evaluation``."""
    trained: bool
    """Whether a student was trained on it."""


class Result(TypedDict):
    """The score of a student on a set; ``accuracy`` is 0 to 1, with its 95 % Wilson interval."""

    track: str
    iteration: int
    set: str
    """``dev``, or the name of a test set."""
    mode: str
    """``free``, ``any``, ``forced:`` and a strategy, ..."""
    n: int
    correct: int
    unverified: int
    accuracy: float
    low: float
    high: float


class TrainingStep(TypedDict):
    """What a training told after a step; None is not told."""

    track: str
    iteration: int
    step: int
    steps: int
    loss: float
    """Nats a token, mean since it was last told."""
    learning_rate: float | None
    gradient_norm: float | None
    tokens_per_second: float | None
    seconds: float
    """Since the training began or went on."""


class Rows(Generic[Row]):
    """Rows as dicts, read anew each time they are gone through, so that millions fit."""

    def __init__(
        self,
        title: str,
        columns: Sequence[str],
        read: Callable[[], Iterable[Row]],
        count: Callable[[], int] | None = None,
    ) -> None:
        self.title = title
        self.columns = tuple(columns)
        self._read = read
        self._count = count

    def __iter__(self) -> Iterator[Row]:
        return iter(self._read())

    def count(self) -> int:
        """Return how many rows there are."""
        # Not __len__: list() and pandas would ask for it before they read the rows.
        return sum(1 for _ in self) if self._count is None else self._count()

    def first(self) -> Row | None:
        """Return the first row; None where there is none."""
        return next(iter(self), None)

    def __repr__(self) -> str:
        return f"<{self.count()} {self.title}: {', '.join(self.columns)}>"

    def _repr_html_(self) -> Markup:
        head = Markup("").join(Markup("<th>{}</th>").format(name) for name in self.columns)
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(Markup("").join(_cell(row, name) for name in self.columns))
            for row in islice(self, SHOWN)
        )
        more = self.count() - SHOWN
        tail = Markup("<p>and {} more</p>").format(more) if more > 0 else ""
        return Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}").format(head, body, tail)

    def to_frame(self) -> Any:
        """Return the rows as a ``pandas.DataFrame``, with the columns in order.

        Raises :class:`UsageError` where pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise UsageError("frames need pandas, which is not installed: pip install pandas") from error
        return pd.DataFrame(list(self), columns=list(self.columns))


def _cell(row: Any, name: str) -> Markup:
    value = row[name]
    if value is None:
        return Markup("<td></td>")
    if isinstance(value, float):
        value = f"{value:.4g}"
    return Markup("<td>{}</td>").format(escape(one_line(str(value), _WIDE)))

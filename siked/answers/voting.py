"""Which of several answers most agree on; self-consistency (Wang et al. 2023, arXiv 2203.11171)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from siked.answers.compare import same
from siked.answers.extract import Found
from siked.answers.judging import extract
from siked.answers.rules import How
from siked.records import Answer


def groups(found: Sequence[Found]) -> list[int | None]:
    """Number the groups of equal answers by their first member; None has no value and no vote."""
    heads: list[Found] = []
    numbers: list[int | None] = []
    for one in found:
        if one.value is None:
            numbers.append(None)
            continue
        for number, head in enumerate(heads):
            # Either may be the more precise one (10/3 and 3.33).
            if head.value is not None and (
                same(head.value, one.value) is not How.DIFFERENT
                or same(one.value, head.value) is not How.DIFFERENT
            ):
                numbers.append(number)
                break
        else:
            numbers.append(len(heads))
            heads.append(one)
    return numbers


def majority(answers: Sequence[str | None], weights: Sequence[float] | None = None) -> int | None:
    """Return the place of the first of the answers that most agree with; None where none has a value.

    With ``weights``, one for each answer, the sum of weights decides. Ties go to the answer that comes
    first, so put the one you trust most there.

    >>> majority(["7", "1,080", None, "1080.0", "8"])
    1
    >>> majority(["7", "8"])
    0
    >>> majority(["7", "8", "8"], [0.7, 0.2, 0.1])
    0
    """
    found = [extract(Answer(text, form="value")) if text is not None else None for text in answers]
    at = [place for place, one in enumerate(found) if one is not None]
    numbers = groups([one for one in found if one is not None])
    votes: dict[int, float] = defaultdict(float)
    for place, number in zip(at, numbers, strict=True):
        if number is not None:
            votes[number] += 1.0 if weights is None else weights[place]
    if not votes:
        return None
    most = max(votes.values())
    return next(
        place
        for place, number in zip(at, numbers, strict=True)
        if number is not None and votes[number] == most
    )

"""The words of an answer as they stand in the text, for verifiers that compare no values."""

from __future__ import annotations

from siked.answers.conclusion import TAIL
from siked.answers.extract import SPAN
from siked.answers.markers import Marker, markers
from siked.answers.rules import Where, Why
from siked.answers.window import from_end, readable, sentences
from siked.records import Answer


def span(answer: Answer) -> tuple[str, Where] | Why:
    """Return what the last marker of ``answer`` marks, or its concluding sentence; dress stays on.

    Never raises.
    """
    if answer.form == "value":
        shown = answer.text.strip()[:SPAN]
        return (shown, Where.VALUE) if shown else Why.NO_ANSWER
    text = readable(answer.text, numbered=answer.form == "subquestions")
    for marker in markers(text):
        if not marker.closed:
            return Why.CUT_OFF
        if marker.negated:
            return Why.NEGATED
        shown = _marked(text.text, marker)
        return (shown, marker.where) if shown else Why.CUT_OFF
    last = next(from_end(text.text, TAIL), "")
    return (last, Where.SENTENCE) if last.strip() else Why.NO_ANSWER


def _marked(text: str, marker: Marker) -> str:
    if marker.end is not None:
        return text[marker.value : min(marker.end, marker.value + SPAN)].strip()
    rest = text[marker.value : marker.value + SPAN].strip(" \t\n*:")
    pieces = sentences(rest, listed=False)
    return pieces[0].strip(" *") if pieces else ""

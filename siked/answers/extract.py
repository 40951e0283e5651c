"""The ladder: from a text to the answer it states, or the reason why it states none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from siked.answers import discourse
from siked.answers.conclusion import MAX_SENTENCES, TAIL, WORD, broken_off, concluded
from siked.answers.golds import Gold
from siked.answers.markers import Marker, markers
from siked.answers.normalize import plain
from siked.answers.rules import Where, Why
from siked.answers.span import read
from siked.answers.values import Number, Value, Word, text_of
from siked.answers.window import Text, narrowed, readable, sentence_end, sentences
from siked.records import Answer

SPAN = 600
"""Characters read behind a marker."""
_MAX_MARKERS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """What an extraction found. ``value`` is None where there is none; then ``rule`` says why."""

    value: Value | None
    rule: Where | Why

    @property
    def text(self) -> str | None:
        """The canonical text of the value (``72``, ``29/3``, ``20%``, ``3:30``, ``17; 12``, ``Yes``)."""
        return text_of(self.value) if self.value is not None else None


def find(answer: Answer, gold: Gold | None) -> Found:
    """Find the answer in a text; ``gold`` says only what kind of value is looked for."""
    if answer.form == "value":
        return _found(_bare(answer.text, gold), Where.VALUE)
    text = readable(answer.text, numbered=answer.form == "subquestions")
    if not text.text.strip():
        return Found(None, Why.NO_ANSWER)
    steps = _Steps.of(text)
    if steps is not None and steps.restart is not None:
        text = Text(text.text[: steps.restart], text.low[: steps.restart])
    for count, marker in enumerate(markers(text)):
        if count >= _MAX_MARKERS or (steps is not None and marker.start < steps.last):
            break
        simple = _simple(text, marker, gold)
        if simple is not None:
            return Found(simple, marker.where)
        value = _marked(text, marker, gold)
        if value is not None:
            return _settled(text, marker, value, gold)
    if steps is not None:
        return _last_step(text, steps, gold)
    return _found(concluded(text.text[-TAIL:], gold), Where.SENTENCE)


def _found(value: Value | Why, where: Where) -> Found:
    return Found(None, value) if isinstance(value, Why) else Found(value, where)


# --- bare answers of programs -----------------------------------------------------------------


def _bare(text: str, gold: Gold | None) -> Value | Why:
    shown = text.strip()
    if not shown:
        return Why.NO_ANSWER
    if len(shown) > 4 * SPAN:
        return Why.NOT_FINITE
    shown = narrowed(shown)
    inner = re.fullmatch(r"[\[({]\s*([^\[\](){}]*?),?\s*[\])}]", shown)
    return read(plain(inner[1] if inner is not None else shown), gold, leading=True)


# --- marked answers ---------------------------------------------------------------------------


def _marked(text: Text, marker: Marker, gold: Gold | None) -> Value | Why | None:
    """Read what a marker marks; None where that is nothing, so that an earlier marker may decide."""
    if marker.where is Where.BOXED:
        return _boxed(text, marker, gold)
    if marker.where is Where.TAG:
        inner = text.text[marker.value : marker.end][:SPAN]
        return _spoken(inner, gold, open_end=marker.end is None) if inner.strip() else Why.CUT_OFF
    rest = text.text[marker.value : marker.value + SPAN]
    if marker.where is Where.HASHES:
        return _hashed(rest, gold)
    bare = rest.lstrip(" \t*:")
    if not bare.strip():
        return _repeated(text, marker, gold)
    if marker.negated:
        bare = f"not {bare}"
    if bare[0] == "\n":
        bare = re.sub(r"^\s*(?:[-*•]\s+(?=\S))?", "", bare)
    if marker.where is Where.LABEL and len(text.text) - marker.value > 0:
        return _labelled(text, marker, bare, gold)
    return _spoken(bare, gold, open_end=len(rest) < SPAN)


_SIMPLE = re.compile(r"[\s*]*(-?)[$\u20ac\u00a3]?(\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.(\d{1,18}))?(\.?)\s*\Z")


def _simple(text: Text, marker: Marker, gold: Gold | None) -> Number | None:
    """The short way for most texts: a marker, a plain number, the end. It reads as the long way does."""
    if marker.end is not None or marker.negated or (gold is not None and gold.kind != "number"):
        return None
    found = _SIMPLE.match(text.text, marker.value)
    if found is None:
        return None
    sign, whole, tail, stop = found.groups()
    if not stop and text.low.rfind(text.low[marker.start : marker.value], 0, marker.start) != -1:
        return None
    digits = whole.replace(",", "") + (tail or "")
    value = Fraction(int(sign + digits), 10 ** len(tail)) if tail else Fraction(int(sign + digits))
    return Number(value, len(tail) if tail else None)


def _repeated(text: Text, marker: Marker, gold: Gold | None) -> Value | Why:
    """A marker with nothing behind it: cut off, unless it only repeats one that had its answer."""
    words = text.low[marker.start : marker.value].strip(" *:")
    before = text.low.rfind(words, 0, marker.start)
    if before == -1 or marker.where not in (Where.FINAL_ANSWER, Where.ANSWER_IS, Where.LABEL):
        return Why.CUT_OFF
    earlier = text.text[before + len(words) : marker.start]
    value = _spoken(earlier.lstrip(" *:")[:SPAN], gold, open_end=False)
    return value if value is not None else Why.CUT_OFF


_BOX_TAIL = re.compile(
    r"^\s*\$?\s*(?:\\[)\]])?\s*(?P<tail>\\?%|percent\b|(?:hundred|thousand|million|billion|trillion)\b|[ap]\.?m\b\.?)",
    re.IGNORECASE,
)
_FACTORIAL = re.compile(r"\d!")
_BOX_HEAD = re.compile(r"[-\u2212]\s*\$?$")
_BOX_GLUE = re.compile(
    r"^\s*\$?[^\n.,;]{0,40}?(?:\band\b|,|;|&)(?!\s*(?:but|so|then|thus|finally|hence)\b)[^\n.]{0,40}?$"
)


def _boxed(text: Text, marker: Marker, gold: Gold | None) -> Value | Why:
    if not marker.closed or marker.end is None:
        return Why.CUT_OFF
    inner = text.text[marker.value : marker.end]
    if not inner.strip():
        return Why.NO_ANSWER
    if _FACTORIAL.search(inner):
        return Why.VARIABLE
    tail = _BOX_TAIL.match(text.text[marker.end + 1 : marker.end + 24])
    if tail is not None:
        inner = f"{inner} {tail['tail']}"
    if _BOX_HEAD.search(text.text[max(0, marker.start - 4) : marker.start]):
        inner = f"-{inner}"
    # "\boxed{17} and \boxed{12}" is one answer of two values.
    before = text.text.rfind("}", 0, marker.start)
    glue = text.text[before + 1 : marker.start] if before != -1 else ""
    if _BOX_GLUE.match(glue):
        opening = text.low.rfind("boxed{", 0, before)
        earlier = text.text[opening + 6 : before] if opening != -1 else ""
        if opening != -1 and "}" not in earlier:
            inner = f"{earlier} and {inner}"
    return read(plain(inner), gold, leading=True)


_HASH_VALUE = re.compile(
    r"^[\s$€£¥*(\\]*[-\u2212\u2013+]?[\s$€£¥(]*(?:\d|\.\d|\\(?:d?frac|text|boxed)|[½¼¾])"
)
_HASH_HEADING = re.compile(r"^\s*\d{1,2}[.):]\s+[A-Za-z]")


def _hashed(rest: str, gold: Gold | None) -> Value | Why | None:
    line, _, below = rest.partition("\n")
    if not rest.strip():
        return Why.CUT_OFF
    if not line.strip():
        return None
    if _HASH_VALUE.match(line):
        if _HASH_HEADING.match(line) and below.strip():
            return None
        return read(plain(line[: sentence_end(line, listed=False)]), gold, leading=True)
    value = read(plain(line), gold, leading=True)
    if below.strip() and (isinstance(value, Why) or len(line.split()) > 6):
        return None
    return value


def _labelled(text: Text, marker: Marker, bare: str, gold: Gold | None) -> Value | Why | None:
    """``Answer:`` may stand before a value, or before a whole rationale that ends in one."""
    body = text.text[marker.value :]
    enumerated = _ENUMERATION.match(bare) is not None
    end = sentence_end(bare.partition("\n")[0], listed=enumerated)
    if not bare[end:].strip() and len(body.strip()) <= len(bare) + 8:
        return _spoken(bare, gold, open_end=True)
    first = plain(bare.partition("\n")[0][:end])
    if _VALUE_START.match(first) and not enumerated:
        return _spoken(bare, gold, open_end=False)
    word = read(first, gold, leading=True) if gold is not None and gold.kind == "word" else None
    if word is not None and not isinstance(word, Why) and len(first.split()) <= 6:
        return word
    return concluded(body[-TAIL:], gold)


_VALUE_START = re.compile(r"^[\s(\[]*-?\s?(?:\d|\.\d)")
_ENUMERATION = re.compile(r"^\s*1[.)]\s+[A-Za-z*(].{0,500}?\b2[.)]\s", re.DOTALL)


_LISTING = re.compile(r"^[^\n:=]{1,40}[:=]\s*\S[^\n]{0,60}\n+\s*[-*•]?\s*[^\n:=]{1,40}[:=]\s*[-$\d]")


def _spoken(bare: str, gold: Gold | None, open_end: bool) -> Value | Why | None:
    """Read prose behind a marker: the first sentence that states something decides."""
    if gold is None or gold.kind in ("number", "several"):
        listing = _LISTING.match(bare)
        if listing is not None and "=" not in listing.group().partition("\n")[0].partition(":")[2]:
            return read(plain(re.sub(r"\n+", ", ", bare.split("\n\n")[0])), gold, leading=True)
    pieces = sentences(bare, listed=False)
    last = len(pieces) - 1
    for index, piece in enumerate(pieces[:MAX_SENTENCES]):
        shown = plain(piece)
        at_end = open_end and index == last and not bare.rstrip(" ").endswith("\n")
        if at_end and broken_off(piece, shown):
            return Why.CUT_OFF
        if not WORD.search(shown):
            continue
        value = read(shown, gold, leading=True)
        if value is Why.NO_ANSWER and index < last and not discourse.CORRECTION.search(shown):
            continue
        if gold is None and isinstance(value, Word) and any(char.isdigit() for char in bare[len(piece) :]):
            continue
        return None if value is Why.NO_ANSWER else value
    return None


def _settled(text: Text, marker: Marker, value: Value | Why, gold: Gold | None) -> Found:
    """Look at what stands behind a marked answer: a correction takes it back."""
    found = _found(value, marker.where)
    start = marker.end if marker.end is not None else marker.value
    behind = text.text[start : start + TAIL]
    doubt = discourse.CORRECTION.search(behind)
    if doubt is None or found.value is None:
        return _prefix_of_earlier(text, marker, found, gold)
    rest = behind[doubt.end() :]
    if discourse.CONFIRMED.search(behind[doubt.start() : doubt.start() + 240]):
        return found
    later = concluded(rest, gold)
    if isinstance(later, Why):
        return Found(None, Why.CORRECTION)
    return Found(later, Where.SENTENCE)


def _prefix_of_earlier(text: Text, marker: Marker, found: Found, gold: Gold | None) -> Found:
    """In a loop that was cut inside its last number the round before it counts."""
    shown = found.text
    if shown is None or not text.text.endswith(shown) or marker.end is not None:
        return found
    words = text.low[marker.start : marker.value]
    before = text.low.rfind(words, 0, marker.start)
    if before == -1:
        return found
    value = _spoken(text.text[before + len(words) : marker.start][:SPAN], gold, open_end=False)
    if value is None or isinstance(value, Why):
        return found
    earlier = text_of(value)
    return Found(value, marker.where) if earlier != shown and earlier.startswith(shown) else found


# --- least to most ----------------------------------------------------------------------------

_SUB_QUESTION = re.compile(r"sub-?\s?question\s*#?(\d*)")
_ANSWER_TO = re.compile(r"answers?\s+(?:to|for)\s+(?:the\s+)?$")
_STEP = re.compile(r"sub-?\s?question\s*#?\d*\s*\**\s*[:.)]?\s*\**")


@dataclass(frozen=True, slots=True)
class _Steps:
    """Where the last sub-question and the last answer to one stand."""

    question: int
    answer: int
    restart: int | None
    """Where, behind a final answer, the count begins anew: another problem."""

    @property
    def last(self) -> int:
        return max(self.question, self.answer)

    @classmethod
    def of(cls, text: Text) -> _Steps | None:
        low = text.low
        if "sub-question" not in low and "subquestion" not in low:
            return None
        question = answer = -1
        final = low.find("final answer")
        for found in _SUB_QUESTION.finditer(low):
            if _ANSWER_TO.search(low, max(0, found.start() - 24), found.start()):
                answer = found.start()
            elif found[1] == "1" and -1 < final < found.start() and question >= 0:
                return cls(question, answer, found.start())
            else:
                question = found.start()
        return cls(question, answer, None)


def _last_step(text: Text, steps: _Steps, gold: Gold | None) -> Found:
    label = _STEP.match(text.low, steps.last)
    body = text.text[label.end() if label is not None else steps.last :]
    if steps.question > steps.answer:
        # The answer may follow its question on the same line.
        body = body.partition("?")[2]
    if not body.strip():
        return Found(None, Why.UNANSWERED)
    return _found(concluded(body[-TAIL:], gold), Where.SUB_ANSWER)

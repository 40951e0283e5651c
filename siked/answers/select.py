"""Choosing among the quantities of a clause: what the verb gives, not its circumstances."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from siked.answers.clauses import CLAUSE
from siked.answers.expressions import VARIABLE, expression
from siked.answers.numbers import Quantity, quantities
from siked.answers.rules import Why
from siked.answers.values import Number, Pair, Several, Value
from siked.answers.vocabulary import either, vocabulary

_DIGIT = re.compile(r"\d")
_START = re.compile(r"\W*")
_ONE_OF = re.compile(r"\s+(?:of|by|another|day|can|must|should)\b")
_OF_NUMBER = re.compile(r"\s*(?:of|out of|times|percent of)\s+(?:the\s+)?\d")
_NO_WORD = re.compile(r"\W*")
_LEADING = frozenset(
    vocabulary(
        "about approximately approx around roughly only exactly just nearly almost another a an additional"
        " extra at least"
        " most some the still now also altogether equal to up as much total grand of over it is be in value"
        " $ \" ' : . , = ~"
        " * - ( [ \u2248 >"
    )
)
_TOKEN = re.compile(r"[A-Za-z]+|\S")
_VARIABLE_NAME = re.compile(r"^\W*(?:[a-z]|total|answer|result)\s*$", re.IGNORECASE)
_COMPARED = re.compile(
    rf"\b{either('more|less|fewer|greater|larger|smaller|higher|lower|longer|shorter|older|younger')}\s+than\s*$"
    r"|(?<![<>=])[<>]=?\s*$|[\u2264\u2265]\s*$|\bbetween\s*$",
    re.IGNORECASE,
)
_TOTALS = either(
    "total | sum | average | product | difference | result | answer | profit | amount | mean | cost |"
    " balance | change | value"
    " | maximum | minimum | all"
)
_MOVES = either(
    "comes? | adds? | amounts? | sums? | works? | rounds? | goes? | reduced | increased | down | brings? |"
    " got | get | rose | grew"
    " | dropped | fell | back"
)
_STRONG_END = re.compile(
    rf"(?:\b{_TOTALS}\s+of|\bequal(?:s|\s+to)?|\b{_MOVES}\s+(?:\w+\s+){{0,3}}?to|\bout\s+to\s+be"
    r"|\b(?:left|up|remains?|remaining|stuck|over)\s+with|\bresults?\s+in|\bis\s+at|\bas)\s*$",
    re.IGNORECASE,
)
_PREPOSITIONS = frozenset(
    vocabulary(
        "of in for per by with from to at after every each all these those the than on within "
        "into between among first last next her his their its our my your both or until "
        "during through under above times x out next any other"
    )
)
_HEDGES = frozenset(
    vocabulary(
        "about approximately approx around roughly only exactly just nearly almost another a "
        "an additional extra still also"
    )
)
_VERBS = either(
    "is | are | was | were | be | been | equals | gets? | makes? | has | have | had | needs? | costs? |"
    " earns? | weighs? | takes?"
    " | lasts? | contains? | spent | paid | left | to find | to get | to obtain | to give | to make | to have"
)
_COPULA = re.compile(rf"(?:\b{_VERBS}|'s)$", re.IGNORECASE)
_IS = re.compile(r"\b(?:is|are|was|were|be|been|equals)$", re.IGNORECASE)
_WORD_END = re.compile(r"([A-Za-z']+)\W*$")
_NO_COUNTS = frozenset(vocabulary("no each every any this that which by the"))
_OPERATOR_AFTER = re.compile(r"\s*[+*/]\s*[\d(]|\s+[-x]\s+[\d(]|x\d")
_OPERATOR_BEFORE = re.compile(r"[\d)]\s*[+*/]\s*$|[\d)]\s+[-x]\s+$")
_UNITS = either(
    "hours? | hrs? | h | minutes? | mins? | days? | weeks? | months? | years? | feet | foot | ft | yards? |"
    " miles? | meters? | m"
    " | km | kilometers? | pounds? | lbs? | kg | kilograms? | gallons? | quarts? | cups? | dollars? | '"
)
_COMPOUND = re.compile(rf"\s*{_UNITS},?\s*$", re.IGNORECASE)
_BY = re.compile(r"\s*(?:[a-z]+\s+)?(?:by|x|\*)\s*$|\s*$", re.IGNORECASE)
"""``12 cm by 5 cm``, and two numbers with nothing between them."""
_BY_LETTER = re.compile(r"\s*(?:[a-z]+\s+)?[xX]\s*$")
_BOUND = re.compile(r"\s*[<>\u2264\u2265]")
_CONCLUDES = re.compile(
    r"\s*(?:[a-z]+\s+){0,3}?(?:left|remaining|in\s+(?:all|total)|altogether)\b", re.IGNORECASE
)
_EITHER = re.compile(r"\W*(?:[a-z]+\s+){0,2}?or\s+(?:[a-z]+\s+)?$", re.IGNORECASE)
_RANGE_GLUE = re.compile(r"^\s*(?:[a-z%]+\s+)?(?:-|to|through|\.\.\.?|\u00b1|\+/-)\s*$", re.IGNORECASE)
_OR = re.compile(r"(?P<comma>,)?\s*\bor\b", re.IGNORECASE)
_AND = re.compile(r"\band\b|&|,|;|\bplus\b|\balong with\b|\bwhile\b", re.IGNORECASE)
_RELATIVES = either(
    "which | that | who | because | since | so | where | than | whereas | instead | compared | not | of which"
    " | of them | from | out of | after | if | when"
)
_EXPLAINS = re.compile(
    rf"\b{_RELATIVES}\b|=|\bto\s+(?!(?:her|his|their|the|my|our|your|its|an?|each)\b)[a-z]", re.IGNORECASE
)
_OF_WHICH = re.compile(
    r"\s*(?:of\s+(?:which|them|these|those|whom)|more|less|fewer|times|per|each|apiece|for\s+(?:each|every))\b",
    re.IGNORECASE,
)
_MORE_THAN = re.compile(
    r"^\s*(?:[a-z]+\s+){0,2}?(?:more|less|fewer|greater|smaller)\s+(?:[a-z]+\s+)?than\s+\$?\d"
    r"|^\s*(?:times|of|out of)\s+(?:the\s+)?\$?\d",
    re.IGNORECASE,
)
_NONE_LEFT = re.compile(
    r"\b(?:no|zero)\s+(?:more\s+)?(?:[a-z]+\s+){1,3}?(?:left|remain(?:s|ing)?|remained)\b"
    r"|\bnone\s+(?:are\s+|is\s+|were\s+)?(?:left|remain(?:s|ing)?)\b|\bnothing\s+(?:is\s+)?left\b",
    re.IGNORECASE,
)
_BACK = 48
"""Characters looked at for what stands directly before a quantity."""


def leads(prefix: str) -> bool:
    """Is ``prefix`` only what may stand between a marker and its value (``about``, ``a total of``)?"""
    return all(token.lower() in _LEADING for token in _TOKEN.findall(prefix))


def choose(sentence: str, leading: bool) -> Value | Why:
    """Choose among the quantities of a clause without equals sign."""
    if _NONE_LEFT.search(sentence) and not _DIGIT.search(sentence):
        return Number(Fraction(0))
    if VARIABLE.search(sentence):
        return Why.VARIABLE
    found = quantities(sentence)
    known = _counted(sentence, found)
    if not known:
        if any(one.value is None for one in found):
            return Why.NOT_FINITE
        return Why.NO_ANSWER
    first = known[0]
    if leading and (leads(sentence[: first.start]) or _VARIABLE_NAME.match(sentence[: first.start])):
        return _led(sentence, known)
    if _COMPARED.search(sentence[: first.start][-_BACK:]) and len(known) <= 2:
        return Why.RANGE
    return _among(sentence, known, leading)


def _counted(sentence: str, found: list[Quantity]) -> list[Quantity]:
    """Quantities that can be a result; words only at the start where there are digits."""
    known = [one for one in found if one.value is not None and not one.ordinal and not one.attached]
    digits = [one for one in known if not one.spelled]
    if digits:
        start = _START.match(sentence)
        begin = start.end() if start is not None else 0
        known = [one for one in known if not one.spelled or one.start == begin]
    known = [one for one in known if not one.spelled or not _pronoun(sentence, one)]
    if not known:
        known = [
            one
            for one in found
            if one.value is not None
            and (one.attached or one.ordinal)
            and sentence[one.start - 1 : one.start] != "^"
        ][:1]
    return known


def _operand(sentence: str, one: Quantity) -> bool:
    """Is the quantity part of a calculation whose result is not written (``we multiply 4*2``)?"""
    return bool(_OPERATOR_AFTER.match(sentence, one.end) or _OPERATOR_BEFORE.search(sentence[: one.start]))


def _pronoun(sentence: str, one: Quantity) -> bool:
    """``no one``, ``each one``, ``one of them``, ``one another``."""
    if sentence[one.start : one.end].lower() != "one":
        return False
    before = _WORD_END.search(sentence[: one.start])
    if before is not None and before[1].lower() in _NO_COUNTS:
        return True
    return _ONE_OF.match(sentence[one.end :]) is not None


def _led(sentence: str, known: list[Quantity]) -> Value | Why:
    """The answer begins with a quantity: is it the answer, or the first of several, or one end of a range?"""
    first = known[0]
    assert first.value is not None
    calculated = expression(sentence[first.start :])
    if _BOUND.match(sentence, first.end):
        return Why.RANGE
    if len(known) == 1 or first.value is None:
        return first.value
    between = sentence[first.end : known[1].start]
    if _RANGE_GLUE.match(between) and not (
        between.strip() == "-" and " " in between and _falls(first, known[1])
    ):
        return Why.RANGE
    if calculated is not None and not _BY_LETTER.match(between):
        return calculated[0]
    return _joined(sentence, known)


def _falls(first: Quantity, second: Quantity) -> bool:
    """``5 - 3`` is a difference, ``3 - 5`` a range."""
    left, right = first.value, second.value
    return isinstance(left, Number) and isinstance(right, Number) and left.value > right.value


def _joined(sentence: str, known: list[Quantity]) -> Value | Why:
    """Decide on a first quantity with others behind it."""
    first, second = known[0], known[1]
    between = sentence[first.end : second.start]
    assert first.value is not None
    assert second.value is not None
    if _MORE_THAN.match(sentence[first.end :]):
        later = CLAUSE.search(sentence, first.end)
        return choose(sentence[later.end() :], True) if later is not None else Why.RANGE
    either = _OR.search(between)
    if either is not None:
        if same_value(first, second):
            return second.value
        return second.value if _restates(between) else Why.ALTERNATIVES
    restated = _restated(sentence, known)
    if restated is not None:
        return restated
    if _COMPOUND.match(between) or _BY.match(between) or _coordinate(sentence, first, second):
        parts = [first]
        for one in known[1:]:
            glue = sentence[parts[-1].end : one.start]
            if _coordinate(sentence, parts[-1], one) or _COMPOUND.match(glue) or _BY.match(glue):
                parts.append(one)
        return Several(tuple(one.value for one in parts if one.value is not None))
    return first.value


def _restates(between: str) -> bool:
    """``6 pieces, or 15 ounces`` says one thing twice; ``3, 4, or 5`` does not."""
    found = _OR.search(between)
    return (
        found is not None
        and bool(found["comma"])
        and any(char.isalpha() for char in between[: found.start()])
    )


def _restated(sentence: str, known: list[Quantity]) -> Number | Pair | None:
    """``5 arms and 3 legs, or 8 limbs in total``: what stands behind the comma and ``or``."""
    for before, one in pairwise(known):
        if _restates(sentence[before.end : one.start]):
            return one.value
    return None


def same_value(first: Quantity, second: Quantity) -> bool:
    """Whether two quantities are one value; a percentage may stand for its share."""
    left, right = first.value, second.value
    if isinstance(left, Number) and isinstance(right, Number):
        values = {left.value, left.value / 100 if left.percent else left.value}
        return right.value in values or (right.percent and right.value / 100 in values)
    return left == right


def _coordinate(sentence: str, first: Quantity, second: Quantity) -> bool:
    """Does ``second`` stand beside ``first`` as another part of the answer?"""
    between = sentence[first.end : second.start]
    if _AND.search(between) is None or _EXPLAINS.search(between):
        return False
    if _OF_WHICH.match(sentence[second.end :]):
        return False
    return _strong(sentence, second)


def _strong(sentence: str, one: Quantity) -> bool:
    """Is a quantity free of a preposition or determiner that makes it a circumstance?"""
    before = sentence[: one.start].rstrip(" (\"'")
    for _ in range(3):
        word = _WORD_END.search(before)
        if word is None:
            return True
        name = word[1].lower()
        if name in _HEDGES:
            before = before[: word.start()]
            continue
        if name in _PREPOSITIONS:
            return _STRONG_END.search(before[-_BACK:]) is not None
        return True
    return True


def _among(sentence: str, known: list[Quantity], leading: bool) -> Value | Why:
    """Choose in a full sentence: what the verb gives, not circumstances."""
    restated = _restated(sentence, known)
    if restated is not None:
        return restated
    strong = [one for one in known if _strong(sentence, one)]
    done = [one for one in strong if not _operand(sentence, one)]
    if strong and not done:
        return Why.NO_ANSWER
    strong = done
    if not strong:
        if len(known) == 1 and not re.search(
            r"\b(?:all|these|those|every|per|than|each)\W+$", sentence[: known[0].start], re.IGNORECASE
        ):
            return known[0].value or Why.NO_ANSWER
        return _last_circumstance(sentence, known)
    clauses = list(CLAUSE.finditer(sentence, strong[0].end))
    if clauses and any(one.start >= clauses[-1].end() for one in strong):
        return _among_tail(sentence, strong, clauses[-1].end())
    if len(strong) == 1:
        behind = [one for one in known if one.start >= strong[0].end][:1]
        if (
            behind
            and _EITHER.match(sentence[strong[0].end : behind[0].start])
            and not same_value(strong[0], behind[0])
        ):
            return Why.ALTERNATIVES
        return strong[0].value or Why.NO_ANSWER
    return _several(sentence, known, strong)


def _last_circumstance(sentence: str, known: list[Quantity]) -> Value | Why:
    """``..., so he misses it by 20 minutes``: the only quantity of the last clause."""
    clauses = list(CLAUSE.finditer(sentence))
    later = [one for one in known if clauses and one.start >= clauses[-1].end()]
    return later[0].value or Why.NO_ANSWER if len(later) == 1 else Why.NO_ANSWER


def _among_tail(sentence: str, strong: list[Quantity], start: int) -> Value | Why:
    later = [one for one in strong if one.start >= start]
    if len(later) == 1:
        return later[0].value or Why.NO_ANSWER
    return _several(sentence, later, later)


def _several(sentence: str, known: list[Quantity], strong: list[Quantity]) -> Value | Why:
    first = strong[0]
    of_first = _OF_NUMBER.match(sentence[first.end :])
    at_start = _NO_WORD.fullmatch(sentence[: first.start]) is not None
    told = [one for one in strong[1:] if _COPULA.search(sentence[: one.start].rstrip()[-_BACK:])]
    concludes = bool(told) and told[-1] is strong[-1] and _CONCLUDES.match(sentence, strong[-1].end)
    if told and (at_start or concludes):
        return told[-1].value or Why.NO_ANSWER
    if of_first is None:
        joined = _joined(sentence, strong)
        if not isinstance(joined, Number | Pair) or joined is not first.value:
            return joined
        if at_start or re.search(
            r"\bthere\s+(?:are|were|is|was|will be)\W*$", sentence[: first.start], re.IGNORECASE
        ):
            return joined
    ends = [one for one in strong if _IS.search(sentence[: one.start].rstrip()[-_BACK:])]
    if ends:
        return ends[-1].value or Why.NO_ANSWER
    verbs = [one for one in strong if _COPULA.search(sentence[: one.start].rstrip()[-_BACK:])]
    chosen = verbs[-1] if verbs else strong[0]
    return chosen.value or Why.NO_ANSWER

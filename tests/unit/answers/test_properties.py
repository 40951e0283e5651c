"""What must hold for every number, every dress and every text."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from siked.answers import RULES, How, Number, Pair, extract, flags, judge, read_gold, text_of
from siked.records import Answer

WHOLE = st.integers(min_value=-(10**12), max_value=10**12)
DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False)
SMALL = st.integers(min_value=1, max_value=99_999)

NAMES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    " seventeen eighteen nineteen"
)
ONES = NAMES.split()
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def in_words(number: int) -> str:
    """Written independently of the reader: British ``and``, hyphens between tens and ones."""
    if number < 20:
        return ONES[number]
    if number < 100:
        return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = number % 100
        return f"{ONES[number // 100]} hundred" + (f" and {in_words(rest)}" if rest else "")
    for scale, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand")):
        if number >= scale:
            rest = number % scale
            joint = " and " if 0 < rest < 100 else " "
            return f"{in_words(number // scale)} {name}" + (f"{joint}{in_words(rest)}" if rest else "")
    raise AssertionError


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


def indian(number: int) -> str:
    sign, digits = ("-", str(-number)) if number < 0 else ("", str(number))
    head, tail = digits[:-3], digits[-3:]
    parts: list[str] = []
    while head:
        parts.insert(0, head[-2:])
        head = head[:-2]
    return sign + ",".join([*parts, tail])


WHOLE_FORMS = {
    "plain": str,
    "float": lambda n: f"{n}.0",
    "commas": lambda n: grouped(n, ","),
    "apostrophes": lambda n: grouped(n, "'"),
    "typographic apostrophes": lambda n: grouped(n, "\u2019"),
    "no-break spaces": lambda n: grouped(n, "\u00a0"),
    "thin spaces": lambda n: grouped(n, "\u202f"),
    "underscores": lambda n: grouped(n, "_"),
    "LaTeX commas": lambda n: f"${grouped(n, '{,}')}$",
    "Indian": indian,
    "dollars": lambda n: f"-${-n:,}" if n < 0 else f"${n:,}",
    "dollars behind": lambda n: f"{n:,}$",
    "euros": lambda n: f"{n:,} \u20ac",
    "unicode minus": lambda n: str(n).replace("-", "\u2212"),
    "en dash": lambda n: str(n).replace("-", "\u2013"),
    "negative in words": lambda n: str(n).replace("-", "negative "),
    "unit": lambda n: f"{n} apples",
    "unit attached": lambda n: f"{n}kg",
    "square unit": lambda n: f"{n} m\u00b2",
    "bold": lambda n: f"**{n}**",
    "boxed": lambda n: f"\\boxed{{{n}}}",
    "boxed text": lambda n: f"$\\boxed{{{n}\\text{{ apples}}}}$",
    "hashes": lambda n: f"\n#### {n}",
    "tag": lambda n: f"<answer>{n}</answer>",
    "special token": lambda n: f"{n}<|im_end|>",
    "fullwidth": lambda n: "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in str(n)),
    "scientific": lambda n: f"{Decimal(n):e}",
    "percent": lambda n: f"{n}%",
    "percent in words": lambda n: f"{n} percent",
    "equation": lambda n: f"x = {n}",
    "parenthesis": lambda n: f"({n})",
}
MARKERS = ("The answer is {}.", "Final Answer: {}", "Answer: {}", "So the final answer is: {}", "A: {}")


@pytest.mark.parametrize("form", WHOLE_FORMS)
@settings(max_examples=60, deadline=None)
@given(number=WHOLE, marker=st.sampled_from(MARKERS))
def test_a_whole_number_reads_back(form: str, number: int, marker: str) -> None:
    text = "First 3 + 4 = 7. " + marker.format(WHOLE_FORMS[form](number))
    judged = judge(str(number), Answer(text))
    assert judged.correct, (text, judged)
    assert not judge(str(number + 1), Answer(text)).correct


@settings(max_examples=150, deadline=None)
@given(number=DECIMALS, marker=st.sampled_from(MARKERS))
def test_a_decimal_reads_back(number: Decimal, marker: str) -> None:
    for shown in (f"{number:f}", f"{number:,f}", f"{number:,f} dollars", f"\\boxed{{{number:f}}}"):
        text = marker.format(shown)
        assert judge(f"{number:f}", Answer(text)).correct, text
        found = extract(Answer(text)).value
        assert isinstance(found, Number)
        assert found.value == Fraction(number)


@settings(max_examples=150, deadline=None)
@given(number=st.decimals(min_value=1000, max_value=10**9, places=2, allow_nan=False))
def test_a_continental_decimal_reads_back(number: Decimal) -> None:
    shown = f"{number:,f}".translate(str.maketrans(",.", ".,"))
    assert judge(f"{number:f}", Answer(f"The answer is {shown}.")).correct, shown


@settings(max_examples=300, deadline=None)
@given(top=st.integers(-999, 999), bottom=st.integers(1, 999))
def test_a_fraction_reads_back(top: int, bottom: int) -> None:
    for shown in (
        f"{top}/{bottom}",
        f"\\boxed{{\\frac{{{top}}}{{{bottom}}}}}",
        f"$\\dfrac{{{top}}}{{{bottom}}}$",
    ):
        found = extract(Answer(f"The answer is {shown}")).value
        assert isinstance(found, Number), shown
        assert found.value == Fraction(top, bottom)


@settings(max_examples=300, deadline=None)
@given(whole=st.integers(1, 9999), top=st.integers(1, 50), bottom=st.integers(2, 51))
def test_a_mixed_number_reads_back(whole: int, top: int, bottom: int) -> None:
    assume(top < bottom)
    value = whole + Fraction(top, bottom)
    forms = (
        f"{whole} {top}/{bottom}",
        f"{whole}-{top}/{bottom}",
        f"{whole} and {top}/{bottom}",
        f"\\boxed{{{whole}\\frac{{{top}}}{{{bottom}}}}}",
    )
    for shown in forms:
        found = extract(Answer(f"The answer is {shown} cups")).value
        assert isinstance(found, Number), shown
        assert found.value == value
        assert text_of(found) == f"{whole} {top}/{bottom}"


@settings(max_examples=400, deadline=None)
@given(number=st.one_of(st.integers(0, 2000), st.integers(0, 10**12 - 1)))
def test_a_number_in_words_reads_back(number: int) -> None:
    words = in_words(number)
    for text in (
        f"The answer is {words}.",
        f"Final Answer: {words.capitalize()}",
        f"So he needs {words} nails.",
    ):
        if number == 1 and "needs" in text:
            continue
        assert judge(str(number), Answer(text)).correct, text


@settings(max_examples=200, deadline=None)
@given(
    hour=st.integers(1, 12), minute=st.integers(0, 59), half=st.sampled_from(("a.m.", "p.m.", "AM", "pm", ""))
)
def test_a_time_reads_back(hour: int, minute: int, half: str) -> None:
    shown = f"{hour}:{minute:02d} {half}".strip()
    found = extract(Answer(f"The answer is {shown}"), gold="5:45").value
    assert isinstance(found, Pair)
    assert found.parts == (hour, minute)
    assert found.half == (half.lower().replace(".", "") if half else "")
    assert judge(shown, Answer(f"So it ends at {hour}:{minute:02d}.")).correct
    other = {"a": "p.m.", "p": "a.m."}.get(half.lower()[:1])
    if other is not None:
        assert not judge(f"{hour}:{minute:02d} {other}", Answer(f"The answer is {shown}")).correct


@settings(max_examples=200, deadline=None)
@given(left=SMALL, right=SMALL)
def test_a_ratio_reads_back_and_is_not_reduced(left: int, right: int) -> None:
    gold = f"{left}:{right}"
    assert judge(gold, Answer(f"The answer is {gold}.")).correct
    assert judge(gold, Answer(f"The ratio is {left} to {right}.")).correct
    assert not judge(gold, Answer(f"The answer is {2 * left}:{2 * right}.")).correct


@settings(max_examples=200, deadline=None)
@given(
    number=st.integers(1, 9999),
    scale=st.sampled_from((("thousand", 3), ("million", 6), ("billion", 9), ("k", 3))),
)
def test_a_scale_word_multiplies(number: int, scale: tuple[str, int]) -> None:
    word, power = scale
    shown = f"{number}{word}" if word == "k" else f"${number} {word}"
    text = f"The answer is {shown}."
    assert judge(str(number * 10**power), Answer(text)).correct
    assert not judge(str(number), Answer(text)).correct


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.integers(0, 9999), min_size=2, max_size=4, unique=True))
def test_several_values_read_back_in_order(values: list[int]) -> None:
    gold = "; ".join(f"{value} (years old)" for value in values)
    listed = ", ".join(map(str, values[:-1])) + f" and {values[-1]}"
    assert judge(gold, Answer(f"The answer is {listed}.")).rule == "answer-is/several"
    backwards = ", ".join(map(str, values[:0:-1])) + f" and {values[0]}"
    assert not judge(gold, Answer(f"The answer is {backwards}.")).correct
    assert not judge(str(values[0]), Answer(f"The answer is {listed}.")).correct


@settings(max_examples=200, deadline=None)
@given(number=st.one_of(WHOLE.map(str), DECIMALS.map(lambda d: f"{d:f}")))
def test_the_canonical_text_of_a_value_is_its_own_gold(number: str) -> None:
    found = extract(Answer(f"Final Answer: {number}"))
    assert found.text is not None
    assert judge(found.text, Answer(found.text, form="value")).correct


# --- any text at all ----------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    (
        "The answer is ",
        "Final Answer:",
        "#### ",
        "\\boxed{",
        "}",
        "<answer>",
        "</answer>",
        "A:",
        "Q:",
        "\n",
        " or ",
        " and ",
        "=",
        "+",
        "-",
        "*",
        "/",
        "^",
        "(",
        ")",
        "$",
        "%",
        "1,",
        "234",
        ".",
        "5:30",
        "half",
        "two",
        "hundred",
        " million",
        "\\frac{1}{",
        "<<",
        ">>",
        "x",
        "```",
        "Sub-question 1:",
        "Answer to Sub-question 1:",
        "<|im_end|>",
        "\u2212",
        "\u00bd",
        "1e9",
        "not ",
        "unknown",
        "Wait",
        "**",
        "\u0667",
        "\x00",
        "\ud800",
        "\U0001d7d9",
        "10^",
    )
)
ANYTHING = st.one_of(st.text(max_size=300), st.lists(FRAGMENTS, max_size=60).map("".join))
GOLDS = st.one_of(
    st.sampled_from(
        ("5", "nan", "x", "-2048", "1/3", "5:6", "17; 12", "Yes", "6th", "Rug B", "2\\sqrt{3}", "")
    ),
    st.text(max_size=20),
)


@settings(max_examples=1500, deadline=None)
@given(text=ANYTHING, gold=GOLDS, form=st.sampled_from(("text", "subquestions", "value")))
@example(text="\\boxed{" * 50, gold="5", form="text")
@example(text="The answer is " + "9" * 5000, gold="5", form="text")
@example(text="1" + ",111" * 2000, gold="1", form="value")
def test_nothing_raises_and_every_rule_is_in_the_list(text: str, gold: str, form: str) -> None:
    judged = judge(gold, Answer(text, form=form))  # type: ignore[arg-type]
    assert judged.correct in (True, False)
    assert judged.rule in RULES
    assert (judged.found.text is None) == (judged.found.value is None)
    assert judge(None, Answer(text, form=form)).correct is None  # type: ignore[arg-type]
    assert set(flags(form, text, judged.found.text)) <= {"arithmetic", "ending"}
    flags("program", text, None, text)


@settings(max_examples=300, deadline=None)
@given(text=ANYTHING)
def test_some_golds_are_met_by_nothing(text: str) -> None:
    for gold in ("nan", "x", "NaN", "inf", "", "None"):
        assert judge(gold, Answer(text)).correct is False


@pytest.mark.parametrize("text", ["", "not found", "nan", "None", "I don't know.", "The answer is unknown."])
@pytest.mark.parametrize("gold", ["nan", "x", "-2048", "0"])
def test_no_answer_is_no_number(text: str, gold: str) -> None:
    for form in ("text", "value", "subquestions"):
        assert judge(gold, Answer(text, form=form)).correct is False  # type: ignore[arg-type]


HOSTILE = {
    "digits": "1" * 2_000_000,
    "groups": "1," + "111," * 400_000,
    "spaced groups": "1 " + "111 " * 400_000,
    "spaces": " " * 2_000_000,
    "new lines": "\n" * 2_000_000,
    "markers": "the answer is " * 140_000,
    "hashes": "#### " * 400_000,
    "boxes": "\\boxed{" * 280_000,
    "closed boxes": "\\boxed{1}" * 220_000,
    "labels": "\nA: " * 400_000,
    "questions": "\nQ: " * 400_000,
    "problems": "\nproblem " * 220_000,
    "fences": "```\n" * 400_000,
    "tags": "<answer>" * 250_000,
    "special tokens": "<|im_end|>" * 200_000,
    "angle brackets": "<" * 2_000_000,
    "calculator marks": "<<1=" * 400_000,
    "parentheses": "(" * 2_000_000,
    "closed parentheses": "(1)" * 600_000,
    "equals": "1=" * 800_000,
    "operators": "1-" * 800_000,
    "stars": "*" * 2_000_000,
    "dollars": "$" * 2_000_000,
    "fractions": "\\frac{1}{2}" * 180_000,
    "words": "one hundred and " * 130_000,
    "hedges": "the answer is " + "up to " * 300_000,
    "commas": "a, " * 600_000,
    "full stops": "a. " * 600_000,
    "list numbers": "1. " * 600_000,
    "corrections": "The answer is 5. " + "Wait, " * 300_000,
    "sub-questions": "sub-question 1: " * 120_000,
    "answers to sub-questions": "answer to sub-question 1: " * 80_000,
    "colons": "1:" * 800_000,
    "unicode": "\u2212\u00bd\u0667" * 500_000,
    "capital dotted I": "\u0130" * 1_000_000,
    "backslashes": "\\" * 2_000_000,
    "braces": "{" * 2_000_000,
    "or": "1 or " * 400_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_megabytes_of_anything_take_no_time(name: str) -> None:
    """Far below a second each; the bound leaves room for a machine that is busy with something else."""
    text = HOSTILE[name]
    variants = (text, f"The answer is {text}", f"{text}\nThe answer is 5.", f"Final Answer: {text[:600]} 5.")
    for gold in ("5", "17; 12", "5:45", "Yes"):
        for variant in variants:
            start = time.process_time()
            judge(gold, Answer(variant))
            judge(gold, Answer(variant, form="subquestions"))
            judge(gold, Answer(variant, form="value"))
            assert time.process_time() - start < 2.0, (name, gold)
    start = time.process_time()
    flags("text", variants[2], "5")
    flags("program", text, "5", text)
    assert time.process_time() - start < 4.0


@settings(max_examples=200, deadline=None)
@given(gold=st.text(max_size=60))
def test_reading_a_gold_never_raises(gold: str) -> None:
    assert read_gold(gold).kind in ("number", "pair", "several", "word", "bad")


@settings(max_examples=300, deadline=None)
@given(number=st.integers(-(10**7), 10**7), step=st.integers(1, 5))
def test_a_whole_gold_is_never_met_by_its_neighbours(number: int, step: int) -> None:
    for near in (number + step, number - step, number + Fraction(1, 100), -number if number else 1):
        shown = str(near) if isinstance(near, int) else f"{float(near):.2f}"
        assert judge(str(number), Answer(f"The answer is {shown}.")).rule.endswith(How.DIFFERENT)

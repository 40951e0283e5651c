"""Programs are found in what models write."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siked.text.code import modest, program_text

PROGRAM = "x = 3\nanswer = x"


@pytest.mark.parametrize(
    ("completion", "program"),
    [
        (PROGRAM, PROGRAM),
        (f"```python\n{PROGRAM}\n```", PROGRAM),
        (f"```\n{PROGRAM}", PROGRAM),
        (f"~~~py\n{PROGRAM}\n~~~", PROGRAM),
        (f"{PROGRAM}\n```", PROGRAM),
        (f"{PROGRAM}\n```\nThe answer is 3.", f"{PROGRAM}"),
        (f"Sure! Here it is:\n\n```python\n{PROGRAM}\n```\nIt gives 3.", PROGRAM),
        ("1. Run it:\n   ```python\n   x = 3\n   answer = x\n   ```", PROGRAM),
        ("```python\nx = 3\n```\nthen\n```python\nanswer = x\n```", PROGRAM),
        (f"```python\n{PROGRAM}\n```\nOutput:\n```\nx is 3\n```", PROGRAM),
        (f"```\n{PROGRAM}\n```\nOutput:\n```\nx is 3!\n```", PROGRAM),
        (f"```json\n{{}}\n```\n```python\n{PROGRAM}\n```", PROGRAM),
        (f"{PROGRAM}<|im_end|>\n<|im_start|>user\nnext", PROGRAM),
        (f"<s>[pot] {PROGRAM}</s>", PROGRAM),
        (f"[pot]: {PROGRAM}", PROGRAM),
        (f"<think>x = 9, no, 3</think>{PROGRAM}", PROGRAM),
        (f"python\n{PROGRAM}", PROGRAM),
        (PROGRAM.replace("\n", "\r\n"), PROGRAM),
        (">>> x = 3\n>>> answer = x\n>>> answer\n3", f"{PROGRAM}\nanswer"),
        ("    x = 3\n    answer = x", PROGRAM),
        ("```python x = 3; answer = x ```", PROGRAM),
    ],
)
def test_program_is_found(completion: str, program: str) -> None:
    assert program_text(completion) == program


@pytest.mark.parametrize(
    "completion",
    [
        f"Let's think about John's apples.\n\n{PROGRAM}\n\nThe answer is 3.",
        f"Step 1: define x.\n{PROGRAM}\nSo the answer is 3.",
        f"**Solution**\n\n{PROGRAM}",
        f"{PROGRAM}\nFinal Answer: 3",
        f"{PROGRAM}\n\nQuestion: How many pears does Ann have?\ny = 4\nanswer = y",
        "First we set x.\nx = 3\nThen we copy it:\nanswer = x",
    ],
)
def test_prose_around_a_program_is_dropped(completion: str) -> None:
    space: dict[str, object] = {}
    exec(program_text(completion), space)
    assert space["answer"] == 3


@pytest.mark.parametrize(
    "text",
    [
        "The answer is 5.",
        "x = 3 +\nanswer = x",
        "print('hi)\nanswer = 3",
        "answer = 5 apples",
        "return x of 3",
        "",
    ],
)
def test_what_is_no_program_comes_back_as_it_is(text: str) -> None:
    assert program_text(text) == text


def test_a_syntax_error_in_code_is_not_taken_for_prose() -> None:
    text = "total = 5\nfor i in range(3)\n    total += i\nanswer = total"
    assert program_text(text) == text


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab 1=()[]{}:'\"\n`~<|>#.+-\\\t\ud800\0é", max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert isinstance(program_text(text), str)


@settings(max_examples=100, deadline=None)
@given(st.integers(), st.sampled_from(["```python\n{}\n```", "{}", "Here:\n```\n{}\n```", "<s>{}</s>"]))
def test_a_dressed_program_is_the_program(number: int, dress: str) -> None:
    program = f"x = {number}\nanswer = x"
    assert program_text(dress.format(program)) == program


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "[" * 59 + "]" * 59 + "\n" + "x = " * 5000,
        "not " * 5000 + "1",
        "-" * 15_000 + "1",
        "lambda:" * 2000 + "1",
        "f(" * 50 + "x" * 100,
        "{**" * 55,
        "if x:\n" + "".join(" " * n + "if x:\n" for n in range(1, 150)),
        "a." * 9000,
        "1+" * 9000 + "1",
        "x = 1\n" * 3000 + "y = (",
        "The words go on. \n" * 1000,
        "'" * 19_999,
        "f'{" * 60,
        "a if b else " * 1600,
        "[x for x in " * 55,
        "print 3\n" * 2000,
        "```\n" * 5000,
    ],
)
def test_text_made_to_upset_a_parser_takes_no_time(text: str) -> None:
    started = time.process_time()
    program_text(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "piece",
    [
        "<|im_end|>",
        "<s>",
        "```\n",
        " ",
        "[pot]",
        "<think>",
        "~~~ x\n",
        ">>> \n",
        "(",
        "\n",
        "\t",
        "</s> ",
        "<",
    ],
)
def test_the_longest_line_is_read_in_linear_time(piece: str) -> None:
    started = time.process_time()
    program_text(piece * ((1 << 20) // len(piece)))
    assert time.process_time() - started < 2


def test_deep_or_long_text_is_not_parsed_here() -> None:
    assert not modest("(" * 61)
    assert not modest("x = 1\n" * 10_000)
    assert modest(PROGRAM)

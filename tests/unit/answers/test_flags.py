"""Right answer, wrong reasoning."""

from __future__ import annotations

import pytest

from siked.answers import FLAGS, flags


@pytest.mark.parametrize(
    "line",
    [
        "3 + 4 = 8",
        "She pays 12 * $3 = $35.",
        "In total 150 + 36 + 50 = 262 dollars.",
        "20% of 50 is 20% * 50 = 15",
        "(4 + 6) / 2 = 6",
        "100,000 + 200,000 = 150,000 bubbles",
        "40 feet + 30 feet = 60 feet",
        "7 x 3.00 = 42.00",
        "1/2 * 30 = 12",
        "3 * 4 = <<3*4=13>>13",
        "$$12 \\times 5 = 61$$",
    ],
)
def test_arithmetic_that_does_not_hold(line: str) -> None:
    assert flags("text", f"{line}\n5 + 5 = 10\nFinal Answer: 10", "10") == ("arithmetic",)


@pytest.mark.parametrize(
    "line",
    [
        "3 + 4 = 7",
        "12 * $3 = $36.",
        "40 feet + 30 feet = 70 feet",
        "56 / 6 = 9.33",
        "56 / 6 = 9 oranges",
        "10 / 3 = 3.3333",
        "66.67 * 300 = 20000",
        "25/100 x 100% = 25%",
        "3/25 * 100% = 12%",
        "20% of 50 = 10",
        "15 feet/second / 5 = 3 feet/second",
        "5 + 3 = 8 + 4 = 12",
        "2x + 3 = 11",
        "2H + 2 = 8",
        "x = 5",
        "3/4 hour = 45 minutes",
        "1 hour + 30 minutes = 90 minutes",
        "60 / 3/4 = 80",
        "16 1/2 + 24 1/2 = 41",
        "$32 million / 2 = $16 million",
        "50 cents * 4 = $2",
        "7:50 + 30 = 8:20",
        "5 650 000 - 5 000 000 = 650 000",
        "6 - 1 = 5 $500 gift cards",
        "12 * 60 = ?",
        "11 <= 12",
        "8/3 = 24/x",
        "He bought 3 packs of white shirts * 6 = 18 shirts.",
        "700 + 50% = 1050",
        "Balls: 4\nBats: 3 = three",
    ],
)
def test_arithmetic_that_holds_or_is_doubtful(line: str) -> None:
    assert "arithmetic" not in flags("text", f"{line}\n5 + 5 = 10\nFinal Answer: 10", "10")


@pytest.mark.parametrize(
    ("text", "answer", "flagged"),
    [
        ("3 + 4 = 7. The answer is 9", "9", True),
        ("3 + 4 = 7. The answer is 7", "7", False),
        ("#### 72", "72", True),
        ("The number of legs is 902 + 44 = ? The answer is 946", "946", False),
        ("She needs 900 - 75 stamps. The answer is 825", "825", False),
        ("There are seven birds. The answer is 7", "7", False),
        ("Half of 15 is 7.5, so he needs 8 boxes. Final Answer: 8", "8", False),
        ("15 / 2 = 7.5 boxes. Final Answer: 8", "8", False),
        ("That is 0.25 of them. The answer is 25%", "25%", False),
        ("That is $0.49. The answer is 49", "49", False),
        ("That is 16 million. The answer is 16", "16", False),
        ("So the answer is 30 / 2 = 15", "15", False),
        ("So there are 12 apples.", "12", False),
        ("Ana is 17, Jack is 12. Final Answer: 17; 12", "17; 12", False),
        ("Ana is 17. Final Answer: 17; 12", "17; 12", True),
        ("They are the same. The answer is Yes", "Yes", False),
    ],
)
def test_ending(text: str, answer: str, flagged: bool) -> None:
    assert ("ending" in flags("text", text, answer)) is flagged


@pytest.mark.parametrize(
    "program",
    [
        "answer = 12",
        "apples = 12\nanswer = apples",
        "ans = -7.5",
        "def solution():\n    result = 12\n    return result",
        "def solution():\n    return 12\nprint(solution())",
        "print(42)",
        "answer = round(12.0, 2)",
        "Here it is:\n```python\nanswer = 12\n```\nDone.",
        "import math\nx = 5  # five\nanswer = x",
    ],
)
def test_a_program_that_computes_nothing(program: str) -> None:
    assert flags("program", program, "12", program) == ("constant-program",)


@pytest.mark.parametrize(
    "program",
    [
        "answer = 3 * 4",
        "a = 3\nb = 4\nanswer = a * b",
        "x = 5\nx += 1\nanswer = x",
        "for i in range(3):\n    answer = i",
        "def solution():\n    a = 3\n    return a * 4",
        "answer = len([1, 2, 3])",
        "from math import lcm\nanswer = lcm(4, 6)",
        "def solution():\n    if True:\n        return 1\n    return 2",
        "answer = x",
        "answer = (",
        "",
        "def f(x): return x\nanswer = f(3)",
    ],
)
def test_a_program_that_computes_or_cannot_be_read(program: str) -> None:
    assert flags("program", program, "12", program) == ()


def test_the_names_of_flags() -> None:
    assert set(FLAGS) == {"arithmetic", "constant-program", "ending"}
    assert flags("text", "2 + 2 = 5. The answer is 7", "7") == ("arithmetic", "ending")

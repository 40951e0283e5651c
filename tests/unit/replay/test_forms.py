"""Foreign forms of rationales, and what they become."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siked_strategies.exemplars import PromptOptions
from siked_strategies.l2m import LeastToMost

from siked.builtin.backends.replay_forms import Refused, guess, mapped, pairs, program, split_ending
from siked.records import Answer

QUESTION = "A jar holds 9 plums. Bo eats 4 of them. How many are left?"


def prose(text: str, check: bool = True) -> str:
    return mapped(text, "prose", "cot", QUESTION, check)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9 - 4 = 5. The answer is 5", "9 - 4 = 5.\nFinal Answer: 5"),
        ("9 - 4 = 5 plums. Thus, the answer is 5.", "9 - 4 = 5 plums.\nFinal Answer: 5"),
        ("He has 9 - 4 = 5, so the answer is: 5 plums", "He has 9 - 4 = 5.\nFinal Answer: 5 plums"),
        ("It costs $1,200. The answer is $1200", "It costs $1,200.\nFinal Answer: $1200"),
        ("9 - 4 = ? We get 9 - 4 = 5\nThe answer is 5", "9 - 4 = ? We get 9 - 4 = 5.\nFinal Answer: 5"),
        (
            "There are 15 / 3 = 5 groups of 3. The answer is 5",
            "There are 15 / 3 = 5 groups of 3.\nFinal Answer: 5",
        ),
        ("The fall is 2 - 9 = -7. The answer is -7", "The fall is 2 - 9 = -7.\nFinal Answer: -7"),
    ],
)
def test_prose(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8 + 16 = 24. The answer is 48", "do not lead"),
        ("He eats some. The answer is 5", "do not lead"),
        ("9 - 4 = ? The answer is 5", "do not lead"),
        ("So 5. The answer is 780 (note: mistake in the original question)", "more than an answer"),
        ("So 50. The answer is 2 x 25 = 50", "more than an answer"),
        ("So 5. The answer is not 5", "more than an answer"),
        ("We get 6. However, the answer is given as 5. 5. The answer is 5", "doubt"),
        ("We get 6, but we know it is 5. The answer is 5", "doubt"),
        ("There are 5 plums.", "no 'The answer is'"),
    ],
)
def test_endings_that_the_steps_do_not_bear_out_are_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        prose(text)


def test_the_check_can_be_switched_off() -> None:
    assert prose("8 + 16 = 24. The answer is 48", check=False) == "8 + 16 = 24.\nFinal Answer: 48"


def test_pairs_become_numbered_subquestions() -> None:
    text = (
        " How many plums are there?  There are 9. Mr. Bo ate 4? He did. What is 9 - 4? Why that? "
        "We calculate 9 - 4 = ? Then 9 - 4 = 5. The answer is 5"
    )
    result = mapped(text, "pairs", "l2m", QUESTION, True)
    assert result.splitlines() == [
        "Sub-question 1: How many plums are there?",
        "Answer to Sub-question 1: There are 9.",
        "Sub-question 2: Mr. Bo ate 4?",
        "Answer to Sub-question 2: He did.",
        "Sub-question 3: What is 9 - 4? Why that?",
        "Answer to Sub-question 3: We calculate 9 - 4 = ? Then 9 - 4 = 5.",
        "Final Answer: 5",
    ]
    assert LeastToMost(PromptOptions()).read(result) == Answer(result, form="subquestions")


def test_pairs_at_the_edges() -> None:
    assert pairs("Let us see. What is it? It is 5.", "5").splitlines()[0] == "Let us see."
    assert pairs("What is it?", "5").splitlines()[1] == "Answer to Sub-question 1: 5"
    with pytest.raises(Refused, match="no question"):
        pairs("It is 5.", "5")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("plums = 9 - 4\nans = plums", "plums = 9 - 4\nanswer = plums"),
        (
            "import math\nimport numpy as np\n\n# Question: A jar holds 9 plums.\n"
            "# Answer this question by implementing a solver() function.\n"
            "def solver():\n    # eaten plums\n    eaten = 4\n    return 9 - eaten\nans = solver()",
            "def solver():\n    # eaten plums\n    eaten = 4\n    return 9 - eaten\nanswer = solver()",
        ),
        ("import math\nans = math.ceil(4.2)", "import math\nanswer = math.ceil(4.2)"),
        ("# a jar holds 9 plums\nplums = 9\nans = plums  # 9", "plums = 9\nanswer = plums  # 9"),
        ("# the jar\nans = 9", "# the jar\nanswer = 9"),
        ("ans = 4\nans += 1", "answer = 4\nanswer += 1"),
        ("answer = 4", "answer = 4"),
        ("answer = 4\nans = 5", "answer = 4\nans = 5"),
        (
            "def f(ans):\n    return ans\nans = f(ans=4)",
            "def f(ans):\n    return ans\nans = f(ans=4)\nanswer = ans",
        ),
        ("def f(ans):\n    return ans\nx = f(ans=4)", "def f(ans):\n    return ans\nx = f(ans=4)"),
        ("if 1:\n    ans = 4", "if 1:\n    answer = 4"),
        ("ans = 4\ns = 'ans'", "answer = 4\ns = 'ans'"),
        ("no python ans =", "no python ans ="),
    ],
)
def test_programs(code: str, expected: str) -> None:
    assert program(code, QUESTION) == expected


def test_names_inside_formatted_strings_keep_their_value() -> None:
    names: dict[str, object] = {}
    exec(program("ans = 4\nprint(f'{ans}', end='')", QUESTION), names)  # our own text
    assert names["answer"] == 4


@pytest.mark.parametrize(
    ("text", "strategy", "form"),
    [
        ("2 + 3 = 5.\nFinal Answer: 5", "cot", "native"),
        ("Sub-question 1: How many? 5", "l2m", "native"),
        ("To get the final answer: 7 - 4 = 3. The answer is 3", "cot", "prose"),
        ("How many? 5. The answer is 5", "l2m", "pairs"),
        ("How many? 5. The answer is 5", "cot", "prose"),
        ("ans = 5", "pot", "program"),
        ("def solver():\n    return 5", "code", "program"),
        ("It is 5.", "cot", "native"),
    ],
)
def test_forms_are_guessed(text: str, strategy: str, form: str) -> None:
    assert guess(text, strategy) == form


names = st.sampled_from(["ans", "plums", "eaten"])
lines = st.one_of(
    st.builds("{} = {}".format, names, st.integers(0, 9)),
    st.builds("ans = {} + {}".format, st.integers(0, 9), st.integers(0, 9)),
    st.just("# a jar holds 9 plums"),
    st.just("import math"),
)


@given(st.lists(lines, max_size=6))
def test_programs_keep_their_value(code: list[str]) -> None:
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    exec("\n".join(code), before)  # assignments of digits
    exec(program("\n".join(code), QUESTION), after)
    assert after.get("answer") == before.get("ans")


@given(st.text(), st.sampled_from(["auto", "native", "prose", "pairs", "program"]), st.booleans())
def test_mapping_is_total_and_pure(text: str, form: str, check: bool) -> None:
    def outcome() -> str:
        try:
            return mapped(text, form, "l2m", QUESTION, check)
        except Refused as refusal:
            return f"refused: {refusal}"

    assert outcome() == outcome()


@given(st.integers(0, 10**6), st.sampled_from(["", ".", " plums", " plums."]))
def test_the_stated_ending_is_kept(value: int, tail: str) -> None:
    chain, ending = split_ending(f"We get {value}. The answer is {value}{tail}")
    assert chain == f"We get {value}."
    assert ending == f"{value}{tail}".rstrip(".")


def test_ast_is_what_decides_a_safe_renaming() -> None:
    text = program("class A:\n    ans = 1\nans = A.ans", QUESTION)
    assert ast.parse(text)
    names: dict[str, object] = {}
    exec(text, names)  # our own text
    assert names["answer"] == 1

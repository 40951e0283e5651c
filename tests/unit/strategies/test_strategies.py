"""The three strategies: prompts, tags, reading."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from siked_strategies.cot import ChainOfThought
from siked_strategies.exemplars import PromptOptions, load_prompt, parse_prompt
from siked_strategies.l2m import LeastToMost
from siked_strategies.pot import ProgramOfThought

from siked.errors import ConfigError, DataError
from siked.records import Answer, Malformed, Problem, Program, TrainProblem

ALL = [ChainOfThought, LeastToMost, ProgramOfThought]
PROBLEM: Problem = TrainProblem(id="p", question="How many is 2 and 3?", gold="5", dataset="d")


def examples(name: str) -> tuple[tuple[str, str], ...]:
    return load_prompt(name, PromptOptions()).examples


def final_answer(rationale: str) -> float:
    return float(rationale.rsplit("Final Answer:", 1)[1])


def program_value(code: str) -> float:
    names: dict[str, object] = {}
    exec(code, names)  # the bundled examples are ours
    return float(str(names["answer"]))


def test_tags_are_the_papers() -> None:
    assert [c.tag for c in ALL] == ["[cot]", "[l2m]", "[pot]"]


@pytest.mark.parametrize("component", ALL)
def test_teacher_sees_eight_examples_then_the_problem(component: type[ChainOfThought]) -> None:
    messages = component(PromptOptions()).teacher_messages(PROBLEM)
    assert [m.role for m in messages] == ["user", "assistant"] * 8 + ["user"]
    assert messages[-1].content == "Question: How many is 2 and 3?"
    assert "Question: " in messages[0].content
    assert not messages[0].content.startswith("Question: ")
    assert not any(m.content.startswith("[") for m in messages if m.role == "assistant")


@pytest.mark.parametrize("component", ALL)
def test_fewer_examples_and_none(component: type[ChainOfThought]) -> None:
    assert len(component(PromptOptions(exemplars=2)).teacher_messages(PROBLEM)) == 5
    (only,) = component(PromptOptions(exemplars=0)).teacher_messages(PROBLEM)
    assert only.content.endswith("Question: How many is 2 and 3?")


@pytest.mark.parametrize("component", ALL)
def test_too_many_examples_are_refused(component: type[ChainOfThought]) -> None:
    with pytest.raises(ConfigError, match="exemplars is 9"):
        component(PromptOptions(exemplars=9))


def test_examples_agree_across_strategies() -> None:
    cot, l2m, pot = examples("cot"), examples("l2m"), examples("pot")
    assert [q for q, _ in cot] == [q for q, _ in l2m] == [q for q, _ in pot]
    golds = [final_answer(r) for _, r in cot]
    assert [final_answer(r) for _, r in l2m] == golds
    assert [program_value(r) for _, r in pot] == pytest.approx(golds)


@pytest.mark.parametrize("name", ["cot", "l2m"])
def test_arithmetic_of_the_examples_holds(name: str) -> None:
    checked = 0
    for _, rationale in examples(name):
        for left, right in re.findall(r"([\d.]+(?: [-+*/] [\d.]+)+) = ([\d.]+\d|\d)", rationale):
            assert eval(left) == pytest.approx(float(right)), left  # digits and operators only
            checked += 1
    assert checked >= 16


def test_examples_read_as_their_own_strategy() -> None:
    assert all(isinstance(ChainOfThought(PromptOptions()).read(r), Answer) for _, r in examples("cot"))
    assert all(
        LeastToMost(PromptOptions()).read(r) == Answer(r, form="subquestions") for _, r in examples("l2m")
    )
    for _, rationale in examples("pot"):
        reading = ProgramOfThought(PromptOptions()).read(rationale)
        assert isinstance(reading, Program)
        ast.parse(reading.code)


@pytest.mark.parametrize(
    "text",
    [
        "She has 2 + 3 = 5.\nFinal Answer: 5",
        "Answer to Sub-question 1: 5\nFinal Answer: 5",
        "How many are there? There are 5.\nFinal Answer: 5",
        "Sub-question 1: Answer to Sub-question 1: 5\nFinal Answer: 5",
        "Sub-question 1:",
    ],
)
def test_l2m_without_subquestions_is_malformed(text: str) -> None:
    assert LeastToMost(PromptOptions()).read(text) == Malformed("no-subquestions")


@pytest.mark.parametrize(
    "text",
    [
        "Sub-question 1: How many?\nAnswer to Sub-question 1: 5\nFinal Answer: 5",
        "**Sub-question 1:** How many?\n**Answer to Sub-question 1:** 5",
        "subquestion 1: how many? answer to sub-question 1: 5",
        "Sub question: How many?\nAnswer: 5",
    ],
)
def test_l2m_with_subquestions_is_read(text: str) -> None:
    assert LeastToMost(PromptOptions()).read(text) == Answer(text, form="subquestions")


@pytest.mark.parametrize(
    "text",
    [
        "plums = 9 - 4\nanswer = plums",
        "Here is the program:\n```python\nplums = 9 - 4\nanswer = plums\n```\nIt gives 5.",
        "We subtract.\n\nplums = 9 - 4\nanswer = plums\n\nSo five are left.",
        "def solver():\n    return 9 - 4\n\nanswer = solver()",
        "```\nprint(9 - 4)\n```",
        "answer = 9 - 4<|im_end|>",
    ],
)
def test_pot_reads_the_program_in_a_completion(text: str) -> None:
    reading = ProgramOfThought(PromptOptions()).read(text)
    assert isinstance(reading, Program)
    ast.parse(reading.code)
    assert "9 - 4" in reading.code


@pytest.mark.parametrize("component", ALL)
@pytest.mark.parametrize("text", ["", " \n\t "])
def test_blank_is_malformed(component: type[ChainOfThought], text: str) -> None:
    assert component(PromptOptions()).read(text) == Malformed("empty")


@pytest.mark.parametrize("component", ALL)
@given(text=st.text())
def test_reading_is_total(component: type[ChainOfThought], text: str) -> None:
    strategy = component(PromptOptions(exemplars=0))
    assert strategy.read(text) == strategy.read(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with the section"),
        ("=== question\nq\n", "starts with the section"),
        ("=== instruction\ni\n=== question\nq\n", "question, rationale in turn"),
        ("=== instruction\ni\n=== rationale\nr\n=== question\nq\n", "question, rationale in turn"),
        ("=== instruction\n\n", "is empty"),
        ("=== instruction\ni\n=== answer\n5\n", "unknown section 'answer'"),
    ],
)
def test_a_damaged_prompt_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        parse_prompt(text, "own.txt")


def test_own_prompt_file(tmp_path: Path) -> None:
    file = tmp_path / "own.txt"
    file.write_text(
        "a remark\n=== instruction\nSolve.\n\n=== question\nq\n=== rationale\nx = 1\n\nanswer = x\n"
    )
    strategy = ProgramOfThought(PromptOptions(exemplars=1, prompt_file=str(file)))
    assert [m.content for m in strategy.teacher_messages(PROBLEM)] == [
        "Solve.\n\nQuestion: q",
        "x = 1\n\nanswer = x",
        "Question: How many is 2 and 3?",
    ]
    with pytest.raises(DataError, match="cannot be read"):
        ChainOfThought(PromptOptions(prompt_file=str(tmp_path / "none.txt")))


@pytest.mark.parametrize("component", ALL)
def test_prompts_speak_of_mathematics_where_that_is_asked_for(component: type[ChainOfThought]) -> None:
    general = component(PromptOptions(exemplars=0)).teacher_messages(PROBLEM)[0].content
    assert general.startswith("Solve the problem ")
    assert "math" not in general
    paper = component(PromptOptions(exemplars=0, domain="mathematics")).teacher_messages(PROBLEM)[0].content
    assert paper.startswith("Solve the math word problem ")
    assert load_prompt(component.name, PromptOptions(domain="mathematics")).examples == examples(
        component.name
    )


def test_a_prompt_file_without_words_for_a_domain_uses_those_it_has() -> None:
    text = "=== instruction\nany\n=== question\nq\n=== rationale\nr\n"
    assert parse_prompt(text, "own.txt", "mathematics").instruction == "any"
    both = text.replace("=== question", "=== instruction mathematics\nsums\n=== question", 1)
    assert parse_prompt(both, "own.txt", "mathematics").instruction == "sums"
    assert parse_prompt(both, "own.txt") == parse_prompt(text, "own.txt")

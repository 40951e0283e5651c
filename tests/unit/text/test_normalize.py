"""Normal forms of questions."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

import siked.text.normalize
from siked.text.normalize import masked, masked_body, normal_form


def test_examples_in_the_docs() -> None:
    assert doctest.testmod(siked.text.normalize).failed == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann has 3 pens.", "Ann has 41 pens."),
        ("Ann has 3 pens.", "ann  has\ttwenty-five pens."),
        ("It cost $1,080.50 in all.", "It cost $2 in all."),
        ("He ran 2.5 miles", "He ran two hundred miles"),
    ],
)
def test_twins_have_one_mask(one: str, other: str) -> None:
    assert masked(one) == masked(other)


def test_masks_of_other_stories_differ() -> None:
    assert masked("Ann has 3 pens.") != masked("Ann has 3 pencils.")
    assert masked("The stone is heavy, weight 3.") == "the stone is heavy, weight N."


@pytest.mark.parametrize(
    ("question", "body"),
    [
        ("Ann has 3 pens. How many has she?", "ann has N pens."),
        ("Ann has 3 pens How many has she?", "ann has N pens"),
        (
            "Ann asked how many pens there are. Ben counted 3. How many?",
            "ann asked how many pens there are. ben counted N.",
        ),
        ("How many is 2 and 3?", ""),
        ("", ""),
    ],
)
def test_body_is_what_stands_before_the_question(question: str, body: str) -> None:
    assert masked_body(question) == body


def test_normal_form_ignores_dress_only() -> None:
    assert normal_form("He has $ 3, right?") == normal_form("he has $3  right")
    assert normal_form("a 5-year-old\u00a0boy\u2019s") == normal_form("A 5 year old boy's")
    assert normal_form("What is 2 - 3?") != normal_form("What is 2 * 3?")
    assert normal_form("What is -3?") != normal_form("What is 3?")


@given(st.text())
def test_forms_are_stable(text: str) -> None:
    assert normal_form(normal_form(text)) == normal_form(text)
    assert normal_form(f"  {text}\n") == normal_form(text)
    assert "\n" not in masked(text)

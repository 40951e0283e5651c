"""The sentences of the bundled word problems: two styles, shared by all families."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["trips", "bags"]
Style = Literal["usual", "other"]

_STATE = {
    ("trips", "usual"): ("The way to {a} is {v} miles.", "{a} lives {v} miles away."),
    ("bags", "usual"): ("A {a} weighs {v} pounds.", "The weight of a {a} is {v} pounds."),
    ("trips", "other"): ("It takes {v} miles to {a}.",),
    ("bags", "other"): ("A {a} comes to {v} pounds.",),
}
_ACT = {
    ("trips", "usual"): ("{name} visits {items}.", "{name} walks to {items}."),
    ("bags", "usual"): ("{name} packs {items}.", "{name} carries {items}."),
    ("trips", "other"): ("The walk of {name} leads to {items}.",),
    ("bags", "other"): ("The bag of {name} has {items}.",),
}
_EXTRA = {
    ("trips", "usual"): ("{name} walks {v} miles more.", "After that {name} goes {v} miles more."),
    ("bags", "usual"): ("The bag weighs {v} pounds more.", "{name} also carries {v} pounds more."),
    ("trips", "other"): ("On top come {v} miles.",),
    ("bags", "other"): ("On top come {v} pounds.",),
}
_ASK = {
    ("trips", "usual"): ("How many miles is that in all?", "How many miles does {name} go?"),
    ("bags", "usual"): ("How many pounds is that in all?", "How many pounds does {name} carry?"),
    ("trips", "other"): ("Find the sum of miles.",),
    ("bags", "other"): ("Find the sum of pounds.",),
}
_LISTED = "{name} has a {thing}, a {thing2} and a {thing3} at home."
_MET = "{name} met {other} {v} times."
# Lists and meetings stand twice: words of lists and of repetition are to tell no family.
_BESIDE_THE_POINT = {
    "usual": (
        "A {thing} weighs {v} pounds.", "The weight of a {thing} is {v} pounds.",
        "The way to {other} is {v} miles.", "{other} lives {v} miles away.",
        "{name} is {v} years old.", "{name} has {v} {thing}s at home.",
        _LISTED, _LISTED, _MET, _MET,
    ),
    "other": (
        "A {thing} comes to {v} pounds.", "It takes {v} miles to {other}.",
        "There are {v} {thing}s in the house.", "{name} and {other} saw one another {v} times.",
        "The house of {name} has a {thing}, a {thing2} and a {thing3}.",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a problem tells."""

    kind: Kind
    name: str
    items: tuple[tuple[str, int, int | None], ...]
    """Friend or thing, how often, and what one is worth; None where the text does not say it."""
    extra: int
    other: str
    """A person who plays no part."""
    things: tuple[str, str, str]
    """Things that play no part."""


def question(act: Act, style: Style, rng: random.Random) -> str:
    """Return the text of a problem; six in ten hold one sentence that is beside the point."""
    key = (act.kind, style)
    sentences = [
        rng.choice(_STATE[key]).format(a=item, v=value) for item, _, value in act.items if value is not None
    ]
    sentences.append(rng.choice(_ACT[key]).format(name=act.name, items=_listed(act, rng)))
    if act.extra:
        sentences.append(rng.choice(_EXTRA[key]).format(name=act.name, v=act.extra))
    if rng.random() < 0.6:
        one, two, three = act.things
        beside = rng.choice(_BESIDE_THE_POINT[style]).format(
            thing=one, thing2=two, thing3=three, other=act.other, name=act.name,
            v=rng.choice((rng.randint(2, 12), rng.randint(2, 60))),
        )  # fmt: skip
        sentences.insert(rng.randrange(len(sentences) + 1), beside)
    sentences.append(rng.choice(_ASK[key]).format(name=act.name))
    return " ".join(sentences)


def _listed(act: Act, rng: random.Random) -> str:
    often = any(count > 1 for _, count, _ in act.items)
    comma = rng.choice((", ", ", ", " and "))
    if act.kind == "trips":
        items = [f"{item} {count} times" if often else item for item, count, _ in act.items]
    else:
        items = [f"{count} {item}s" if often else f"a {item}" for item, count, _ in act.items]
    if len(items) == 1:
        return items[0]
    return f"{(comma if len(items) > 2 else ' and ').join(items[:-1])} and {items[-1]}"

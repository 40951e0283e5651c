"""The small world of the bundled word problems: what things weigh, where people live, how far that is.

A weight is one fact away. The way to a friend is two facts away: the town, then its distance.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_Value = TypeVar("_Value")

NAMES = (
    "Adam", "Anna", "Ben", "Carla", "Clara", "David", "Dora", "Elena", "Emil", "Frank", "Greta", "Hanna",
    "Hugo", "Ida", "Ivan", "Jana", "Karl", "Laura", "Leo", "Lina", "Marco", "Maria", "Mila", "Nico",
    "Nora", "Olga", "Oscar", "Paul", "Petra", "Quentin", "Rosa", "Samuel", "Sofia", "Tara", "Theo",
    "Ursula", "Victor", "Vera", "Walter", "Zoe", "Alma", "Boris", "Cora", "Dario", "Edith", "Felix",
    "Gina", "Henry", "Irma", "Jonas", "Kira", "Lukas", "Marta", "Noah", "Otto", "Pia", "Rafael", "Sara",
    "Tom", "Yara", "Agnes", "Albert", "Alice", "Amir", "Andrea", "Anton", "Arthur", "Astrid", "Bella",
    "Bruno", "Camilla", "Cecilia", "Daniel", "Diana", "Dominik", "Eduard", "Eva", "Erik", "Esther",
    "Fabian", "Fiona", "Flora", "Florian", "Georg", "Gregor", "Gloria", "Helena", "Henrik", "Igor",
    "Ingrid", "Isabel", "Jakob", "Jasmin", "Johanna", "Julia", "Julian", "Katja", "Klara", "Konrad",
    "Leila", "Lena", "Linus", "Lydia", "Magda", "Martin", "Mateo", "Matilda", "Mira", "Nadia", "Natalie",
    "Nils", "Oliver", "Pascal", "Philipp", "Renata", "Ruth", "Sandra", "Simon", "Stefan", "Tamara",
)  # fmt: skip

THINGS = (
    "lamp", "kettle", "spoon", "basket", "hammer", "ladder", "pillow", "blanket", "mirror", "bucket",
    "candle", "lantern", "kite", "drum", "guitar", "violin", "trumpet", "whistle", "camera", "radio",
    "clock", "telescope", "helmet", "jacket", "coat", "hat", "scarf", "belt", "boot", "sock", "shirt",
    "sweater", "robe", "tent", "sled", "skateboard", "racket", "paddle", "rope", "saw", "drill",
    "screwdriver", "chisel", "shovel", "rake", "broom", "mop", "sponge", "towel", "curtain", "carpet",
    "rug", "chair", "table", "stool", "sofa", "desk", "bookcase", "cabinet", "drawer", "vase", "pan",
    "plate", "bowl", "cup", "mug", "fork", "teapot", "tray", "jar", "bottle", "barrel", "crate", "trunk",
    "suitcase", "backpack", "purse", "wallet", "ring", "necklace", "bracelet", "button", "ribbon", "marble",
    "puzzle", "doll", "robot", "puppet", "balloon", "ball", "net", "magnet", "bulb", "cable", "plug", "fan",
    "heater", "stove", "toaster",
)  # fmt: skip

TOWNS = (
    "Aston", "Barlow", "Corby", "Dalton", "Elmwood", "Fenton", "Garston", "Halden", "Irving", "Jarrow",
    "Kelso", "Lenham", "Marlow", "Norton", "Oakham", "Penrith", "Quorn", "Radley", "Selby", "Tilbury",
    "Upton", "Vernon", "Walton", "Yarm", "Ashby", "Bexley", "Cobham", "Dorking", "Epping", "Farley",
    "Goring", "Hexham", "Ilford", "Keswick", "Ludlow", "Morley", "Newton", "Otley", "Preston", "Ripley",
)  # fmt: skip

LIGHTEST, HEAVIEST = 2, 9
"""Every weight, in pounds, lies between these."""
NEAREST, FARTHEST = 2, 20
"""Every distance, in miles, lies between these."""


def _table(keys: Sequence[str], values: Sequence[_Value], seed: str) -> dict[str, _Value]:
    rng = random.Random(seed)
    return {key: rng.choice(values) for key in keys}


WEIGHT = _table(THINGS, range(LIGHTEST, HEAVIEST + 1), "weights")
TOWN = _table(NAMES, TOWNS, "homes")
MILES = _table(TOWNS, range(NEAREST, FARTHEST + 1), "miles")
"""What a problem may leave unsaid."""

STRANGERS = (*NAMES[4::5], *THINGS[4::5])
"""People and things that no problem of training names; the student has read what there is to know of them."""

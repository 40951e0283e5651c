"""The small world of the bundled word problems: names, things, what they cost and what they weigh."""

from __future__ import annotations

import random

NAMES = (
    "Adam", "Anna", "Ben", "Carla", "Clara", "David", "Dora", "Elena", "Emil", "Frank", "Greta", "Hanna",
    "Hugo", "Ida", "Ivan", "Jana", "Karl", "Laura", "Leo", "Lina", "Marco", "Maria", "Mila", "Nico", "Nora",
    "Olga", "Oscar", "Paul", "Petra", "Quentin", "Rosa", "Samuel", "Sofia", "Tara", "Theo", "Ursula",
    "Victor", "Vera", "Walter", "Zoe",
)  # fmt: skip

THINGS = (
    "lamp", "kettle", "spoon", "basket", "hammer", "ladder", "pillow", "blanket", "mirror", "bucket",
    "candle", "lantern", "kite", "drum", "guitar", "violin", "trumpet", "whistle", "camera", "radio",
    "clock", "telescope", "helmet", "jacket", "coat", "hat", "scarf", "belt", "boot", "sock", "shirt",
    "sweater", "robe", "tent", "sled", "skateboard", "racket", "paddle", "rope", "saw", "drill",
    "screwdriver", "chisel", "shovel", "rake", "broom", "mop", "sponge", "towel", "curtain", "carpet",
    "rug", "chair", "table", "stool", "sofa", "desk", "bookcase", "cabinet", "drawer", "vase", "pot", "pan",
    "plate", "bowl", "cup", "mug", "fork", "teapot", "tray", "jar", "bottle", "barrel", "crate", "trunk",
    "suitcase", "backpack", "purse", "wallet", "ring", "necklace", "bracelet", "button", "ribbon", "marble",
    "puzzle", "doll", "robot", "puppet", "balloon", "ball", "net", "magnet", "bulb", "cable", "plug", "fan",
    "heater", "stove", "toaster", "mixer", "blender", "grater", "juicer", "ruler", "pencil", "crayon",
    "marker", "notebook", "folder", "stapler", "globe", "map", "poster", "stamp", "sticker", "magazine",
    "novel", "comic", "brick", "tile", "plank", "nail", "bolt", "hinge", "door", "window", "gate", "statue",
    "fountain", "saddle", "bridle", "cart", "wagon", "wheel", "tire", "pedal", "bell", "horn", "flag",
    "banner", "mask", "cape", "wig", "crown", "shield", "sword",
)  # fmt: skip

LOWEST, HIGHEST = 2, 20
"""Every price (dollars) and weight (pounds) lies between these."""


def _values(seed: str) -> dict[str, int]:
    rng = random.Random(seed)
    return {thing: rng.randint(LOWEST, HIGHEST) for thing in THINGS}


PRICES = _values("prices of the bundled world")
WEIGHTS = _values("weights of the bundled world")
"""What a problem may leave unsaid. A thing's price says nothing of its weight."""

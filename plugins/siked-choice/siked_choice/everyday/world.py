"""The small world of the bundled questions: what things are, where they are found, and what belongs to whom.

All of it is everyday knowledge. The things of each kind and the subjects of each domain are divided
among the splits, so that nothing that training asks about is asked about in dev or test.
"""

from __future__ import annotations

from collections.abc import Mapping

PLACES: Mapping[str, str] = {
    "fish": "sea",
    "tree": "forest",
    "tool": "workshop",
    "vegetable": "garden",
    "bird": "sky",
    "instrument": "orchestra",
    "vehicle": "street",
    "garment": "wardrobe",
    "utensil": "kitchen",
    "insect": "meadow",
    "pastry": "bakery",
    "jewel": "vault",
    "weapon": "armory",
    "ship": "harbor",
    "fruit": "orchard",
    "toy": "nursery",
}
"""Each kind of thing and where one finds it."""

_MEMBERS: Mapping[str, str] = {
    "fish": "carp trout pike salmon tuna herring cod eel perch mackerel sardine halibut",
    "tree": "oak birch maple pine elm willow beech spruce larch poplar cedar sycamore",
    "tool": "hammer saw drill chisel wrench spanner screwdriver file clamp mallet sander hatchet",
    "vegetable": "carrot onion potato leek cabbage spinach turnip radish beet celery lettuce parsnip",
    "bird": "sparrow robin swallow finch falcon crow magpie gull heron stork thrush lark",
    "instrument": "violin flute trumpet cello harp oboe clarinet drum trombone viola bassoon tuba",
    "vehicle": "car bus truck van taxi tram scooter motorbike bicycle lorry jeep minibus",
    "garment": "shirt coat skirt sweater jacket blouse scarf vest dress cardigan kilt tie",
    "utensil": "fork ladle whisk pan kettle grater sieve spatula colander bowl saucer skillet",
    "insect": "beetle grasshopper ladybird cricket wasp moth butterfly dragonfly ant gnat earwig mantis",
    "pastry": "croissant muffin tart bagel scone pretzel eclair brioche strudel doughnut brownie waffle",
    "jewel": "ruby emerald sapphire diamond pearl opal topaz amethyst garnet tiara brooch necklace",
    "weapon": "sword spear dagger lance crossbow musket sabre halberd rapier pistol cannon shield",
    "ship": "ferry yacht tanker trawler frigate barge schooner tugboat galley catamaran canoe steamer",
    "fruit": "apple pear plum cherry peach apricot quince fig mulberry nectarine lemon medlar",
    "toy": "doll rattle puppet kite marble yoyo teddy jigsaw rocker whistle balloon skittle",
}
THINGS: Mapping[str, tuple[str, ...]] = {kind: tuple(names.split()) for kind, names in _MEMBERS.items()}
"""The things of each kind."""
KINDS: Mapping[str, str] = {thing: kind for kind, names in THINGS.items() for thing in names}
"""What each thing is."""

RELATIONS: Mapping[str, tuple[str, str, str]] = {
    "animal": ("young", "call", "home"),
    "worker": ("tool", "workplace", "product"),
    "country": ("capital", "language", "money"),
}
"""What belongs to the subjects of each domain."""

_BELONGINGS: Mapping[str, str] = {
    "animal": "cow:calf,moo,shed horse:foal,neigh,stable sheep:lamb,bleat,fold pig:piglet,grunt,sty "
    "hen:chick,cluck,coop duck:duckling,quack,pond lion:cub,roar,savanna bee:larva,buzz,hive "
    "owl:owlet,hoot,hollow frog:tadpole,croak,swamp dog:puppy,bark,kennel wolf:whelp,howl,lair",
    "worker": "baker:oven,bakehouse,loaf painter:easel,studio,portrait tailor:needle,salon,suit "
    "potter:kiln,pottery,vase smith:anvil,forge,horseshoe farmer:plough,field,wheat "
    "miner:pickaxe,mine,coal brewer:vat,brewery,beer weaver:loom,mill,cloth author:pen,study,novel "
    "chemist:flask,laboratory,compound printer:press,printshop,newspaper",
    "country": "Japan:Tokyo,Japanese,yen Russia:Moscow,Russian,ruble Poland:Warsaw,Polish,zloty "
    "Sweden:Stockholm,Swedish,krona Turkey:Ankara,Turkish,lira India:Delhi,Hindi,rupee "
    "China:Beijing,Mandarin,yuan Thailand:Bangkok,Thai,baht Hungary:Budapest,Hungarian,forint "
    "Vietnam:Hanoi,Vietnamese,dong Britain:London,English,pound Denmark:Copenhagen,Danish,krone",
}


def _read(line: str) -> dict[str, tuple[str, ...]]:
    pairs = (entry.split(":") for entry in line.split())
    return {subject: tuple(values.split(",")) for subject, values in pairs}


SUBJECTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    domain: _read(line) for domain, line in _BELONGINGS.items()
}
"""Domain to subject to what belongs to it, in the order of :data:`RELATIONS`."""

PARTS: Mapping[str, slice] = {"train": slice(0, 5), "dev": slice(5, 8), "test": slice(8, 12)}
"""Which of the twelve things of a kind, and of the twelve subjects of a domain, a split asks about."""


def with_article(word: str) -> str:
    """Return the word for a kind or a thing with its article.

    >>> with_article("oak"), with_article("carp")
    ('an oak', 'a carp')
    """
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"

"""The bundled student's tokenizer: one token for each number below 200 and each word of the small world.

A word, number or sign is one token with the space before it. Lines are given a space at their start
and lose it when decoded, so that a word is the same token wherever it stands and no text changes.
"""

from __future__ import annotations

import random
import re
import string
from typing import Any

from siked.builtin.tiny import corpus
from siked.builtin.tiny.problems import FAMILIES, VARIETIES, make_story
from siked.builtin.tiny.rationales import Slips, write
from siked.builtin.tiny.world import NAMES, THINGS, TOWNS

TAGS = ("[cot]", "[l2m]", "[pot]")
SPECIAL = ("<pad>", "<eos>", "<unk>")
NUMBERS = 200
PIECES = (
    r" ?\[[a-z0-9]+\]| ?Answer to Sub-question| ?[A-Za-z]+(?:-[a-z]+)*| ?[0-9]{1,3}|\n"
    r"| ?[^A-Za-z0-9 \n]| +(?= )| +"
)
"""How a text falls apart before the vocabulary is asked."""


def words() -> list[str]:
    """Return every word and sign of the problems, the rationales and the corpus, sorted."""
    rng = random.Random("vocabulary")
    texts = ["Question: Answer:", *TAGS, *NAMES, *THINGS, *TOWNS]
    for variety in VARIETIES.values():
        for number in range(1000):
            story = make_story("", FAMILIES[number % len(FAMILIES)], variety, rng)
            rationales = (write(story, tag.strip("[]"), rng, Slips()) for tag in TAGS)
            texts += [story.question, *rationales]
    texts += [piece for _ in range(5000) for piece, _ in corpus.text(rng)]
    found = {piece.strip() for text in texts for piece in re.findall(PIECES, text)}
    # A plural is its singular and an s: two tokens that share what the word means.
    return sorted(w for w in found if w and not w.isdigit() and not (w[-1] == "s" and w[:-1] in THINGS))


def vocabulary() -> list[tuple[str, float]]:
    """Return every token with its cost: whole words are cheap, single characters dear."""
    characters = [*(c for c in string.printable if c.isprintable()), "\n"]
    # Signs that stand apart from what is before them; full stops and the like do not.
    whole = [word for word in words() if word not in ".,?:"]
    return [
        *((token, 0.0) for token in SPECIAL),
        *((character, -10.0) for character in characters),
        *((f" {number}", -1.0) for number in range(NUMBERS)),
        *((f" {word}", -1.0) for word in whole),
    ]


def make_tokenizer() -> Any:
    """Return the tokenizer; any printable text survives it."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(vocabulary(), unk_id=SPECIAL.index("<unk>"), byte_fallback=False))
    tokenizer.normalizer = normalizers.Replace(Regex(r"^(?=[^\n])"), " ")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), behavior="isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Fuse(), decoders.Replace("\n ", "\n"), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="<eos>",
        unk_token="<unk>",
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_max_length=512,
    )

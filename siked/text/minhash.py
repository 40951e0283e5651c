"""How alike two texts are, from a few bytes of each: b-bit minwise hashing over word triples.

One permutation with bins (Li, Owen and Zhang, *One Permutation Hashing*, 2012), a byte a bin.
"""

from __future__ import annotations

import re
import zlib

BINS = 32
_PARTS = re.compile(r"\w+|[^\w\s]")


def sketch(text: str) -> bytes:
    """Return ``BINS`` bytes that stand for the set of three successive words and signs of ``text``."""
    parts = _PARTS.findall(text.casefold())
    least: list[int | None] = [None] * BINS
    for at in range(max(1, len(parts) - 2)):
        number = zlib.crc32(" ".join(parts[at : at + 3]).encode("utf-8", "surrogatepass"))
        value, bin_ = divmod(number, BINS)
        old = least[bin_]
        if old is None or value < old:
            least[bin_] = value
    return bytes(0 if value is None else 1 + value % 255 for value in least)


def resemblance(one: bytes, other: bytes) -> float:
    """Estimate the share of word triples that two texts have in common, 0 to 1, from their sketches."""
    used = [(a, b) for a, b in zip(one, other, strict=True) if a or b]
    return sum(a == b for a, b in used) / len(used) if used else 1.0

"""The train and test splits of SVAMP and MultiArith that the Hub's ChilleD repositories made.

Both follow one rule, which gives the very files at the pinned commits from the original ones.
"""

from __future__ import annotations

import random


def split_positions(problems: int) -> tuple[list[int], list[int]]:
    """Return the positions of training and test problems, in the order of the split data sets.

    Seven in ten are for training: 700 of SVAMP's 1,000 and 420 of MultiArith's 600.
    """
    order = list(range(problems))
    random.Random(42).shuffle(order)
    cut = problems * 7 // 10
    return order[:cut], order[cut:]

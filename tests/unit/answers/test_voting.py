"""Which answer most agree on."""

from siked.answers import majority


def test_equal_numbers_in_other_dress_vote_together() -> None:
    assert majority(["7", "1,080", None, "$1080.00", "8"]) == 1
    assert majority(["1/2", "3", "0.5"]) == 0


def test_ties_go_to_the_first() -> None:
    assert majority(["7", "8"]) == 0
    assert majority(["9", "8", "8", "9"]) == 0


def test_without_a_value_nobody_is_elected() -> None:
    assert majority([]) is None
    assert majority([None, None]) is None

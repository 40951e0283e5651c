"""The strategy ``example``: the contract every strategy keeps, and its own reading."""

from importlib.metadata import entry_points

import pytest

from siked.records import Answer, Malformed
from siked.testing.suites import StrategyContract

pytest.importorskip("siked_example", reason="pip install -e plugins/siked-example")

from siked_example import Example


class TestExample(StrategyContract):
    @pytest.fixture
    def strategy(self) -> Example:
        return Example(Example.Options())

    @pytest.fixture
    def rationales(self) -> list[str]:
        return ["5 + 3 = 8\nFinal Answer: 8"]


def test_reads_what_ends_in_an_answer() -> None:
    strategy = Example(Example.Options())
    assert strategy.read("5 + 3 = 8\nFinal Answer: 8") == Answer("5 + 3 = 8\nFinal Answer: 8")
    assert strategy.read("5 + 3 = 8") == Malformed("no-final-answer")


def test_is_found_through_its_entry_point() -> None:
    (found,) = (e for e in entry_points(group="siked") if e.name == "example")
    assert found.value == "siked_example"
    assert found.dist is not None
    assert found.dist.name == "siked-example"

from __future__ import annotations

import random

import pytest

from siked.builtin.trainers.batches import Limits, cut, pack, plan

LENGTHS = [random.Random(n).randint(20, 300) for n in range(97)]


@pytest.mark.parametrize("rows", [1, 2, 3, 5, 9, 97])
@pytest.mark.parametrize(
    "limits",
    [
        Limits(rows=8, accumulation=1, overhead=16),
        Limits(rows=2, accumulation=4, overhead=1e9),
        Limits(rows=1, accumulation=2),
        Limits(rows=2, accumulation=2, capacity=600),
    ],
    ids=str,
)
def test_each_epoch_sees_every_row_once_within_the_limits(rows: int, limits: Limits) -> None:
    made = plan(LENGTHS[:rows], limits, epochs=2, max_steps=None, seed=1)
    assert len(made.steps) == 2 * made.an_epoch
    first, second = made.steps[: made.an_epoch], made.steps[made.an_epoch :]
    for epoch in (first, second):
        assert sorted(row for step in epoch for part in step for row in part) == list(range(rows))
    for step in made.steps:
        assert all(step)
        if limits.capacity:
            assert len(step) <= limits.accumulation
            assert all(sum(LENGTHS[row] for row in part) <= limits.capacity for part in step)
        else:
            assert all(len(part) <= limits.rows for part in step)
            assert sum(map(len, step)) <= limits.rows * limits.accumulation
    sizes = {sum(map(len, step)) for step in made.steps}
    assert max(sizes) - min(sizes) <= 1
    assert sorted(made.rows()) == sorted([*range(rows)] * 2)
    assert sorted(made.rows(last=made.an_epoch)) == list(range(rows))
    assert rows < 97 or first != second


def test_steps_do_not_depend_on_lengths_but_on_the_seed() -> None:
    limits = Limits(rows=8, accumulation=1)

    def sets(lengths: list[int], seed: int) -> list[list[int]]:
        steps = plan(lengths, limits, epochs=1, max_steps=None, seed=seed).steps
        return [sorted(row for part in step for row in part) for step in steps]

    assert sets(LENGTHS, 1) == sets(sorted(LENGTHS), 1)
    assert sets(LENGTHS, 1) != sets(LENGTHS, 2)


def test_steps_asked_for_override_epochs_and_epochs_can_be_parts() -> None:
    limits = Limits(rows=8, accumulation=1)
    assert len(plan(LENGTHS, limits, epochs=1, max_steps=40, seed=1).steps) == 40
    assert len(plan(LENGTHS, limits, epochs=0.5, max_steps=None, seed=1).steps) == 7
    assert len(plan(LENGTHS, limits, epochs=0.001, max_steps=None, seed=1).steps) == 1


def test_a_step_is_divided_where_padding_costs_more_than_a_call() -> None:
    lengths = [100, 10, 12, 98]
    assert cut([0, 1, 2, 3], lengths, 4, 20) == [[1, 2], [3, 0]]
    assert cut([0, 1, 2, 3], lengths, 4, 1e9) == [[1, 2, 3, 0]]
    assert cut([0, 1, 2, 3], lengths, 4, 0) == [[1], [2], [3], [0]]
    assert cut([0, 1, 2, 3], lengths, 3, 1e9) in ([[1], [2, 3, 0]], [[1, 2], [3, 0]])


def test_packs_are_filled_with_the_longest_rows_first() -> None:
    assert pack([0, 1, 2, 3], [60, 50, 40, 30], 100) == [[0, 2], [1, 3]]
    assert pack([0], [600], 100) == [[0]]

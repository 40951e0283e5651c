from __future__ import annotations

from typing import Any

import pytest

from siked.builtin.backends.batching import Batch, Row, plan
from siked.builtin.backends.sampling import pick, uniforms
from siked.records import Message, Request, Sampling

pytestmark = pytest.mark.train
torch: Any = pytest.importorskip("torch")


def rows(lengths: list[int], sampling: Sampling | None = None) -> list[Row]:
    return [
        Row(
            i,
            Request(key=str(i), messages=(Message("user", "q"),), sampling=sampling or Sampling()),
            (7,) * n,
        )
        for i, n in enumerate(lengths)
    ]


def test_uniforms_are_spread_and_depend_on_seed_and_position() -> None:
    u = uniforms([1, 2, 2**63 - 1], 20_000)
    assert u.shape == (3, 20_000)
    assert float(u.min()) >= 0
    assert float(u.max()) < 1
    assert abs(float(u.mean()) - 0.5) < 0.01
    # neighbouring seeds and shifted positions share nothing
    assert abs(float(((u[0] - 0.5) * (u[1] - 0.5)).mean())) < 0.002
    assert abs(float(((u[0, 1:] - 0.5) * (u[1, :-1] - 0.5)).mean())) < 0.002
    assert len(set(u.ravel().tolist())) == u.size
    assert (uniforms([2], 5)[0] == u[1, :5]).all()


def test_greedy_takes_the_arg_max() -> None:
    logits = torch.tensor([[0.0, 3.0, 1.0], [5.0, 0.0, 1.0]])
    assert pick(logits, Sampling(temperature=0.0), None).tolist() == [1, 0]


def test_inverse_cdf_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2]])).repeat(4, 1)
    u = torch.tensor([0.0, 0.49, 0.51, 0.81], dtype=torch.float64)
    assert pick(logits, Sampling(temperature=1.0), u).tolist() == [0, 0, 1, 2]


def test_nucleus_by_hand() -> None:
    logits = torch.log(torch.tensor([[0.05, 0.5, 0.15, 0.3]])).repeat(4, 1)
    # the fewest tokens that reach 0.75 are 0.5 and 0.3; u is spread over their 0.8
    u = torch.tensor([0.0, 0.6, 0.64, 0.999999], dtype=torch.float64)
    assert pick(logits, Sampling(temperature=1.0, top_p=0.75), u).tolist() == [1, 1, 3, 3]


def test_temperature_comes_before_the_nucleus() -> None:
    logits = torch.log(torch.tensor([[0.6, 0.4]])).repeat(2, 1)
    u = torch.tensor([0.99, 0.99], dtype=torch.float64)
    assert pick(logits, Sampling(temperature=1.0, top_p=0.9), u).tolist() == [1, 1]
    # at 0.1 the first token has 98 % and is the whole nucleus
    assert pick(logits, Sampling(temperature=0.1, top_p=0.9), u).tolist() == [0, 0]


@pytest.mark.parametrize("flat", [False, True])
def test_a_nucleus_over_a_large_vocabulary_equals_sorting_it_all(flat: bool) -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn(50, 5000, generator=generator) * (0.1 if flat else 4.0)
    u = torch.rand(50, generator=generator, dtype=torch.float64)
    got = pick(logits, Sampling(temperature=0.7, top_p=0.95), u)
    values, ids = (logits / 0.7).double().softmax(-1).sort(dim=-1, descending=True)
    kept = values.masked_fill(values.cumsum(-1) - values >= 0.95, 0)
    place = (kept.cumsum(-1) <= u[:, None] * kept.sum(-1, keepdim=True)).sum(-1)
    assert (ids[torch.arange(50), place] == got).float().mean() > 0.97  # the rest lie on a boundary


def test_frequencies_follow_the_probabilities() -> None:
    probabilities = torch.tensor([0.45, 0.35, 0.15, 0.05])
    u = torch.from_numpy(uniforms(list(range(4000)), 1)[:, 0])
    got = pick(probabilities.log().repeat(4000, 1), Sampling(temperature=1.0, top_p=0.9), u)
    shares = torch.bincount(got, minlength=4) / 4000
    wanted = torch.tensor([0.45, 0.35, 0.15, 0.0]) / 0.95
    assert (shares - wanted).abs().max() < 0.03


def test_batches_hold_like_lengths_the_longest_first() -> None:
    batches = plan(rows([3, 9, 5, 9, 1]), batch_size=2)
    assert [[row.index for row in batch.rows] for batch in batches] == [[1, 3], [2, 0], [4]]


def test_a_plan_does_not_depend_on_what_is_done() -> None:
    from dataclasses import replace

    fresh = rows([3, 9, 5, 9, 1])
    some = [replace(row, request=replace(row.request, done=row.index % 2 == 0)) for row in fresh]
    places = [[row.index for row in batch.rows] for batch in plan(fresh, 2)]
    assert [[row.index for row in batch.rows] for batch in plan(some, 2)] == places


def test_a_batch_has_one_sampling_setting() -> None:
    mixed = rows([3, 3]) + rows([3, 3], Sampling(temperature=0.7))
    batches = plan(mixed, 8)
    assert [batch.sampling.temperature for batch in batches] == [0.0, 0.7]


def test_a_token_limit_makes_smaller_batches_but_never_none() -> None:
    sampling = Sampling(max_new_tokens=10)
    assert [len(batch.rows) for batch in plan(rows([10] * 5, sampling), 64, 45)] == [2, 2, 1]
    assert [len(batch.rows) for batch in plan(rows([10] * 2, sampling), 64, 5)] == [1, 1]


def test_a_batch_is_done_when_all_its_rows_are() -> None:
    from dataclasses import replace

    one, two = rows([3, 3])
    done = replace(one, request=replace(one.request, done=True))
    assert not Batch((done, two), Sampling()).done
    assert Batch((done, done), Sampling()).done

"""A text as a stream: columns, segments, and states that go from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator

from dslnas.data.batches import NOTHING, Batch, forever
from dslnas.data.stream import StreamPart

COUNTS, STEPS = st.integers(0, 400), st.integers(2, 12)
SIZES, SEEDS = st.integers(2, 16), st.integers(0, 2**40)


def numbered(count: int, steps: int) -> StreamPart:
    """Return a text whose tokens are their own places."""
    return StreamPart(torch.arange(count), steps)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


def run_on(batches: Iterator[Batch]) -> list[Batch]:
    """Do what a network does: set states at the end, here the last targets."""
    found = []
    for batch in batches:
        batch.end = (batch.targets[-1].float(),)
        found.append(batch)
    return found


@given(COUNTS, STEPS, st.integers(1, 300))
def test_measuring_has_every_token_but_the_first_as_a_target_once(
    count: int, steps: int, size: int
) -> None:
    part = numbered(count, steps)
    found = list(part.in_order(size))
    targets = torch.cat([b.targets.flatten() for b in found] or [torch.empty(0)])
    assert sorted(targets[targets != NOTHING].tolist()) == list(range(1, count))
    assert sum(len(batch) for batch in found) == len(part)
    for batch in found:
        counts = batch.targets != NOTHING
        assert torch.equal(batch.inputs["token"][counts] + 1, batch.targets[counts])
        assert batch.inputs["token"].shape == batch.targets.shape
        assert batch.inputs["token"].shape[1] <= size
        assert len(batch.inputs["token"]) <= steps
        assert len(batch) > 0


@given(st.integers(5, 400), STEPS, SIZES)
def test_segments_continue_each_other(count: int, steps: int, size: int) -> None:
    part = numbered(count, steps)
    for found in (list(part.batches(size, seeded(0))), list(part.in_order(size))):
        for before, after in pairwise(found):
            inside = after.targets[0] != NOTHING
            assert torch.equal(after.inputs["token"][0][inside], before.targets[-1][inside])


@given(st.integers(4, 400), STEPS, SIZES, SEEDS, st.booleans())
def test_training_reads_columns_in_their_order(
    count: int, steps: int, size: int, seed: int, vary: bool
) -> None:
    part = numbered(count, steps)
    found = list(part.batches(size, seeded(seed), vary=vary))
    inputs = torch.cat([batch.inputs["token"] for batch in found])
    columns = min(size, count // 2)
    rows = count // columns
    assert inputs.shape[1] == columns
    assert torch.equal(inputs[0], torch.arange(columns) * rows)
    assert torch.equal(inputs, inputs[0] + torch.arange(len(inputs))[:, None])
    assert torch.equal(torch.cat([batch.targets for batch in found]), inputs + 1)
    assert len(inputs) <= rows - 1
    if not vary:
        assert [len(batch.inputs["token"]) for batch in found] == (
            [steps] * part.batch_count(size) if rows > steps else [rows - 1]
        )
        assert len(found) == part.batch_count(size)


@given(SEEDS)
def test_lengths_vary_by_the_seed(seed: int) -> None:
    part = numbered(20_000, 35)
    one, same = (
        [len(batch.inputs["token"]) for batch in part.batches(4, seeded(seed), vary=True)]
        for _ in range(2)
    )
    assert one == same
    assert sum(one) > 4_999 - 5
    assert 5 <= min(one) <= max(one) <= 70
    assert len(set(one[:-1])) > 5


def test_varied_lengths_are_around_the_steps_or_half_of_them() -> None:
    batches = numbered(400_000, 70).batches(2, seeded(0), vary=True)
    found = torch.tensor([len(batch.inputs["token"]) for batch in batches][:-1]).double()
    long = found[found > 52]
    assert float(long.mean()) == pytest.approx(69.5, abs=0.6)
    assert float(long.std()) == pytest.approx(5, abs=0.6)
    assert len(long) / len(found) == pytest.approx(0.95, abs=0.02)
    assert float(found[found <= 52].mean()) == pytest.approx(34.5, abs=2)


def test_a_segment_starts_where_the_one_before_ended() -> None:
    part = numbered(100, 5)
    for found in (
        run_on(part.batches(4, seeded(0))),
        run_on(part.batches(4, seeded(0), vary=True)),
        run_on(part.in_order(4)),
    ):
        assert found[0].start is None
        assert len(found) > 2
        for before, after in pairwise(found):
            assert after.start is before.end


def test_without_an_end_the_next_segment_starts_as_this_one_did() -> None:
    batches = numbered(100, 5).batches(4, seeded(0))
    assert next(batches).start is None
    second = next(batches)
    assert second.start is None
    second.end = (torch.ones(4, 2),)
    third = next(batches)
    assert third.start is second.end
    assert next(batches).start is second.end


def test_every_pass_begins_anew() -> None:
    part = numbered(100, 5)
    count = part.batch_count(4)
    found = run_on(islice(forever(part, 4, seeded(0)), 2 * count))
    assert [batch.start is None for batch in found] == ([True] + [False] * (count - 1)) * 2
    for one, again in zip(found[:count], found[count:], strict=True):
        assert torch.equal(one.inputs["token"], again.inputs["token"])


@pytest.mark.parametrize(("count", "size"), [(100, 1), (3, 2), (0, 2)])
def test_no_batch_of_one(count: int, size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} columns of {count} tokens"):
        next(numbered(count, 5).batches(size, seeded(0)))


def test_a_short_text_is_one_batch_and_has_few_columns() -> None:
    part = numbered(9, 35)
    (batch,) = part.batches(64, seeded(0))
    assert batch.inputs["token"].tolist() == [[0, 2, 4, 6]]
    (measured,) = part.in_order(64)
    assert measured.inputs["token"].flatten().tolist() == list(range(8))
    assert next(numbered(1_000, 35).in_order(10)).inputs["token"].shape == (35, 10)

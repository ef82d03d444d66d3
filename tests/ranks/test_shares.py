"""The share of a batch that each of several processes has."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from dslnas.backends.torch.randomness import RunState, drop
from dslnas.backends.torch.synchronised import normed_together
from dslnas.data.batches import Batch, Place
from dslnas.diagnostics import UserError
from dslnas.engines.objectives.accumulation import in_parts
from dslnas.ranks import ALONE, Ranks
from tests.engines.small import batch, segment


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 20), st.booleans())
def test_ranks_share_a_batch(size: int, parts: int, more: int, is_text: bool) -> None:
    count = 2 * size + more
    whole: Batch = segment(0, size=count) if is_text else batch(0, count)
    found = [
        (part, share)
        for rank in range(size)
        for part, share in _without_ends(whole, parts, Ranks(rank, size))
    ]
    assert sum(share for _, share in found) == pytest.approx(1)
    targets = torch.cat([part.targets for part, _ in found], whole.axis)
    assert torch.equal(targets, whole.targets)
    assert len(found) % size == 0, "all have as many"
    first = 0
    for part, _ in found if size > 1 else []:
        length = part.targets.shape[whole.axis]
        assert length >= 2
        assert part.place == Place(first, length, count)
        first += length


def _without_ends(whole: Batch, parts: int, ranks: Ranks) -> list[tuple[Batch, float]]:
    """Return the parts of a rank that no network has run on: nothing is said to the others."""
    return list(in_parts(whole, parts, ranks))


def test_a_batch_that_is_too_small_is_an_error() -> None:
    with pytest.raises(UserError, match=r"NAS733.*a batch of 6 is too small for 4 processes"):
        next(in_parts(batch(0, 6), 1, Ranks(3, 4)))


@pytest.mark.parametrize("shape", [(6, 1, 1), (6, 4), (18, 4)])
def test_masks_of_shares_are_those_of_the_whole(shape: tuple[int, ...]) -> None:
    def masked(place: Place | None, rows: int) -> torch.Tensor:
        run = RunState(generator=torch.Generator().manual_seed(0), place=place)
        ones = torch.ones((rows, *shape[1:]))
        return drop(ones, 0.5, ones.shape, run)

    times = shape[0] // 6
    whole = masked(Place(0, 6, 6), shape[0])
    assert torch.equal(whole, masked(None, shape[0]))
    parts = [masked(Place(first, 3, 6), shape[0] // 2) for first in (0, 3)]
    steps = [part.reshape(times, 3, *shape[1:]) for part in parts]
    assert torch.equal(torch.cat(steps, 1).flatten(0, 1), whole)


def test_batch_norm_of_one_process_is_the_library_s() -> None:
    generator = torch.Generator().manual_seed(0)
    x, weight, bias, mean, variance = (
        torch.randn(size, generator=generator, dtype=torch.float64)
        for size in ((6, 3, 4, 5), (3,), (3,), (3,), (3,))
    )
    running, expected_running = (mean, variance.square()), (mean.clone(), variance.square())
    expected = functional.batch_norm(x, *expected_running, weight, bias, True, 0.1, 1e-5)
    found = normed_together(x, weight, bias, running, 0.1, 1e-5, ALONE)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(running, expected_running)


def test_batch_norm_of_ranks_has_the_precision_of_the_library_s_in_bfloat16() -> None:
    x = torch.randn(48, 3, 5, generator=torch.Generator().manual_seed(0)).mul(2).add(30).bfloat16()
    running, expected_running = ((torch.zeros(3), torch.ones(3)) for _ in range(2))
    expected = functional.batch_norm(x, *expected_running, training=True)
    found = normed_together(x, None, None, running, 0.1, 1e-5, ALONE)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(running, expected_running)

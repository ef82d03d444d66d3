"""Mean and deviation of numbers are those of fractions, in whatever pieces they come."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dslnas.data import exact_sums
from dslnas.data.exact_sums import NumberSums, added, number_sums, sums_of_units, unit_sums

NUMBERS = st.lists(
    st.one_of(
        st.floats(width=32, allow_nan=False, allow_infinity=False),
        st.sampled_from([0.0, -0.0, 1e-45, -1.1754944e-38, 3.4028235e38, 1.0, -255.0]),
    ),
    min_size=1,
    max_size=40,
)


def moments(numbers: NDArray[np.float32]) -> tuple[float, float]:
    """Return mean and deviation, the plain way."""
    exact = [Fraction(number) for number in numbers.ravel().tolist()]
    mean = sum(exact, Fraction()) / len(exact)
    return float(mean), sqrt(sum((one - mean) ** 2 for one in exact) / len(exact))


@given(NUMBERS)
def test_they_are_those_of_fractions(numbers: list[float]) -> None:
    column = np.array(numbers, np.float32)[:, None]
    (found,) = number_sums(column)
    assert found.moments() == moments(column)


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(1, 9))
def test_no_piece_and_no_order_changes_them(seed: int, cut: int, block: int) -> None:
    generator = np.random.default_rng(seed)
    signals = generator.normal(3, 10, (30, 2, 5)).astype(np.float32)
    whole = number_sums(signals)
    assert [each.moments() for each in whole] == [moments(signals[:, c]) for c in range(2)]
    pieces = NumberSums(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_sums, "BLOCK", block)
        for piece in (signals[cut:], signals[:cut]):
            pieces.add(piece)
    assert pieces.sums() == whole
    parts = zip(number_sums(signals[:cut]), number_sums(signals[cut:]), strict=True)
    assert cut == 30 or [added(both) for both in parts] == whole


def test_bytes_have_those_of_the_numbers_that_they_are_scaled_to() -> None:
    levels = np.arange(256, dtype=np.uint8)
    counts = np.bincount(levels[levels % 3 == 0], minlength=256)
    scaled = (levels[levels % 3 == 0].astype(np.float32) / np.float32(255))[:, None]
    assert [sums_of_units(len(scaled), unit_sums(counts)[None])] == number_sums(scaled)

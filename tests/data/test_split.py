import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dslnas.data.split import split, subset

Labels = NDArray[np.int64]

seeds = st.integers(0, 2**32)
label_arrays = st.lists(st.integers(0, 4), max_size=200).map(lambda x: np.array(x, np.int64))
# Whole weights, of which the last is left over: shares that are positive and sum to at most 1.
share_tuples = st.lists(st.integers(1, 9), min_size=2, max_size=5).map(
    lambda weights: tuple(w / sum(weights) for w in weights[:-1])
)


@given(label_arrays, share_tuples, seeds)
def test_parts_are_sorted_and_disjoint(
    labels: Labels, shares: tuple[float, ...], seed: int
) -> None:
    parts = split(labels, shares, seed)
    assert len(parts) == len(shares)
    assert all((np.diff(part) > 0).all() for part in parts)
    joined = np.concatenate(parts)
    assert np.unique(joined).size == joined.size
    assert np.isin(joined, np.arange(labels.size)).all()


@given(label_arrays, share_tuples, seeds)
def test_every_part_has_its_share_of_every_class(
    labels: Labels, shares: tuple[float, ...], seed: int
) -> None:
    parts = split(labels, shares, seed)
    for label in np.unique(labels):
        count = int((labels == label).sum())
        sizes = [int((labels[part] == label).sum()) for part in parts]
        if count >= len(shares):
            assert min(sizes) >= 1
        if min(share * count for share in shares) >= 1:
            assert all(abs(n - s * count) < 1 for n, s in zip(sizes, shares, strict=True))
            assert abs(sum(sizes) - sum(shares) * count) <= 0.5 + 1e-9


@given(label_arrays, st.lists(st.integers(1, 9), min_size=1, max_size=4), seeds)
def test_shares_of_one_use_everything(labels: Labels, weights: list[int], seed: int) -> None:
    parts = split(labels, [w / sum(weights) for w in weights], seed)
    assert np.sort(np.concatenate(parts)).tolist() == list(range(labels.size))


@given(label_arrays, share_tuples, seeds)
def test_a_seed_gives_the_same_parts(labels: Labels, shares: tuple[float, ...], seed: int) -> None:
    for one, two in zip(split(labels, shares, seed), split(labels, shares, seed), strict=True):
        np.testing.assert_array_equal(one, two)


def test_another_seed_gives_other_parts() -> None:
    labels = np.zeros(100, np.int64)
    assert split(labels, (0.5, 0.5), 0)[0].tolist() != split(labels, (0.5, 0.5), 1)[0].tolist()


def test_the_parts_of_seed_0_stay_what_they_are() -> None:
    parts = split(np.array([0, 1] * 5), (0.4, 0.2, 0.4), seed=0)
    assert [part.tolist() for part in parts] == [[3, 4, 8, 9], [5, 6], [0, 1, 2, 7]]


@pytest.mark.parametrize(
    ("count", "shares", "sizes"),
    [
        (10, (0.8, 0.1, 0.1), [8, 1, 1]),
        (10, (0.98, 0.01, 0.01), [8, 1, 1]),  # the largest gives one to each
        (3, (0.9, 0.05, 0.05), [1, 1, 1]),
        (2, (0.2, 0.5, 0.3), [0, 1, 1]),  # not enough for all
        (10, (0.7, 0.2, 0.1), [7, 2, 1]),  # a sum of 0.9999999999999999
        (100, (0.29, 0.01), [29, 1]),  # 0.29 * 100 is below 29
        (1797, (0.4, 0.2, 0.2, 0.2), [719, 360, 359, 359]),
        (1000, (0.001, 0.001), [1, 1]),
    ],
)
def test_sizes(count: int, shares: tuple[float, ...], sizes: list[int]) -> None:
    assert [len(part) for part in split(np.zeros(count, np.int64), shares, 0)] == sizes


@pytest.mark.parametrize("shares", [(0.5, 0.6), (0.5, 0.0), (1.2,), (0.5, -0.1)])
def test_shares_are_wrong(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"have to be above 0 and sum to at most 1"):
        split(np.zeros(10, np.int64), shares, 0)


@given(label_arrays, st.floats(0.01, 1), st.floats(0.01, 1), seeds)
def test_a_smaller_subset_is_part_of_a_larger_one(
    labels: Labels, one: float, two: float, seed: int
) -> None:
    small, large = subset(labels, min(one, two), seed), subset(labels, max(one, two), seed)
    assert np.isin(small, large).all()
    assert np.unique(labels[small]).tolist() == np.unique(labels).tolist()


@given(label_arrays, seeds)
def test_the_whole_is_a_subset(labels: Labels, seed: int) -> None:
    assert subset(labels, 1.0, seed).tolist() == list(range(labels.size))

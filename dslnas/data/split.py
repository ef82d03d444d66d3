"""Dividing examples by class: deterministic, disjoint, every class in every part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dslnas.data.division import part_sizes
from dslnas.data.examples import Labels

Indices: TypeAlias = NDArray[np.int64]

ROUNDING = 1e-9  # by which shares such as 0.7, 0.2 and 0.1 may miss their sum


def split(labels: Labels, shares: Sequence[float], seed: int) -> tuple[Indices, ...]:
    """Divide examples so that every part has every class in the proportion of the whole.

    Of a class with n examples a part with share s gets s * n, rounded up or down so that all
    parts together get round(sum of shares * n). Only where that would leave a part without the
    class does the largest part give one away; a class with fewer examples than there are parts
    is missing in some. What the shares leave over is in no part.

    Returns:
        For each share the positions of its examples, ascending; no position is in two.

    Raises:
        ValueError: The shares are not above 0, or sum to more than 1.
    """
    if min(shares) <= 0 or sum(shares) > 1 + ROUNDING:
        raise ValueError(f"shares {tuple(shares)} have to be above 0 and sum to at most 1")
    generator = np.random.Generator(np.random.PCG64(seed))
    parts: list[list[Indices]] = [[] for _ in shares]
    for members in _by_class(labels):
        shuffled = generator.permutation(members)
        ends = np.cumsum(part_sizes(len(members), shares))
        for part, piece in zip(parts, np.split(shuffled, ends)[:-1], strict=True):
            part.append(piece)
    return tuple(np.sort(np.concatenate(part)) for part in parts)


def subset(labels: Labels, share: float, seed: int) -> Indices:
    """Return the positions of a `share` of the examples of each class, at least one, ascending.

    A smaller share with the same seed gives part of what a larger one does.
    """
    return split(labels, (share,), seed)[0]


def _by_class(labels: Labels) -> list[Indices]:
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order])) + 1
    return np.split(order, starts)

"""Numbers that examples are told apart by: equal for those that read the same, in every process."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray


def fingerprint(example: NDArray[Any]) -> int:
    """Return a number of 64 bits for an example: a picture (height, width, channels), a signal."""
    digest = blake2b(example.tobytes(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def fingerprints_of(examples: NDArray[Any]) -> NDArray[np.int64]:
    """Return those of images (N, channels, height, width) or of signals (N, channels, time)."""
    rows: Iterable[NDArray[Any]] = (
        examples.transpose(0, 2, 3, 1) if examples.ndim == 4 else examples
    )
    return np.array([fingerprint(row) for row in rows], np.int64)

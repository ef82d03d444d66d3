"""Sums of float32 numbers and of their squares without rounding: the same in any order and pieces.

Every such number is a whole one of 2^-172: its 24 digits and its exponent are added apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import prod, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

DIGITS = 24
"""Binary digits of a number."""

_LEAST, _MOST = -148, 128
"""Exponents of numbers whose digits are a share from a half to 1."""

_EXPONENTS = _MOST - _LEAST + 1

PLACES = DIGITS - _LEAST
"""Binary places behind the point of sums."""

LEVELS = 255
"""Level of a byte that stands for 1."""

UNIT_PLACES = 31
"""Places of bytes that are scaled to [0, 1] in float32."""

UNITS = np.ldexp(np.arange(LEVELS + 1, dtype=np.float32) / np.float32(LEVELS), UNIT_PLACES)
"""Every byte that is scaled, in parts of 2^-31, (256,)."""

_WHOLE = UNITS.astype(np.int64)
_UNIT = 2**UNIT_PLACES
_SUMMED = np.stack([_WHOLE, _WHOLE**2 // _UNIT, _WHOLE**2 % _UNIT], axis=1)
"""Summands of `unit_sums` for every byte, (256, 3)."""

BLOCK = 2**15
"""Numbers that are taken apart at once: few, so that they stay in the cache."""


class Sums(NamedTuple):
    """Sums of some numbers.

    Attributes:
        numbers: How many there are.
        total: Their sum, in parts of 2^-172.
        squares: The sum of their squares, in parts of 2^-344.
    """

    numbers: int
    total: int
    squares: int

    def moments(self) -> tuple[float, float]:
        """Return mean and standard deviation: with n of sum S, S / n and sqrt(n Q - S^2) / n."""
        n, total, squares = self
        unit = n << PLACES
        return float(Fraction(total, unit)), sqrt(Fraction(n * squares - total**2, unit**2))


def added(sums: Iterable[Sums]) -> Sums:
    """Return the sums of all numbers of which these are some."""
    return Sums(*map(sum, zip(*sums, strict=True)))


# ---- of bytes -----------------------------------------------------------------------------------


def unit_sums(counts: NDArray[Any]) -> NDArray[Any]:
    """Return the sums of bytes, each of which occurs so often: from (..., 256) to (..., 3).

    They are scaled to [0, 1]. The sums are that of numbers, in parts of 2^-31, and of the sum of
    squares, in parts of 2^-62, the whole 2^31 and the rest: of a picture they fit into 64 bits.
    """
    summed: NDArray[Any] = counts @ _SUMMED
    return summed


def sums_of_units(count: int, sums: NDArray[Any]) -> Sums:
    """Return the sums of so many bytes from those of all pictures, (N, 3)."""
    total, whole, rest = (sum(column) for column in sums.T.tolist())  # beyond 64 bits
    more = PLACES - UNIT_PLACES
    return Sums(count, total << more, (whole * _UNIT + rest) << 2 * more)


# ---- of numbers ---------------------------------------------------------------------------------


class NumberSums:
    """Sums of the numbers of each channel or column, of arrays that come one after the other."""

    def __init__(self, channels: int) -> None:
        """Begin, for (N, channels, ...)."""
        self._channels, self._rows, self._each = channels, 0, 1
        self._bins = np.zeros((3, channels * _EXPONENTS), np.int64)

    def add(self, numbers: NDArray[np.float32]) -> None:
        """Add numbers (n, channels, ...), all of them finite."""
        self._rows += len(numbers)
        self._each = prod(numbers.shape[2:])
        step = max(1, max(BLOCK, len(self._bins[0])) // max(1, prod(numbers.shape[1:])))
        for start in range(0, len(numbers), step):
            self._add(numbers[start : start + step])

    def _add(self, numbers: NDArray[np.float32]) -> None:
        """Add the digits of numbers with the same exponent: 24 binary ones, 48 of squares."""
        shares, exponents = np.frexp(numbers)
        digits = np.ldexp(shares, DIGITS).astype(np.float64)
        squares = digits**2
        high = np.floor(np.ldexp(squares, -DIGITS))
        summands = digits, high, squares - np.ldexp(high, DIGITS)
        firsts = _EXPONENTS * np.arange(self._channels) - _LEAST
        places = exponents + firsts.reshape(-1, *(1,) * (numbers.ndim - 2))
        for bins, summand in zip(self._bins, summands, strict=True):
            # sums of a block stay below 2^53, up to which a double counts
            bins += np.bincount(places.ravel(), summand.ravel(), len(bins)).astype(np.int64)

    def sums(self) -> list[Sums]:
        """Return the sums by channel."""
        count = self._rows * self._each
        by_channel = self._bins.reshape(3, self._channels, _EXPONENTS).swapaxes(0, 1)
        return [Sums(count, *_joined(bins)) for bins in by_channel]


def number_sums(numbers: NDArray[np.float32]) -> list[Sums]:
    """Return the sums of each channel or column of numbers (N, channels, ...)."""
    found = NumberSums(numbers.shape[1])
    found.add(numbers)
    return found.sums()


def _joined(bins: NDArray[np.int64]) -> tuple[int, int]:
    """Return sum and sum of squares of a channel, from those of each exponent (3, exponents)."""
    total = squares = 0
    for exponent in np.flatnonzero(bins.any(axis=0)).tolist():
        digits, high, low = bins[:, exponent].tolist()
        total += digits << exponent
        squares += ((high << DIGITS) + low) << 2 * exponent
    return total, squares

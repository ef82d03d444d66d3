"""Traits: what a primitive promises. Rewrites, plans and backends go by them, never by names.

Every trait allows something. A primitive that promises nothing is handled with the greatest care:
it is never merged, stacked, taken out of a loop, reordered or left out.
"""

from __future__ import annotations

from enum import Flag, auto


class Trait(Flag):
    """A promise, or several."""

    NONE = 0

    REPEATABLE = auto()
    """Gives the same whenever it reads the same and leaves no trace: two equal ones are one."""

    UNORDERED = auto()
    """Draws no random numbers while a network runs: it may run before or after any other."""

    ROW_WISE = auto()
    """Does to every example what it would do to it alone: it may run on any number at once."""

    PART_WISE = auto()
    """Like `ROW_WISE` once it is known which part of a stack an example belongs to."""

    DRAWS_FACTOR = auto()
    """Only multiplies by numbers that it draws while training: they can be drawn outside of it."""

    INFERENCE_IDENTITY = auto()
    """Hands its input on where a network predicts."""

    OPTIONAL_INPUTS = auto()
    """Can do without some of its inputs: a sum, a mean."""

    LINEAR = auto()
    """Linear in all of its inputs together: f(a * x, a * y) = a * f(x, y)."""

    MULTILINEAR = auto()
    """Linear in each of its inputs by itself: f(x, a * y) = a * f(x, y)."""

    ZERO = auto()
    """Gives zeros whatever it reads: what is behind it does not depend on what is before it."""

    SCALABLE = auto()
    """Takes a scale and an offset for each channel that it gives into its weights."""

    AFFINE = auto()
    """Takes every channel times a number, plus a number, where a network predicts."""

    ACTIVATION = auto()
    """Applies a function to every number."""

    WEIGHED = auto()
    """Weighs by rows of alpha."""

    NORMALISES = auto()
    """Applies the batch norms and drop paths that are folded into it to what it sums."""

    ENDS_STACK = auto()
    """Sums the parts of a stack."""

    FUSED = auto()
    """Stands for several primitives, and keeps the tensors of nodes that are gone."""

    COMPILER_ONLY = auto()
    """Is written by the compiler, and no word of the language."""

    PASS_ONLY = auto()
    """Is written by passes: no network has it before they rewrite it."""

    FUNCTION = REPEATABLE | UNORDERED | ROW_WISE
    """A function of every example."""

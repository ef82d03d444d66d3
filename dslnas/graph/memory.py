"""Does a network fit into this machine? Activations are not counted, so this is a lower bound."""

from __future__ import annotations

import os

from dslnas.diagnostics import user_error

BYTES_PER_PARAMETER = 12
"""A weight, its gradient and its momentum, four bytes each."""


def check_memory(params: int) -> None:
    """Check that weights, gradients and momentum of a network fit into this machine at all.

    Args:
        params: The number of its trained weights.

    Raises:
        UserError: NAS408 if they do not, with both numbers.
    """
    needed, there = BYTES_PER_PARAMETER * params, memory_bytes()
    if there is not None and needed > there:
        raise user_error(
            "NAS408",
            f"network of {params:,} parameters needs {needed / 2**30:,.0f} GiB to train, "
            f"this machine has {there / 2**30:,.0f} GiB",
            where="memory",
            help="use fewer `channels`, or fewer cells (`repeat`)",
        )


def memory_bytes() -> int | None:
    """Return the memory of this machine; None where the system does not tell."""
    if not hasattr(os, "sysconf"):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

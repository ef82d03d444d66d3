"""The reference's lists of (operation, predecessor) in the words of the language."""

from __future__ import annotations

from typing import Any

EDGES = list[tuple[str, str]]

NAMES = {
    "skip_connect": "skip_connect",
    "conv_3x1_1x3": "conv_1xk_kx1(3)",
    "conv_7x1_1x7": "conv_1xk_kx1(7)",
    "conv 1x1": "relu_conv_bn(1)",
    "conv 3x3": "relu_conv_bn(3)",
    **{f"sep_{k}x{k}": f"sep_conv({k})" for k in (3, 5, 7)},
    **{
        f"{word}_{k}x{k}": f"{word}({k})"
        for word in ("max_pool", "avg_pool", "sep_conv", "dil_conv")
        for k in (3, 5, 7)
    },
}
"""Operations of convolutional cells."""


def spelt(state: int) -> str:
    """Return our name of a state of a convolutional cell: two inputs, then the nodes."""
    return f"in{state + 1}" if state < 2 else f"n{state - 1}"


def cells_of(genotype: dict[str, Any]) -> dict[str, dict[str, EDGES]]:
    """Return operation and source of both edges of every node, by cell and node."""
    return {
        cell: {
            spelt(2 + node): [(NAMES[operation], spelt(state)) for operation, state in edges]
            for node, edges in enumerate(zip(pairs[::2], pairs[1::2], strict=True))
        }
        for cell, pairs in (("normal", genotype["normal"]), ("reduction", genotype["reduce"]))
    }

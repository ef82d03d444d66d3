"""Do PyTorch and the exported files of a network compute the same?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

from dslnas.diagnostics import InternalError
from dslnas.exporters.agreement import Agreement, Call, Yardstick, disagreement, spread_of

Inputs: TypeAlias = Mapping[str, np.ndarray]
"""Inputs of a network, by name."""

Run: TypeAlias = Callable[[Inputs], np.ndarray]
"""From inputs, such as images (batch, channels, height, width), to logits (batch, classes)."""


def network_run(network: Call) -> Run:
    """Return what runs a network of dslnas on the CPU; see `off_by_a_bit`."""

    def run(inputs: Inputs) -> np.ndarray:
        with torch.inference_mode():
            logits, *_ = network({name: torch.from_numpy(a) for name, a in inputs.items()})
        return np.asarray(logits.numpy())

    return run


def compare(
    reference: Run,
    shaken: Run,
    others: Mapping[str, Run],
    inputs: Mapping[str, Inputs],
    tolerance: float,
) -> dict[str, Agreement]:
    """Return by backend how it agrees with PyTorch.

    Args:
        reference: Runs the network in PyTorch.
        shaken: Runs the same with weights that are off by a bit.
        others: The backends.
        inputs: By what they are, such as `random` and `real`.
        tolerance: Largest share of the spread of the outputs by which they may differ.

    Raises:
        UserError: NAS711 if a backend differs by more, saying which, where and by how much.
    """
    found = dict.fromkeys(others, Agreement())
    for kind, given in inputs.items():
        expected = reference(given)
        moved = float(np.abs(shaken(given) - expected).max())
        yardstick = Yardstick.of(spread_of(expected), float(np.abs(expected).max()), moved)
        for name, run in others.items():
            agreement = _checked(name, kind, expected, run(given), yardstick, tolerance)
            found[name] = found[name].joined(agreement)
    return found


def _checked(
    name: str,
    kind: str,
    expected: np.ndarray,
    found: np.ndarray,
    yardstick: Yardstick,
    tolerance: float,
) -> Agreement:
    """Return how the outputs of a backend agree."""
    if expected.shape != found.shape:
        raise InternalError(f"{name} gives shape {found.shape}, torch {expected.shape}")
    difference = np.abs(expected - found)
    agreement = yardstick.judged(float(difference.max()))
    if not agreement.largest <= yardstick.allowed(tolerance):
        example, output = np.unravel_index(int(difference.argmax()), difference.shape)
        changed = int((expected.argmax(1) != found.argmax(1)).sum())
        raise disagreement(
            f"{name} and torch differ on {kind} inputs by {agreement}",
            tolerance,
            f"output {output} of example {example}",
            f"{changed} of {len(expected)}",
        )
    return agreement

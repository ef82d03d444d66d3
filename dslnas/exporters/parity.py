"""Do PyTorch and the exported files of a network compute the same?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.diagnostics import InternalError, UserError, user_error

Inputs: TypeAlias = Mapping[str, np.ndarray]
"""Inputs of a network, by name."""

Run: TypeAlias = Callable[[Inputs], np.ndarray]
"""From inputs, such as images (batch, channels, height, width), to logits (batch, classes)."""


def network_run(network: TorchNetwork) -> Run:
    """Return what runs a network of dslnas on the CPU."""

    def run(inputs: Inputs) -> np.ndarray:
        with torch.inference_mode():
            logits, *_ = network({name: torch.from_numpy(a) for name, a in inputs.items()})
        return np.asarray(logits.numpy())

    return run


def compare(
    reference: Run,
    others: Mapping[str, Run],
    inputs: Mapping[str, Inputs],
    tolerance: float,
) -> dict[str, float]:
    """Return by backend the largest absolute difference of a logit from PyTorch's.

    Inputs are named by what they are, such as `random` and `real`. NAS711 if a backend differs by
    more than the tolerance, saying which, where and by how much.
    """
    largest: dict[str, float] = {}
    for name, run in others.items():
        largest[name] = 0.0
        for kind, given in inputs.items():
            expected, found = reference(given), run(given)
            if expected.shape != found.shape:
                raise InternalError(f"{name} gives shape {found.shape}, torch {expected.shape}")
            difference = np.abs(expected - found)
            worst = float(difference.max())
            if not worst <= tolerance:
                example, output = np.unravel_index(int(difference.argmax()), difference.shape)
                changed = int((expected.argmax(1) != found.argmax(1)).sum())
                raise disagreement(
                    f"{name} and torch differ by {worst:.1e} on {kind} inputs",
                    tolerance,
                    f"output {output} of example {example}",
                    f"{changed} of {len(expected)}",
                )
            largest[name] = max(largest[name], worst)
    return largest


def disagreement(what: str, tolerance: float, place: str, changed: str) -> UserError:
    """Return the error for outputs that differ by more than is allowed."""
    return user_error(
        "NAS711",
        f"{what}, allowed {tolerance:.1e}: most at {place}; {changed} predictions change",
        where="export",
        help="set `export.tolerance` higher only if such differences do not matter",
    )

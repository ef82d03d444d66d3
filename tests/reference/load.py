"""The reference files, and how near to them is near enough."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from torch import Tensor

FIXTURES = Path(__file__).resolve().parent / "fixtures"

DARTS = ("darts_cnn_c2_l5", "darts_cnn_c4_l3", "darts_cnn_c4_l4")
DARTS_ONE_BY_DEFAULT = (
    "darts_cnn_c4_l3",
    pytest.param("darts_cnn_c2_l5", marks=pytest.mark.slow),
    pytest.param("darts_cnn_c4_l4", marks=pytest.mark.slow),
)
"""The same files for tests that take long; `-m slow` runs the others."""

NASP = ("nasp_c4_l3", "nasp_c4_l4")
EVALUATED = ("amoebanet", "darts_v2", "nasnet")

EXACT = 1e-9
"""Largest relative error of values and gradients in float64. We come to about 1e-14."""

LATER = 1e-7
"""That of finite differences, and of what follows after a step."""

ENDS = {"normal": "normal", "reduction": "reduce"}
"""Our names of the cells, and the reference's, with which its keys end."""

ALPHAS = {cell: f"alphas_{end}" for cell, end in ENDS.items()}
"""Our names of the cells, and the reference's of their alphas."""


@cache
def tensors(name: str) -> Mapping[str, Tensor]:
    """Return the tensors of a file, the floating ones as float64. Nobody may write to them."""
    found = load_file(FIXTURES / f"{name}.safetensors")
    return {k: v.double() if v.is_floating_point() else v for k, v in found.items()}


@cache
def facts(name: str) -> Any:
    """Return the numbers of a file that are no tensors."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def assert_close(found: Tensor, expected: Tensor, tolerance: float = EXACT) -> None:
    """Compare by Euclidean norms; what is to be zero has to be zero."""
    assert found.shape == expected.shape
    error, size = float((found.detach() - expected).norm()), float(expected.norm())
    assert error <= tolerance * size, f"error {error:.1e} in a norm of {size:.1e}"


def assert_alphas(name: str, key: str, found: Sequence[Tensor], tolerance: float = EXACT) -> None:
    """Compare one tensor per alpha with those of a key: `KEY/alphas_normal` and so on."""
    for tensor, theirs in zip(found, ALPHAS.values(), strict=True):
        assert_close(tensor, tensors(name)[f"{key}/{theirs}"], tolerance)


def assert_numbers(
    found: Mapping[str, object], expected: Mapping[str, object], tolerance: float = EXACT
) -> None:
    """Compare every number that was found with the file's of the same name."""
    wanted = {key: expected[key] for key in found}
    for key, number in found.items():
        assert number == pytest.approx(wanted[key], rel=tolerance), key

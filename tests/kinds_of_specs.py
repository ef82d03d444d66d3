"""The specs that come along, and which of them stand for others."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

SPECS = sorted((Path(__file__).parents[1] / "specs").glob("*.nas"))
ALIKE = (
    *("cifar10_milenas", "cifar10_nasp", "short", "digits_darts_second", "digits_gdas"),
    *("digits_milenas", "digits_nasp", "digits_pc_darts", "digits_random", "digits_segments"),
    *("digits_single_level", "digits_snas", "fashion_darts", "imagenet_darts", "ptb_small"),
)
"""Starts of the names of specs with a space like another's: they search it by another method, or
on other data."""


def of_a_kind(spec: Path) -> ParameterSet:
    """Return a spec as a parameter, slow if another has a space like its."""
    marks = [pytest.mark.slow] if spec.stem.startswith(ALIKE) else []
    return pytest.param(spec, id=spec.stem, marks=marks)


KINDS_OF_SPECS = [*map(of_a_kind, SPECS)]

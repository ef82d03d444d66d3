"""Methods that stand for others: of those with one engine the first one does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from dslnas.engines.catalogue import ENGINES

ON_EVERY_SPACE = {"darts", "pc_darts", "gdas", "nasp", "random"}
"""Methods that see cells through code of their own; the others do as one of these."""


def stands_for_its_engine(method: str) -> bool:
    """Whether a method is the first with its engine."""
    return method == next(name for name in ENGINES if ENGINES[name] is ENGINES[method])


def one_of_each_engine(methods: Iterable[str] = ENGINES) -> list[ParameterSet]:
    """Return methods as parameters, slow where one before has the same engine.

    It is for what the settings of a method hardly touch; its contract is tested with all of them.
    """
    return [
        pytest.param(method, marks=[] if stands_for_its_engine(method) else [pytest.mark.slow])
        for method in methods
    ]

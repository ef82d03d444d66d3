"""Methods that stand for others: of those whose engines have one base the first one does."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from dslnas.engines.catalogue import ENGINES

ON_EVERY_SPACE = {"darts", "pc_darts", "gdas", "nasp", "random"}
"""Methods that see cells through code of their own; the others do as one of these."""


def stands_for_its_base(method: str) -> bool:
    """Whether a method is the first whose engine is derived from its base."""
    return method == next(name for name in ENGINES if _base(name) is _base(method))


def _base(method: str) -> type:
    return ENGINES[method].__mro__[1]


def one_of_each_base(methods: Iterable[str] = ENGINES) -> list[ParameterSet]:
    """Return methods as parameters, slow where one before has an engine of the same base.

    It is for what the settings of a method hardly touch, and for loops around engines, which see
    what their bases do; its contract is tested with all of them.
    """
    return [
        pytest.param(method, marks=[] if stands_for_its_base(method) else [pytest.mark.slow])
        for method in methods
    ]

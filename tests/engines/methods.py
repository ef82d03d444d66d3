"""All search methods, also those that train architectures alone, and settings that are quick."""

from __future__ import annotations

from typing import Any

from dslnas.engines.catalogue import ENGINES
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import SearchSettings

ALONE = {"random_search", "evolution alone", "enas alone"}
"""Methods that begin anew every few epochs: see test_random_search."""
METHODS = [*ENGINES, *sorted(ALONE - {*ENGINES})]
FEW: dict[str, dict[str, Any]] = {
    "enas": {"units": 8, "updates": 2, "samples": 3, "candidates": 2},
    "nao": {"pool": 8, "fresh": 3, "parents": 3, "units": 4, "fits": 2},
    "evolution": {"population": 4, "tournament": 2, "cycles": 3},
    "enas alone": {"children": "alone", "each": 1, "units": 8, "samples": 2},
    "evolution alone": {"children": "alone", "each": 1, "population": 4, "tournament": 2},
    "random": {"samples": 8},
    "random_search": {"each": 1},
}
"""Settings that make them quick."""


def model_of(method: str) -> type[SearchSettings]:
    """Return the settings of a method, which may be said to train children alone."""
    return SEARCH[method.removesuffix(" alone")]

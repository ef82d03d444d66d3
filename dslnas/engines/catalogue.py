"""The table of search methods: the word of the language, and the engine behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.asap import Asap
from dslnas.engines.asng import Asng
from dslnas.engines.bayesnas import Bayesnas
from dslnas.engines.darts import Darts
from dslnas.engines.enas import Enas, EnasAlone
from dslnas.engines.evolution import Evolution, EvolutionAlone
from dslnas.engines.gdas import Gdas
from dslnas.engines.milenas import Milenas, SingleLevel
from dslnas.engines.nao import Nao
from dslnas.engines.nasp import Nasp
from dslnas.engines.protocol import Engine
from dslnas.engines.random_sampling import RandomSampling
from dslnas.engines.random_search import RandomSearch
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.engines.snas import Snas
from dslnas.settings.search_base import SearchSettings

# Every engine takes (supernet, its own settings, generator, constraints); a test checks the table
# against the settings of `dslnas.settings.search.SEARCH`.
ENGINES: Mapping[str, type[Engine]] = {
    "darts": Darts,
    "milenas": Milenas,
    "single_level": SingleLevel,
    "nasp": Nasp,
    "gdas": Gdas,
    "snas": Snas,
    "pc_darts": Darts,
    "drnas": Darts,
    "darts_minus": Darts,
    "fair_darts": Darts,
    "sdarts": Darts,
    "beta_darts": Darts,
    "asap": Asap,
    "bayesnas": Bayesnas,
    "asng": Asng,
    "evolution": Evolution,
    "enas": Enas,
    "nao": Nao,
    "random": RandomSampling,
    "random_search": RandomSearch,
}

ALONE: Mapping[str, type[Engine]] = {"evolution": EvolutionAlone, "enas": EnasAlone}
"""Those of methods that may share weights, where every architecture trains alone instead."""


def engine_type(settings: SearchSettings) -> type[Engine]:
    """Return the engine of the method that the settings name, as they have it."""
    return (ENGINES if settings.shares_weights else {**ENGINES, **ALONE})[settings.method]


def make_engine(
    supernet: Supernet,
    settings: SearchSettings,
    generator: torch.Generator,
    constraints: ResourceConstraints | None = None,
) -> Engine:
    """Return the engine of the method that the settings name, ready to start.

    The generator, on the CPU, is the randomness of alpha's start and of samples.
    """
    make: Callable[..., Engine] = engine_type(settings)
    return make(supernet, settings, generator, constraints)

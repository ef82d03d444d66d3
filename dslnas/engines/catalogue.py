"""The table of search methods: the word of the language, and the engine behind it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.darts import Darts
from dslnas.engines.engine import Engine
from dslnas.engines.milenas import Milenas
from dslnas.engines.nasp import Nasp
from dslnas.engines.random_sampling import RandomSampling
from dslnas.settings.sections import SearchSettings

# Every engine takes (supernet, its own settings, generator); a test checks the table against the
# settings of `dslnas.settings.sections.SEARCH`.
ENGINES: dict[str, Callable[..., Engine]] = {
    "darts": Darts,
    "milenas": Milenas,
    "nasp": Nasp,
    "random": RandomSampling,
}


def make_engine(
    name: str, supernet: Supernet, settings: SearchSettings, generator: torch.Generator
) -> Engine:
    """Return the engine of a method, ready to start.

    Args:
        name: The word in the spec.
        supernet: What is searched.
        settings: The method's own settings.
        generator: Randomness of alpha's start and of samples; on the CPU.
    """
    return ENGINES[name](supernet, settings, generator)

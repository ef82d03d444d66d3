"""The baseline of every search: an architecture that nothing has chosen."""

from __future__ import annotations

import torch

from dslnas.backends.torch.searched import random_weights
from dslnas.engines.discretise import one_hot
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.engines.resource_constraints import draw_obeying, draw_within
from dslnas.settings.rule import Derivation
from dslnas.space.architecture import Architecture
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.training.constraints import architecture_keeps_to


def random_architecture(space: SearchSpace, derivation: Derivation, seed: int) -> Architecture:
    """Return an architecture drawn at random, all choices alike likely, within counts and limits.

    Where a draw does not obey the counts, the nearest that does is taken; what exceeds a limit,
    such as a latency, is drawn again. Weights that belong to the architecture are those
    that a search would begin with.
    """
    generator = torch.Generator().manual_seed(seed)
    weights = random_weights(space, torch.Generator().manual_seed(seed))
    tables = space.tables

    def drawn() -> Architecture:
        choice = draw_obeying(space, tables, derivation.rule, generator)
        scores = {c: rows_of(one_hot(tables[c], rows)) for c, rows in choice.items()}
        return with_found(derive(space, scores), weights)

    return draw_within(
        drawn,
        lambda found: architecture_keeps_to(found, derivation.limits),
    )

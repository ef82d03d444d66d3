"""The baseline of every search: an architecture that nothing has chosen."""

from __future__ import annotations

import torch

from dslnas.engines.discretise import one_hot, uniform
from dslnas.engines.relaxations.softmax import rows_of
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Derivation
from dslnas.space.architecture import Architecture
from dslnas.space.choice_table import choice_table
from dslnas.space.derive.derive import derive
from dslnas.space.network import SearchSpace
from dslnas.training.constraints import keeps_to

DRAWS = 200
"""After so many that exceed a limit the last one is taken, and refused when it is trained."""


def random_architecture(
    space: SearchSpace, derivation: Derivation, seed: int, device: torch.device
) -> Architecture:
    """Return an architecture drawn at random, all choices alike likely.

    It keeps to what a search must keep to: where a draw does not obey the counts, the nearest that
    does is taken, and what exceeds a limit is drawn again.

    Args:
        space: What is drawn from.
        derivation: Counts and limits of the search that it is compared with.
        seed: Of the draw.
        device: Where a latency is measured.
    """
    generator = torch.Generator().manual_seed(seed)
    tables = {name: choice_table(space.cells[name]) for name in space.searched}
    for _ in range(DRAWS):
        draw = {
            cell: rows_of(one_hot(table, uniform(table, generator)))
            for cell, table in tables.items()
        }
        architecture = derive(space, draw, derivation.rule)
        graph = build_derived_graph(architecture)
        if keeps_to(graph, derivation.limits, device):
            break
    return architecture

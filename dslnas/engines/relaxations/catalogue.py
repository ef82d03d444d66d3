"""The table of relaxations: what a setting calls them, and what weighs the operations."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.engines.relaxations.dirichlet import Dirichlet
from dslnas.engines.relaxations.edge_normalised import EdgeNormalised
from dslnas.engines.relaxations.sigmoid import Sigmoid
from dslnas.engines.relaxations.softmax import Relaxation

RELAXATIONS: Mapping[str, type[Relaxation]] = {
    "darts": Relaxation,
    "drnas": Dirichlet,
    "fair_darts": Sigmoid,
    "pc_darts": EdgeNormalised,
}

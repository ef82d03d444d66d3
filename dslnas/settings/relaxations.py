"""The table of relaxations: how alpha weighs operations, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Weighting: TypeAlias = Literal["softmax", "sigmoid", "dirichlet", "gate"]
"""Function of alpha that gives the weights, or the probabilities that one is drawn by."""


@dataclass(frozen=True)
class RelaxationFacts:
    """Facts of a relaxation, by which settings say which parts it combines with.

    Attributes:
        weighting: How alpha becomes weights.
        runs_one: Whether one operation of an edge runs; else all run, mixed.
        is_smooth: Whether the loss can be differentiated twice in alpha.
        prunes: Whether operations leave their edge for good.
        plain: Setting that gives the plain relaxation instead; "" where there is none.
    """

    weighting: Weighting
    runs_one: bool = False
    is_smooth: bool = True
    prunes: bool = False
    plain: str = ""

    @property
    def sums_to_one(self) -> bool:
        """Whether the weights of an edge add up to 1."""
        return self.weighting in ("softmax", "dirichlet")


RELAXATION_FACTS: Mapping[str, RelaxationFacts] = MappingProxyType(
    {
        "darts": RelaxationFacts("softmax"),
        "pc_darts": RelaxationFacts("softmax"),
        "drnas": RelaxationFacts("dirichlet", is_smooth=False, plain="relax darts"),
        "fair_darts": RelaxationFacts("sigmoid", plain="relax darts"),
        "asap": RelaxationFacts("softmax", prunes=True),
        "bayesnas": RelaxationFacts("gate", prunes=True),
        "gdas": RelaxationFacts("softmax", runs_one=True),
        "reinmax": RelaxationFacts(
            "softmax", runs_one=True, is_smooth=False, plain="sampler gumbel"
        ),
        "snas": RelaxationFacts("softmax"),
    }
)
"""By the method that a relaxation is known from; the plainest of each weighting comes first."""


def plainest(weighting: Weighting) -> str:
    """Return the name of the plainest relaxation with a weighting."""
    return next(name for name, facts in RELAXATION_FACTS.items() if facts.weighting == weighting)

"""Rules for derived architectures: counts of operations by cell, limits of the network."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from dslnas.settings.sections import DeriveSettings

Quantity: TypeAlias = Literal["params", "flops", "latency"]
"""Cost of a network: trained weights, multiply-adds per example, or seconds per example."""


@dataclass(frozen=True)
class Count:
    """How many edges of a derived cell may have an operation.

    Attributes:
        operation: As the language writes it, such as `sep_conv(3)`.
        least: Fewest edges.
        most: Most edges; None for any number. Not below `least`, which is not below 0.
    """

    operation: str
    least: int = 0
    most: int | None = None

    def __post_init__(self) -> None:
        if self.least < 0 or (self.most is not None and self.most < self.least):
            raise ValueError(f"no number is from {self.least} to {self.most}")

    def allows(self, number: int) -> bool:
        """Whether a derived cell may have the operation so many times."""
        return self.least <= number and (self.most is None or number <= self.most)


@dataclass(frozen=True)
class Rule:
    """How an architecture is derived, beyond what each cell says itself with `keep` and `none`.

    Attributes:
        counts: At most one per operation. A count holds in every searched cell of which an edge
            may have the operation.
        threshold: Score below which an edge goes where it can; None keeps as many as cells say.
    """

    counts: tuple[Count, ...] = ()
    threshold: float | None = None

    @property
    def thins(self) -> bool:
        """Whether a node may keep fewer edges than its cell says."""
        return self.threshold is not None


NO_RULE = Rule()


@dataclass(frozen=True)
class Limit:
    """The most that the derived network may cost, that included."""

    quantity: Quantity
    most: float


class Derivation(DeriveSettings):
    """How a search ends in an architecture: the settings of `derive` with its comparisons."""

    rule: Rule = NO_RULE
    limits: tuple[Limit, ...] = ()


AS_PUBLISHED = Derivation()
"""Derivation of DARTS: by magnitude, after the last epoch."""

"""Settings of methods that train alpha by gradients: what several of them have."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dslnas.settings.fields import Arch
from dslnas.settings.model import Spellings
from dslnas.settings.search_base import Conflict, Needs, SearchSettings
from dslnas.settings.search_parts import Freeze, Perturb, Prune, Regularise, Relax, Skip
from dslnas.settings.values import ADAM_OF_DARTS, Sgd


class GradientSettings(SearchSettings):
    """Settings of methods that learn alpha by its gradient."""

    arch: Arch = ADAM_OF_DARTS


class OrderSettings(GradientSettings):
    """Settings of methods that may look one step of the weights ahead."""

    needs: ClassVar[Needs] = {
        "hessian": ("order", "first", "second"),
        "unroll": ("order", "first", "second"),
    }
    order: Annotated[Literal["first", "second"], Spellings({"1": "first", "2": "second"})] = Field(
        "first", description="of the alpha-gradient"
    )
    hessian: Literal["difference", "exact"] = Field(
        "difference",
        description="second order: by finite differences as published, or by differentiating twice",
    )
    unroll: Literal["clipped", "unclipped"] = Field(
        "unclipped", description="second order: whether the step looked ahead is clipped"
    )
    regularise: Regularise = None
    perturb: Perturb = None
    freeze: Freeze = None

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return "darts"

    @property
    def looks_ahead(self) -> bool:
        """Whether alpha is judged by the weights one step later."""
        return self.order == "second"

    @property
    def freezes(self) -> bool:
        """Whether the weights of an operation may stop learning before the search ends."""
        return self.freeze is not None

    @property
    def is_simultaneous(self) -> bool:
        """Whether alpha and the weights move by gradients of the same pass."""
        return False

    @property
    def is_held_out(self) -> bool:
        """Whether alpha learns from data of its own, alone or among others."""
        return True

    @property
    def clips_ahead(self) -> bool:
        """Whether the step that second order looks ahead is clipped like the one taken later."""
        return self.unroll == "clipped"

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if self.accumulate > 1 and (self.order, self.hessian) == ("second", "exact"):
            yield Conflict(
                "search.accumulate",
                "`hessian exact` differentiates twice what a whole batch leaves behind",
                "write `hessian difference`, or leave `accumulate` out",
                omit="may",
            )
        if self.looks_ahead and not isinstance(self.weights, Sgd):
            yield Conflict(
                "search.order",
                "`order second` looks ahead along a step of `sgd`, and `weights` has "
                f"`{self.weights.word}`",
                "write `order first`, or `weights sgd`",
                ("search.weights",),
            )


class RelaxSettings(OrderSettings):
    """Settings of methods that may have the relaxation of another, and auxiliary skips."""

    relax: Relax = "darts"
    skip: Skip = None
    prune: Prune = None

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return self.relax

    @property
    def starts(self) -> Sequence[int]:
        """The first epochs of the stages of the search."""
        return super().starts if self.prune is None else self.prune.starts(self.epochs)

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        shortest = min(end - start for start, end in pairwise((*self.starts, self.epochs)))
        if self.prune is not None and shortest <= self.warm_epochs < self.epochs:
            yield Conflict(
                "search.prune",
                f"a stage has {shortest} epochs, and with a `warmup` of {self.warm_epochs} none of "
                "them is left to search in",
                "give more `epochs`, a shorter `warmup` or fewer stages",
            )

    @property
    def has_skips(self) -> bool:
        """Whether edges of the supernet have an auxiliary skip beside their operations."""
        return self.skip is not None


class OneLevel:
    """Facts of methods whose alpha learns by the pass of the weights, on the same data."""

    @property
    def is_simultaneous(self) -> bool:
        """Whether alpha and the weights move by gradients of the same pass."""
        return True

    @property
    def is_held_out(self) -> bool:
        """Whether alpha learns from data of its own, alone or among others."""
        return False


class PruningSettings(OrderSettings):
    """Settings of methods that take operations out of their edge for good.

    Alpha has no weight decay, which would move that of operations that are gone.
    """

    arch: Arch = ADAM_OF_DARTS.replace(weight_decay=0.0)

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return self.method

"""Settings that search methods have in common."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, NamedTuple, Self, TypeAlias

from pydantic import Field

from dslnas.settings.fields import Accumulate, Arch, Dropout, Slowness, Weights
from dslnas.settings.model import Section
from dslnas.settings.search_parts import (
    Freeze,
    Perturb,
    Plain,
    Prune,
    Regularise,
    Relax,
    Skip,
    Update,
)
from dslnas.settings.stop import Eigenvalue, StopRule
from dslnas.settings.values import Adam, Sgd

Needs: TypeAlias = Mapping[str, tuple[str, object, str]]
"""By setting what it changes nothing without: another setting, the value that turns that off, and
one that turns it on."""

WARM_SHARE = 0.3
"""Share of the epochs of PC-DARTS in which only the weights train."""


class Conflict(NamedTuple):
    """Settings that contradict each other.

    Attributes:
        path: Path of the one to point at.
        message: Their contradiction.
        help: Ways out of it.
        other: Path of the one to point at if the first is not written.
    """

    path: str
    message: str
    help: str
    other: str = "search.epochs"


class SearchSettings(Section):
    """Settings of all methods. Defaults are those of DARTS (arXiv:1806.09055, appendix A).

    Attributes:
        learns: Whether steps move alpha; else architectures are drawn, and compared at the end.
        draws: Whether it draws architectures, which keep to limits, and is told their losses.
        has_probabilities: Whether operations have probabilities, which `perturbation` changes.
        is_differentiable: Whether the loss can be differentiated twice in alpha, as `eigenvalue`
            does.
        needs_channels: Whether it searches channels, which only images have.
        needs: Settings that need others.
    """

    kind = "search"
    tag = "method"
    learns: ClassVar[bool] = True
    draws: ClassVar[bool] = False
    has_probabilities: ClassVar[bool] = True
    is_differentiable: ClassVar[bool] = True
    needs_channels: ClassVar[bool] = False
    needs: ClassVar[Needs] = {}
    method: str = ""  # every method has its own
    epochs: int = Field(50, ge=1, description="passes over the data that trains weights")
    warmup: Annotated[int, Field(ge=0)] | None = Field(
        0, description="first epochs, in which only the weights train"
    )
    accumulate: Accumulate = 1
    weights: Weights = Sgd()
    stop: tuple[StopRule, ...] = Field(
        (), description="rules that end the search early: skips, convolutions, stable, eigenvalue"
    )
    dropout: Dropout = None
    slowness: Slowness = None

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self.replace(warmup=self.warm_epochs)

    @property
    def warm_epochs(self) -> int:
        """The number of epochs in which only the weights train."""
        return self.warmup if self.warmup is not None else int(WARM_SHARE * self.epochs)

    @property
    def starts(self) -> Sequence[int]:
        """The first epochs of the stages of the search, which is one unless settings say more."""
        return (0,)

    def is_warm(self, epoch: int) -> bool:
        """Whether only the weights train in an epoch, counted from 0: the first of every stage."""
        return any(start <= epoch < start + self.warm_epochs for start in self.starts)

    @property
    def shares_weights(self) -> bool:
        """Whether all architectures share weights, which then tell how good each is."""
        return True

    @property
    def goes_back(self) -> bool:
        """Whether the result may be the architecture of an earlier epoch."""
        return any(isinstance(rule, Eigenvalue) for rule in self.stop)

    @property
    def channel_parts(self) -> int | None:
        """K, one of whose equal parts of the channels is searched; None if all channels are."""
        return None

    @property
    def has_skips(self) -> bool:
        """Whether edges of the supernet have an auxiliary skip beside their operations."""
        return False

    @property
    def costed_cells(self) -> tuple[str, ...]:
        """Names of cells whose operations cost something, where the settings name any."""
        return ()

    @property
    def looks_ahead(self) -> bool:
        """Whether alpha is judged by the weights one step later."""
        return False

    @property
    def freezes(self) -> bool:
        """Whether the weights of an operation may stop learning before the search ends."""
        return False

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        for rule in self.stop:
            if rule.looks_back() >= self.epochs:
                yield Conflict(
                    "search.stop",
                    f"`{rule.word}` looks back {rule.looks_back()} epochs, and there are "
                    f"{self.epochs}",
                    f"give it fewer `{rule.memory}`, or the search more `epochs`",
                )
        if self.warm_epochs >= self.epochs:
            yield Conflict(
                "search.warmup",
                f"warm-up of {self.warm_epochs} epochs leaves none of {self.epochs} to search in",
                "give more `epochs` or a shorter `warmup`",
            )
        if self.accumulate > 1 and self.goes_back:
            yield Conflict(
                "search.stop",
                "`stop eigenvalue` differentiates twice what a whole batch leaves behind",
                "leave `accumulate` or `eigenvalue` out",
            )


class SampledSettings(SearchSettings):
    """Settings of methods that draw architectures and are told their losses."""

    draws = True
    has_probabilities = False
    is_differentiable = False


class AloneSettings(SampledSettings):
    """Settings of methods that may train every architecture alone, from scratch."""

    each: Annotated[int, Field(ge=1)] | None = Field(
        None,
        description="epochs of every architecture; else at most 10, and two architectures or more",
    )

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        found = super().resolved()
        return found if self.shares_weights else found.replace(each=self.epochs_each)

    @property
    def shares_weights(self) -> bool:
        """Whether all architectures share the weights of one network: none do."""
        return False

    @property
    def epochs_each(self) -> int:
        """The epochs of every architecture: by default the largest divisor that leaves two."""
        if self.each is not None:
            return self.each
        most = max(1, min(10, self.epochs // 2))
        return next(each for each in range(most, 0, -1) if self.epochs % each == 0)

    @property
    def trained(self) -> int:
        """The number of architectures that train alone."""
        return self.epochs // self.epochs_each

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if not self.shares_weights and self.epochs % self.epochs_each:
            yield Conflict(
                "search.each",
                f"{self.epochs} epochs are no multiple of {self.epochs_each}, "
                "so the last architecture would train for fewer than the others",
                "give `each` a divisor of `epochs`",
            )


class ChildrenSettings(AloneSettings):
    """Settings of methods whose architectures, children, share weights or train alone."""

    needs: ClassVar[Needs] = {"each": ("children", "shared", "alone")}
    children: Literal["shared", "alone"] = Field(
        "shared",
        description="whether they share the weights of one network, or each trains from scratch",
    )

    @property
    def shares_weights(self) -> bool:
        """Whether all architectures share weights, which then tell how good each is."""
        return self.children == "shared"


class ControllerSettings(ChildrenSettings):
    """Settings of methods in which an LSTM decides on architectures, and learns from rewards."""

    needs: ClassVar[Needs] = {
        **ChildrenSettings.needs,
        "updates": ("children", "alone", "shared"),
        "candidates": ("children", "alone", "shared"),
    }
    arch: Adam = Field(
        Adam(lr=3.5e-3, betas=(0.0, 0.999), weight_decay=0.0),
        description="optimiser of the architecture parameters",
    )
    units: int = Field(64, ge=1, description="width of the LSTM")
    update: Update = Plain()
    updates: int = Field(
        30, ge=1, description="updates of the LSTM after each epoch, if children share weights"
    )
    samples: int = Field(10, ge=1, description="architectures drawn for each update")
    candidates: int = Field(
        10, ge=1, description="architectures compared after each epoch, if children share weights"
    )
    reward: float = Field(1.0, gt=0, description="of an architecture: so many times exp(-loss)")
    entropy: float = Field(1e-4, ge=0, description="weight of the entropy in the reward")
    decay: float = Field(0.99, ge=0, lt=1, description="of the mean reward, the baseline")
    tanh: float = Field(1.1, gt=0, description="logits are so many times a tanh")
    temperature: float = Field(1.0, gt=0, description="divides logits before the tanh")

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if not self.shares_weights and self.trained <= self.samples:
            yield Conflict(
                "search.samples",
                f"{self.epochs} epochs train {self.trained} architectures for {self.epochs_each} "
                f"each, so none comes after an update by {self.samples}",
                "give more `epochs`, a lower `each` or fewer `samples`",
                "search.children",
            )


class GradientSettings(SearchSettings):
    """Settings of methods that learn alpha by its gradient."""

    arch: Arch = Adam()


class OrderSettings(GradientSettings):
    """Settings of methods that may look one step of the weights ahead."""

    needs: ClassVar[Needs] = {
        "hessian": ("order", "first", "second"),
        "unroll": ("order", "first", "second"),
    }
    order: Literal["first", "second"] = Field("first", description="of the alpha-gradient")
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

    arch: Arch = Adam(weight_decay=0.0)

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return self.method

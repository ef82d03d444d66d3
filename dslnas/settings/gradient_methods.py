"""Settings of the methods that train alpha by gradients: what each has of its own."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from dslnas.settings.fields import AlphaUpdate, Arch, Lambda, Level, Name, Temperature, Weights
from dslnas.settings.gradient import (
    GradientSettings,
    OneLevel,
    OrderSettings,
    PruningSettings,
    RelaxSettings,
)
from dslnas.settings.search_base import Conflict, Needs
from dslnas.settings.search_parts import (
    BetaDecay,
    Fading,
    Perturb,
    PerturbRandomly,
    Regularise,
    Relax,
    Skip,
    ZeroOne,
)
from dslnas.settings.values import (
    ADAM_OF_DARTS,
    Adam,
    Cosine,
    Exponential,
    Linear,
    Schedule,
    Sgd,
    lowest,
)


class DartsSettings(RelaxSettings):
    """DARTS (Liu et al., ICLR 2019): bilevel, alpha on its own data, then the weights."""

    method: Literal["darts"] = "darts"


class MilenasSettings(RelaxSettings):
    """MiLeNAS (He et al., CVPR 2020): mixed-level, alpha from both losses."""

    method: Literal["milenas"] = "milenas"
    lambda_: float = Field(
        1.0, alias="lambda", ge=0, description="weight of the architecture data's loss"
    )
    update: AlphaUpdate = "simultaneous"
    bilevel: int = Field(0, ge=0, description="first epochs that are bilevel, before it switches")

    @property
    def is_simultaneous(self) -> bool:
        """Whether alpha and the weights move by gradients of the same pass."""
        return self.update == "simultaneous"

    @property
    def is_held_out(self) -> bool:
        """Whether alpha learns from data of its own, alone or among others."""
        return self.lambda_ > 0

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if self.bilevel >= self.epochs:
            yield Conflict(
                "search.bilevel",
                f"{self.bilevel} bilevel epochs leave none of {self.epochs} that is mixed-level",
                "give fewer `bilevel` epochs, or write `search darts`",
            )


class SingleLevelSettings(OneLevel, RelaxSettings):
    """Single-level search: alpha and the weights on the same data; MiLeNAS with lambda = 0."""

    method: Literal["single_level"] = "single_level"


class NaspSettings(GradientSettings):
    """NASP (Yao et al., AAAI 2020): proximal steps; one operation per edge runs."""

    has_probabilities = False
    is_differentiable = False
    needs: ClassVar[Needs] = {"cost": ("complexity", 0, "0.1"), "cells": ("complexity", 0, "0.1")}
    method: Literal["nasp"] = "nasp"
    complexity: float = Field(
        0.0, ge=0, description="eta: weight of the operations' cost; larger gives smaller cells"
    )
    cost: Literal["params", "flops", "latency"] = Field(
        "params", description="what an operation costs"
    )
    cells: tuple[Name, ...] = Field(
        (), description="cells whose operations cost something; else all"
    )
    epsilon: float = Field(
        0.0, ge=0, le=1, description="probability of a random operation instead of the largest"
    )
    box: Literal["alpha", "step"] = Field(
        "alpha", description="when A is clipped: behind its own step, or behind the weights' too"
    )

    @property
    def costed_cells(self) -> tuple[str, ...]:
        """Names of cells whose operations cost something, where the settings name any."""
        return self.cells


class GumbelSettings(OrderSettings):
    """Settings of methods that draw a random mixture for every pass."""

    needs: ClassVar[Needs] = {**OrderSettings.needs, "lambda": ("level", "bilevel", "mixed")}
    level: Level = "bilevel"
    lambda_: Lambda = 1.0
    temperature: Temperature = Linear(start=10.0, end=1.0)

    @property
    def is_held_out(self) -> bool:
        """Whether alpha learns from data of its own, alone or among others."""
        return self.level == "bilevel" or self.lambda_ > 0


class GdasSettings(GumbelSettings):
    """GDAS (Dong and Yang, CVPR 2019): one sampled operation per edge runs."""

    method: Literal["gdas"] = "gdas"
    sampler: Literal["gumbel", "reinmax"] = Field(
        "gumbel", description="how alpha learns through a sample"
    )

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return "gdas" if self.sampler == "gumbel" else self.sampler

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        coldest = lowest(self.temperature, self.epochs)
        if self.sampler == "reinmax" and coldest < 1:
            yield Conflict(
                "search.temperature",
                f"`reinmax` is a second-order estimate at a temperature of 1 or more, and this one "
                f"reaches {coldest:g}",
                "let it end at 1, or write `sampler gumbel`",
            )


class SnasSettings(GumbelSettings):
    """SNAS (Xie et al., ICLR 2019): all run, weighed by a soft sample; one loss for everything."""

    needs: ClassVar[Needs] = {**GumbelSettings.needs, "update": ("level", "bilevel", "mixed")}
    method: Literal["snas"] = "snas"
    level: Level = "mixed"
    lambda_: Lambda = 0.0
    update: AlphaUpdate = "simultaneous"
    temperature: Temperature = Linear(start=1.0, end=0.03)

    @property
    def is_simultaneous(self) -> bool:
        """Whether alpha and the weights move by gradients of the same pass."""
        return self.level == "mixed" and self.update == "simultaneous"

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return self.method


class PcDartsSettings(OrderSettings):
    """PC-DARTS (Xu et al., ICLR 2020): a part of the channels is searched, edges are weighed."""

    needs_channels = True
    method: Literal["pc_darts"] = "pc_darts"
    warmup: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="first epochs, in which only the weights train; else 15 of 50, of any number "
        "that share",
    )
    weights: Weights = Sgd(lr=Cosine(start=0.1, end=0.0))
    arch: Arch = ADAM_OF_DARTS.replace(lr=6e-4)
    partial: int = Field(
        4, ge=1, le=64, description="K: one channel of K goes through the operations"
    )

    @property
    def channel_parts(self) -> int:
        """K, one of whose equal parts of the channels is searched."""
        return self.partial

    @property
    def relaxation(self) -> str:
        """How alpha weighs the operations, by the method that this is known from."""
        return self.method


class AsapSettings(PruningSettings):
    """ASAP (Noy et al., AISTATS 2020): anneal a softmax, and prune what weighs too little."""

    method: Literal["asap"] = "asap"
    warmup: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="first epochs, in which only the weights train; else 10 of 50, of any number "
        "that share",
    )
    temperature: Schedule | None = Field(
        None,
        description="of the softmax, by epoch; else from 1.6 on by 0.95 in every epoch of 50, of "
        "any number to the same end",
    )
    threshold: float = Field(
        0.4, gt=0, lt=1, description="share of the mean weight below which an operation leaves"
    )

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return super().resolved().replace(temperature=self.annealing)

    @property
    def warm_epochs(self) -> int:
        """The number of epochs in which only the weights train."""
        return self.warmup if self.warmup is not None else self.epochs // 5

    @property
    def annealing(self) -> Schedule:
        """The temperature by epoch."""
        if self.temperature is not None:
            return self.temperature
        return Exponential(start=1.6, factor=0.95 ** (50 / self.epochs))


class BayesnasSettings(OneLevel, PruningSettings):
    """BayesNAS (Zhou et al., ICML 2019): gates with a prior that makes them sparse.

    Gates have no weight decay. The published sparsities are 0.005, 0.007 and 0.01; its program
    searches for one epoch after one of warm-up.
    """

    method: Literal["bayesnas"] = "bayesnas"
    warmup: Annotated[int, Field(ge=0)] | None = Field(
        None, description="first epochs, in which only the weights train; else 1, of 1 none"
    )
    weights: Weights = Sgd(lr=0.1, weight_decay=1e-4)
    arch: Arch = Sgd(lr=0.1, weight_decay=0.0)
    sparsity: float = Field(
        0.005, gt=0, description="weight of the lasso on gates; larger gives fewer operations"
    )

    @property
    def warm_epochs(self) -> int:
        """The number of epochs in which only the weights train."""
        return self.warmup if self.warmup is not None else min(1, self.epochs - 1)


class DrnasSettings(RelaxSettings):
    """DrNAS (Chen et al., ICLR 2021): weights are drawn from a Dirichlet distribution."""

    is_differentiable = False
    method: Literal["drnas"] = "drnas"
    relax: Relax = "drnas"


class FairDartsSettings(RelaxSettings):
    """Fair DARTS (Chu et al., ECCV 2020): each operation is weighed for itself, by a sigmoid."""

    method: Literal["fair_darts"] = "fair_darts"
    weights: Weights = Sgd(lr=Cosine(start=0.005, end=0.001))
    arch: Arch = Adam(lr=3e-3, betas=(0.9, 0.999), weight_decay=1e-3)
    relax: Relax = "fair_darts"
    regularise: Regularise = ZeroOne()


class SdartsSettings(RelaxSettings):
    """SmoothDARTS (Chen and Hsieh, ICML 2020): the weights train on perturbed mixtures."""

    method: Literal["sdarts"] = "sdarts"
    perturb: Perturb = PerturbRandomly()


class DartsMinusSettings(RelaxSettings):
    """DARTS- (Chu et al., ICLR 2021): a skip connection beside the operations fades away."""

    method: Literal["darts_minus"] = "darts_minus"
    skip: Skip = Fading()


class BetaDartsSettings(RelaxSettings):
    """beta-DARTS (Ye et al., CVPR 2022): a regulariser keeps alpha small, more so every epoch."""

    method: Literal["beta_darts"] = "beta_darts"
    regularise: Regularise = BetaDecay()

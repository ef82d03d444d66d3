"""Settings of the search methods: what each has of its own."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import Field

from dslnas.settings.fields import (
    Arch,
    Lambda,
    Level,
    Name,
    Temperature,
    Update,
    Weights,
)
from dslnas.settings.search_base import (
    AloneSettings,
    ChildrenSettings,
    Conflict,
    ControllerSettings,
    GradientSettings,
    Needs,
    OneLevel,
    OrderSettings,
    PruningSettings,
    RelaxSettings,
    SampledSettings,
    SearchSettings,
)
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
from dslnas.settings.values import Adam, Cosine, Exponential, Linear, Schedule, Sgd, lowest


class DartsSettings(RelaxSettings):
    """DARTS (Liu et al., ICLR 2019): bilevel, alpha on its own data, then the weights."""

    method: Literal["darts"] = "darts"


class MilenasSettings(RelaxSettings):
    """MiLeNAS (He et al., CVPR 2020): mixed-level, alpha from both losses."""

    method: Literal["milenas"] = "milenas"
    lambda_: float = Field(
        1.0, alias="lambda", ge=0, description="weight of the architecture data's loss"
    )
    update: Update = "simultaneous"
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
    update: Update = "simultaneous"
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
    arch: Arch = Adam(lr=6e-4)
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
    arch: Arch = Adam(lr=3e-3, betas=(0.9, 0.999))
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


class AsngSettings(SampledSettings):
    """ASNG-NAS (Akimoto et al., ICML 2019): probabilities of choices, by their natural gradient."""

    method: Literal["asng"] = "asng"
    weights: Weights = Sgd(lr=Cosine(start=0.025, end=0.0))
    samples: int = Field(2, ge=2, description="architectures drawn for each update")
    delta: float = Field(1.0, gt=0, description="delta0: length of the first step")
    signal: float = Field(
        1.5, gt=1, description="alpha: how much signal in its steps makes them longer"
    )


class EvolutionSettings(ChildrenSettings):
    """Regularised evolution (Real et al., AAAI 2019): the oldest dies.

    The published settings of children that train alone are `each 25` and 20,000 of them.
    """

    needs: ClassVar[Needs] = {**ChildrenSettings.needs, "cycles": ("children", "alone", "shared")}
    method: Literal["evolution"] = "evolution"
    population: int = Field(100, ge=2, description="architectures that live at the same time")
    tournament: int = Field(
        25, ge=1, description="members drawn for each child, whose parent is the best of them"
    )
    cycles: int = Field(100, ge=1, description="children after each epoch, if they share weights")

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if not self.shares_weights and self.trained <= self.population:
            yield Conflict(
                "search.population",
                f"{self.epochs} epochs train {self.trained} architectures for {self.epochs_each} "
                f"each, so a population of {self.population} never has a child",
                "give more `epochs`, a lower `each` or a smaller `population`",
                "search.children",
            )


class EnasSettings(ControllerSettings):
    """ENAS (Pham et al., ICML 2018): an LSTM decides on architectures, and learns by REINFORCE.

    With `children alone` and `update ppo` it is the search of NASNet (Zoph et al., CVPR 2018).
    """

    method: Literal["enas"] = "enas"
    weights: Weights = Sgd(lr=Cosine(start=0.05, end=5e-4), weight_decay=1e-4)


class NaoSettings(SampledSettings):
    """NAO (Luo et al., NeurIPS 2018) on shared weights: a model of a pool says what comes next."""

    method: Literal["nao"] = "nao"
    arch: Adam = Field(
        Adam(lr=1e-3, betas=(0.9, 0.999), weight_decay=1e-4), description="optimiser of the model"
    )
    pool: int = Field(600, ge=2, description="architectures that weights train on")
    fresh: int = Field(300, ge=1, description="new ones each time that the pool is judged")
    parents: int = Field(100, ge=1, description="the best ones, which new ones come from")
    each: Annotated[int, Field(ge=1)] | None = Field(
        None, description="epochs after which the pool is judged; else a fifth of them"
    )
    units: int = Field(96, ge=2, description="width of the model's LSTMs, an even number")
    fits: int = Field(1000, ge=1, description="passes over the pool that train the model")

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return super().resolved().replace(each=self.epochs_each)

    @property
    def epochs_each(self) -> int:
        """The epochs after which the pool is judged."""
        return self.each or max(1, self.epochs // 5)

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if self.fresh >= self.pool:
            yield Conflict(
                "search.fresh",
                f"{self.fresh} new architectures leave none of a pool of {self.pool}",
                "give fewer `fresh`, or a larger `pool`",
            )
        if self.units % 2:
            yield Conflict(
                "search.units",
                f"{self.units} units cannot be halved, as two tokens are joined",
                f"give `units` an even number, such as {self.units + 1}",
            )


class DrawnSettings(SampledSettings):
    """Settings of methods that compare what they draw at the end."""

    learns = False


class RandomSettings(DrawnSettings):
    """Random sampling with weight sharing (Li and Talwalkar, UAI 2019): the baseline."""

    method: Literal["random"] = "random"
    samples: int = Field(
        1000, ge=1, description="architectures compared with the shared weights at the end"
    )


class RandomSearchSettings(AloneSettings, DrawnSettings):
    """Random search (Li and Talwalkar, UAI 2019): random architectures, each trained alone."""

    method: Literal["random_search"] = "random_search"


AnySearch: TypeAlias = Annotated[
    DartsSettings
    | MilenasSettings
    | SingleLevelSettings
    | NaspSettings
    | GdasSettings
    | SnasSettings
    | PcDartsSettings
    | DrnasSettings
    | SdartsSettings
    | DartsMinusSettings
    | FairDartsSettings
    | BetaDartsSettings
    | AsapSettings
    | BayesnasSettings
    | AsngSettings
    | EvolutionSettings
    | EnasSettings
    | NaoSettings
    | RandomSettings
    | RandomSearchSettings,
    Field(discriminator="method"),
]
"""Settings of any method, told apart by its name."""

SEARCH: dict[str, type[SearchSettings]] = {
    model.model_fields["method"].default: model for model in get_args(get_args(AnySearch)[0])
}

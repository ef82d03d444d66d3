"""Settings of the search methods: what all share, and what each has of its own."""

from __future__ import annotations

from typing import Literal, Self

from dslnas.settings.kinds import Call, Number, Whole, Word
from dslnas.settings.lists import Many, Names
from dslnas.settings.schema import Settings, setting
from dslnas.settings.stop import STOP_RULES, StopRule
from dslnas.settings.values import SCHEDULE, Adam, Cosine, Linear, Schedule, Sgd, Variational

DROPOUT_ABOUT = "text: rates by place, with masks that hold for a whole sequence"
ACCUMULATE_ABOUT = (
    "parts of a batch that run one after the other, so that less is kept at once; batch norm "
    "sees the parts"
)
SLOWNESS_ABOUT = "text: weight of mean((o[t+1] - o[t])^2) in the weights' loss, o a cell's outputs"

WARM_SHARE = 0.3
"""Of the epochs of PC-DARTS."""

_LEVEL = Word("bilevel", "mixed")
_LEVEL_ABOUT = "alpha from its own data's loss, or from both"
_LAMBDA_ABOUT = "mixed level: weight of the architecture data's loss"


class SearchSettings(Settings):
    """What all methods share. Defaults are those of DARTS (arXiv:1806.09055, appendix A)."""

    kind = "search"
    epochs: int = setting(Whole(ge=1), "passes over the data that trains weights", default=50)
    warmup: int | None = setting(
        Whole(ge=0), "first epochs, in which only the weights train", default=0
    )
    accumulate: int = setting(Whole(ge=1), ACCUMULATE_ABOUT, default=1)
    weights: Sgd = setting(Call(Sgd), "optimiser of the network's weights", default=Sgd())
    arch: Adam = setting(Call(Adam), "optimiser of the architecture parameters", default=Adam())
    stop: tuple[StopRule, ...] = setting(
        Many(Call(*STOP_RULES)),
        "rules that end the search early: skips, convolutions, stable, eigenvalue",
        default=(),
    )
    dropout: Variational | None = setting(Call(Variational), DROPOUT_ABOUT, default=None)
    slowness: float | None = setting(Number(ge=0), SLOWNESS_ABOUT, default=None)

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self.replace(warmup=self.warm_epochs)

    @property
    def warm_epochs(self) -> int:
        """The number of epochs in which only the weights train."""
        return self.warmup if self.warmup is not None else int(WARM_SHARE * self.epochs)


class OrderSettings(SearchSettings):
    """What methods share that may look one step of the weights ahead."""

    order: Literal["first", "second"] = setting(
        Word("first", "second"), "of the alpha-gradient", default="first"
    )
    hessian: Literal["difference", "exact"] = setting(
        Word("difference", "exact"),
        "second order: by finite differences as published, or by differentiating twice",
        default="difference",
    )
    unroll: Literal["clipped", "unclipped"] | None = setting(
        Word("clipped", "unclipped"),
        "second order: whether the step looked ahead is clipped; else for text, not for images",
        default=None,
    )

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        unroll = None if self.order == "first" else self.unroll or "unclipped"
        return super().resolved().replace(unroll=unroll)

    @property
    def clips_ahead(self) -> bool:
        """Whether the step that second order looks ahead is clipped like the one taken later."""
        return self.unroll == "clipped"


class DartsSettings(OrderSettings):
    """DARTS (Liu et al., ICLR 2019): bilevel, alpha on its own data, then the weights."""


class MilenasSettings(OrderSettings):
    """MiLeNAS (He et al., CVPR 2020): mixed-level, alpha from both losses."""

    lambda_: float = setting(Number(ge=0), "weight of the architecture data's loss", default=1.0)
    update: Literal["simultaneous", "alternating"] = setting(
        Word("simultaneous", "alternating"),
        "gradients at the same point as the paper writes, or the weights' at the new alpha",
        default="simultaneous",
    )
    bilevel: int = setting(
        Whole(ge=0), "first epochs that are bilevel, before it switches", default=0
    )


class SingleLevelSettings(OrderSettings):
    """Single-level search: alpha and the weights on the same data; MiLeNAS with lambda = 0."""


class NaspSettings(SearchSettings):
    """NASP (Yao et al., AAAI 2020): proximal steps; one operation per edge runs."""

    complexity: float = setting(
        Number(ge=0), "eta: weight of the operations' cost; larger gives smaller cells", default=0.0
    )
    cost: Literal["params", "flops", "latency"] = setting(
        Word("params", "flops", "latency"), "what an operation costs", default="params"
    )
    cells: tuple[str, ...] = setting(
        Names(), "cells whose operations cost something; else all", default=()
    )
    epsilon: float = setting(
        Number(ge=0, le=1), "probability of a random operation instead of the largest", default=0.0
    )


class SampledSettings(OrderSettings):
    """What methods share that draw a random mixture for every pass."""

    level: Literal["bilevel", "mixed"] = setting(_LEVEL, _LEVEL_ABOUT, default="bilevel")
    lambda_: float = setting(Number(ge=0), _LAMBDA_ABOUT, default=1.0)
    temperature: Schedule = setting(
        SCHEDULE, "of the Gumbel-softmax, by epoch", default=Linear(start=10.0, end=1.0)
    )


class GdasSettings(SampledSettings):
    """GDAS (Dong and Yang, CVPR 2019): one sampled operation per edge runs."""


class SnasSettings(SampledSettings):
    """SNAS (Xie et al., ICLR 2019): all run, weighed by a soft sample; one loss for everything."""

    level: Literal["bilevel", "mixed"] = setting(_LEVEL, _LEVEL_ABOUT, default="mixed")
    lambda_: float = setting(Number(ge=0), _LAMBDA_ABOUT, default=0.0)
    temperature: Schedule = setting(
        SCHEDULE, "of the Gumbel-softmax, by epoch", default=Linear(start=1.0, end=0.03)
    )


class PcDartsSettings(DartsSettings):
    """PC-DARTS (Xu et al., ICLR 2020): a part of the channels is searched, edges are weighed."""

    warmup: int | None = setting(
        Whole(ge=0),
        "first epochs, in which only the weights train; else 15 of 50, of any number that share",
        default=None,
    )
    weights: Sgd = setting(
        Call(Sgd),
        "optimiser of the network's weights",
        default=Sgd(lr=Cosine(start=0.1, end=0.0)),
    )
    arch: Adam = setting(
        Call(Adam), "optimiser of the architecture parameters", default=Adam(lr=6e-4)
    )
    partial: int = setting(
        Whole(ge=1, le=64), "K: one channel of K goes through the operations", default=4
    )


class RandomSettings(SearchSettings):
    """Random sampling with weight sharing (Li and Talwalkar, UAI 2019): the baseline."""

    samples: int = setting(
        Whole(ge=1), "architectures compared with the shared weights at the end", default=1000
    )


class RandomSearchSettings(SearchSettings):
    """Random search (Li and Talwalkar, UAI 2019): random architectures, each trained alone."""

    each: int | None = setting(
        Whole(ge=1),
        "epochs of every architecture; else at most 10, and two architectures or more",
        default=None,
    )

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return super().resolved().replace(each=self.epochs_each)

    @property
    def epochs_each(self) -> int:
        """The epochs of every architecture: by default the largest divisor that leaves two."""
        if self.each is not None:
            return self.each
        most = max(1, min(10, self.epochs // 2))
        return next(each for each in range(most, 0, -1) if self.epochs % each == 0)


SEARCH: dict[str, type[SearchSettings]] = {
    "darts": DartsSettings,
    "milenas": MilenasSettings,
    "single_level": SingleLevelSettings,
    "nasp": NaspSettings,
    "gdas": GdasSettings,
    "snas": SnasSettings,
    "pc_darts": PcDartsSettings,
    "random": RandomSettings,
    "random_search": RandomSearchSettings,
}

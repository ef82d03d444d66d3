"""Settings of the methods that draw architectures: what each has of its own."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from dslnas.settings.fields import Weights
from dslnas.settings.sampled import (
    AloneSettings,
    ChildrenSettings,
    ControllerSettings,
    SampledSettings,
)
from dslnas.settings.search_base import Conflict, Needs
from dslnas.settings.values import Adam, Cosine, Sgd


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
                ("search.each", "search.epochs", "search.children"),
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
                f"{self.fresh} `fresh` architectures leave none of a pool of {self.pool}",
                f"give a `fresh` below {self.pool}, or a larger `pool`",
                ("search.pool",),
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

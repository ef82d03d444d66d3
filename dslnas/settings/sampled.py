"""Settings of methods that draw architectures: what several of them have."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from dslnas.settings.search_base import Conflict, Needs, SearchSettings
from dslnas.settings.search_parts import Plain, Update
from dslnas.settings.values import Adam


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
                ("search.each", "search.epochs", "search.children"),
            )

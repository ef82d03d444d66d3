"""Settings of a search: what all methods have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, ClassVar, Literal, NamedTuple, Self, TypeAlias

from pydantic import Field

from dslnas.settings.fields import Accumulate, Dropout, Epochs, Norms, Slowness, Weights
from dslnas.settings.model import Section
from dslnas.settings.stop import Eigenvalue, StopRule
from dslnas.settings.values import Rate, Sgd, Warmup

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
        others: Paths of those to point at if it is not written, the likeliest mistake first.
        omit: Whether it may be left out, as one way, or must, as the only one; what is "idle"
            changes nothing, so without it the text means what it means with it.
    """

    path: str
    message: str
    help: str
    others: tuple[str, ...] = ()
    omit: Literal["no", "may", "must", "idle"] = "no"


def rising(path: str, rate: Rate, epochs: int) -> Iterator[Conflict]:
    """Yield a rate, the setting at `path`, that rises as long as there are epochs."""
    if isinstance(rate, Warmup) and rate.epochs >= epochs:
        yield Conflict(
            path,
            f"`warmup` of {rate.epochs} epochs leaves none of {epochs} at the full rate",
            "let the rate rise for fewer, or give more `epochs`",
            (f"{path.partition('.')[0]}.epochs",),
        )


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
    epochs: Epochs = Field(50, description="passes over the data that trains weights")
    warmup: Annotated[int, Field(ge=0)] | None = Field(
        0, description="first epochs, in which only the weights train"
    )
    accumulate: Accumulate = 1
    weights: Weights = Sgd()
    stop: tuple[StopRule, ...] = Field(
        (), description="rules that end the search early: skips, convolutions, stable, eigenvalue"
    )
    sharing: Literal["slices"] | None = Field(
        None,
        description="slices: forms of an operation that differ in numbers use weights of the "
        "largest, first channels and middles of windows; else each has its own",
    )
    dropout: Dropout = None
    slowness: Slowness = None
    norms: Norms = None

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
        yield from rising("search.weights", self.weights.lr, self.epochs)
        if self.accumulate > 1 and self.goes_back:
            yield Conflict(
                "search.stop",
                "`stop eigenvalue` differentiates twice what a whole batch leaves behind",
                "leave `accumulate` or `eigenvalue` out",
                omit="may",
            )

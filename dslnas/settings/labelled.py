"""Settings of examples that stand alone and have labels."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field

from dslnas.settings.data_base import DataSettings, Shares
from dslnas.settings.model import Spellings
from dslnas.settings.search_base import Conflict

USUAL_SHARES = (0.4, 0.2, 0.2, 0.2)

MEASURED = 0.1
"""Share of a part that measures, where a spec does not say."""


Goal: TypeAlias = Literal["classification", "multilabel", "regression"]
"""Kind of prediction for an example: one of some classes, several labels at once, or numbers."""

METRICS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "classification": ("accuracy", "balanced_accuracy", "f1", "auc"),
        "multilabel": ("f1", "accuracy", "balanced_accuracy", "auc"),
        "regression": ("rmse", "mae"),
    }
)
"""Metrics by goal; networks are compared by the first unless a spec says another."""

_AskedMetric: TypeAlias = Annotated[
    Literal["accuracy", "balanced_accuracy", "f1", "auc", "rmse", "mae"] | None,
    Field(description="what networks are compared and chosen by; else accuracy, f1 or rmse"),
    Spellings({"acc": "accuracy", "auroc": "auc", "roc_auc": "auc"}),
]
ClassesOnly: TypeAlias = Annotated[
    Literal["classification"], Field(description="what is predicted: one of the classes")
]


class LabelledSettings(DataSettings):
    """Base of examples that stand alone and have labels: classes, several of them, or numbers."""

    split: Shares | None = Field(
        None,
        description="shares for weights, architecture, validation, test, but for parts that the "
        "data have of their own; else 10% for validation and test, the rest in halves",
    )
    seed: int = Field(0, ge=0, description="of the split, so that it is always the same")
    task: Goal = Field(
        "classification",
        description="what is predicted: one of some classes, several labels at once, or numbers",
    )
    metric: _AskedMetric = None
    balance: Annotated[
        Literal["nothing", "weights", "sampling"], Spellings({"none": "nothing"})
    ] = Field(
        "nothing",
        description="whether rare classes weigh more in the loss, or are drawn as often as others",
    )

    @property
    def goal(self) -> str:
        """Word of what is predicted."""
        return self.task

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of settings that are `divided`."""
        assert self.split is not None, "what is divided has shares"
        return self.split

    def divided(self, *, has_test: bool, has_validation: bool) -> Self:
        """Return the settings with the usual shares, unless they say others."""
        if self.split is not None:
            return self
        measured = 2 - has_test - has_validation
        half = (1 - MEASURED * measured) / 2
        return self.replace(split=(half, half, *[MEASURED] * measured))

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if self.metric is not None and self.metric not in METRICS_OF[self.task]:
            known = " or ".join(f"`metric {name}`" for name in METRICS_OF[self.task])
            yield Conflict(
                "data.metric",
                f"`{self.metric}` is no metric of `task {self.task}`",
                f"write {known}",
                ("data.task",),
            )
        if self.task == "regression" and self.balance != "nothing":
            yield Conflict(
                "data.balance",
                "`balance` is between classes, and a regression has none",
                "leave `balance` out",
                ("data.task",),
                omit="must",
            )
        if self.task == "multilabel" and self.balance == "sampling":
            yield Conflict(
                "data.balance",
                "`balance sampling` draws classes alike, and an example has several labels",
                "write `balance weights`",
                ("data.task",),
            )

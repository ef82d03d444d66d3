"""Settings of tables of numbers and of signals, with labels. One class per source."""

from collections.abc import Iterator
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.data_base import AllShares, StreamSetting
from dslnas.settings.labelled import USUAL_SHARES, LabelledSettings
from dslnas.settings.search_base import Conflict

COLUMN = "column"
"""Mark of names that are written in quotes."""


class TableSettings(LabelledSettings):
    """Base of rows of numbers, each an example."""


Column: TypeAlias = Annotated[str, Field(title="a column"), COLUMN]
"""Name of a column."""

_Target: TypeAlias = Annotated[
    tuple[Column, ...], Field(description="columns that are predicted; else the last")
]
_Ignore: TypeAlias = Annotated[tuple[Column, ...], Field(description="columns that are not read")]


class Table(TableSettings):
    """CSV or Parquet file with a row of numbers per example, or a folder with train and test."""

    source: Literal["table"] = "table"
    target: _Target = ()
    ignore: _Ignore = ()


class Diabetes(TableSettings):
    """Scikit-learn's 442 patients: ten numbers, and how far the disease was a year later."""

    source: Literal["diabetes"] = "diabetes"
    has_files = False
    path: str = Field("", description="none: the numbers come with scikit-learn")
    split: AllShares = USUAL_SHARES
    task: Annotated[Literal["regression"], Field(description="what is predicted: a number")] = (
        "regression"
    )


class SignalSettings(LabelledSettings):
    """Base of signals, which have channels and a time."""


class Signals(SignalSettings):
    """NumPy archive with signals (N, channels, time), or CSV file with one per row."""

    source: Literal["signals"] = "signals"
    channels: int = Field(
        1, ge=1, le=65536, description="CSV: equal parts of a row, one channel after the other"
    )
    target: _Target = ()
    ignore: _Ignore = ()
    stream: StreamSetting = "large"

    def conflicts(self) -> Iterator[Conflict]:
        """Yield settings that contradict each other, and of archives those that change nothing."""
        yield from super().conflicts()
        if not self.path.endswith(".npz"):
            if self.path and self.stream == "always":
                yield Conflict(
                    "data.stream",
                    "`stream always` is for NumPy archives, and tables are held in memory",
                    "leave it out, or save the signals by `numpy.savez`",
                    ("data.path",),
                    omit="may",
                )
            return
        for name in ("channels", "target", "ignore"):
            if getattr(self, name) != type(self).model_fields[name].default:
                yield Conflict(
                    f"data.{name}",
                    f"`{name}` says how tables are read, and the data are a NumPy archive",
                    "leave it out: the arrays say it themselves",
                    omit="must",
                )

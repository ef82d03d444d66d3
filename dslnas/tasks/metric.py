"""Numbers that tell how good a network is: their direction, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass

HUGE = 1e6
"""From here on the digits of a measure say nothing."""


class Shown(float):
    """A measure as people read it: a huge one is written as 5e18."""

    def __format__(self, spec: str) -> str:
        """Return the measure in a format, or its first digit and its magnitude."""
        if abs(self) < HUGE:
            return format(float(self), spec)
        return f"{float(self):.0e}".replace("e+", "e")


@dataclass(frozen=True)
class Metric:
    """A number that is measured of a network on a part of the data.

    Attributes:
        name: Key of the number, behind that of the part: `test_accuracy`.
        plural: The numbers of several networks.
        higher_is_better: Whether more of it is better.
        epoch: How progress tells its `value` after an epoch, and of what.
        about: Note for the reader of a table; "" for none.
    """

    name: str
    plural: str
    higher_is_better: bool
    epoch: str
    about: str = ""

    def after_epoch(self, of: str, value: float) -> str:
        """Return how progress tells a value after an epoch."""
        return self.epoch.format(of=of, value=Shown(value))

    def told(self, value: float) -> str:
        """Return a value in a sentence."""
        return " ".join(self.after_epoch("", value).split())


ACCURACY = Metric("accuracy", "accuracies", True, "{of} {value:6.2%}")
PERPLEXITY = Metric(
    "perplexity",
    "perplexities",
    False,
    "{of} perplexity {value:.2f}",
    "ppl: perplexity, lower is better.",
)
BITS_PER_CHARACTER = Metric(
    "bits_per_character", "bits per character", False, "{of} {value:.3f} bits per character"
)
RMSE = Metric(
    "rmse",
    "errors",
    False,
    "{of} error {value:.4f}",
    "RMSE: root of the mean squared error, lower is better.",
)
STANDARDISED_RMSE = Metric(
    "standardised_rmse", "standardised errors", False, "{of} standardised error {value:.4f}"
)


@dataclass(frozen=True)
class Column:
    """A column of the table of several runs: its heading, a result, and the result's format."""

    heading: str
    quantity: str
    format: str

    def shown(self, value: float) -> str:
        """Return a value of the column."""
        return format(Shown(value), self.format)


@dataclass(frozen=True)
class Row:
    """A row of the report on a run: its label, and formats of the results of value and remark."""

    label: str
    value: str
    remark: str = ""

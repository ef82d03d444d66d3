"""Numbers that tell how good a network is: their direction, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass, replace

HUGE = 1e6
"""From here on the digits of a measure say nothing."""


MOST = 20
"""Measures of one thing each that are told one by one."""


class Shown(float):
    """A measure as people read it: a huge one is written as 5e18."""

    def __format__(self, spec: str) -> str:
        """Return the measure in a format, or its first digit and its magnitude."""
        if abs(self) < HUGE:
            return format(float(self), spec)
        return f"{float(self):.0e}".replace("e+", "e")


class ShownEach(dict[str, float]):
    """Measures by name, as people read them: the lowest first where not all can be told."""

    def __format__(self, spec: str) -> str:
        """Return every measure in a format, behind its name."""
        names = list(self)
        if len(names) > MOST:
            names = sorted(names, key=self.__getitem__)[:MOST]
        told = ", ".join(f"{name} {Shown(self[name]):{spec}}" for name in names)
        return told if len(names) == len(self) else f"lowest {told}"


@dataclass(frozen=True)
class Metric:
    """A number that is measured of a network on a part of the data.

    Attributes:
        name: Key of the number, behind that of the part: `test_accuracy`.
        plural: The numbers of several networks.
        higher_is_better: Whether more of it is better.
        epoch: How progress tells its `value` after an epoch, and of what.
        about: Note for the reader of a table; "" for none.
        label: Its name for people.
        format: How its values are written.
    """

    name: str
    plural: str
    higher_is_better: bool
    epoch: str
    about: str = ""
    label: str = ""
    format: str = ".4f"

    def after_epoch(self, of: str, value: float) -> str:
        """Return how progress tells a value after an epoch."""
        return self.epoch.format(of=of, value=Shown(value))

    def told(self, value: float) -> str:
        """Return a value in a sentence."""
        return " ".join(self.after_epoch("", value).split())

    def in_words(self, value: float) -> str:
        """Return a value with the name of the metric and an article."""
        article = "an" if self.label[0] in "aeiouAFMR" else "a"
        return f"{article} {self.label} of {value:{self.format}}"

    def shown(self, of: str) -> str:
        """Return the format of a result, the metric of something such as `test`."""
        return f"{{{of}_{self.name}:{self.format}}}"


ACCURACY = Metric(
    "accuracy", "accuracies", True, "{of} {value:6.2%}", label="accuracy", format=".2%"
)
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
    label="RMSE",
)
STANDARDISED_RMSE = Metric(
    "standardised_rmse", "standardised errors", False, "{of} standardised error {value:.4f}"
)


BALANCED_ACCURACY = Metric(
    "balanced_accuracy",
    "balanced accuracies",
    True,
    "{of} balanced {value:6.2%}",
    label="balanced accuracy",
    format=".2%",
)
F1 = Metric("f1", "F1 scores", True, "{of} F1 {value:.4f}", label="F1")
AUC = Metric("auc", "areas under the curve", True, "{of} AUC {value:.4f}", label="AUC")
MAE = Metric(
    "mae",
    "errors",
    False,
    "{of} absolute error {value:.4f}",
    "MAE: mean absolute error, lower is better.",
    label="MAE",
)

LABELLED_METRICS = {m.name: m for m in (ACCURACY, BALANCED_ACCURACY, F1, AUC, RMSE, MAE)}
"""Metrics of examples that stand alone, by name."""

RECALL = Metric("recall", "recalls", True, "{value:.2%}", label="recall by class", format=".1%")
RECALL_OF_LABELS = replace(RECALL, label="recall by label")
ERROR_OF_NUMBERS = replace(RMSE, name="rmse_by_number", label="RMSE by number", format=".4g")


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

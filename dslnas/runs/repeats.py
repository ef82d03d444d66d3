"""One spec with several seeds: what every run found, and mean, deviation and best of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev

from dslnas.runs.architecture import Cells

BASELINE = "random_architecture"
"""Method of a run whose architecture was drawn at random instead of being searched."""

QUANTITIES = (
    "test_accuracy",
    "validation_accuracy",
    "params",
    "flops",
    "search_seconds",
    "retrain_seconds",
    "seconds",
)
"""What every run has."""

TEXT_QUANTITIES = (
    "test_perplexity",
    "validation_perplexity",
    "test_bits_per_character",
    "validation_bits_per_character",
)
"""What a run on text has as well."""


@dataclass(frozen=True)
class Outcome:
    """What one finished run came to.

    Attributes:
        seed: Of everything random.
        folder: Name of the run's folder.
        values: By quantity, those of text where it is one; accuracies from 0 to 1, `seconds` is
            search and training together.
        cells: Those that were found.
    """

    seed: int
    folder: str
    values: Mapping[str, float]
    cells: Cells


@dataclass(frozen=True)
class Sample:
    """Finished runs of one method, one per seed.

    Attributes:
        method: Name of the search method, or BASELINE.
        outcomes: In the order of their seeds.
    """

    method: str
    outcomes: tuple[Outcome, ...]

    def mean(self, quantity: str) -> float | None:
        """Return the arithmetic mean; None without runs."""
        values = [outcome.values[quantity] for outcome in self.outcomes]
        return fmean(values) if values else None

    def deviation(self, quantity: str) -> float | None:
        """Return the standard deviation of a sample (n - 1); None for fewer than two runs."""
        values = [outcome.values[quantity] for outcome in self.outcomes]
        return stdev(values) if len(values) > 1 else None

    @property
    def is_text(self) -> bool:
        """Whether the runs have perplexities."""
        return any(TEXT_QUANTITIES[0] in outcome.values for outcome in self.outcomes)

    @property
    def criterion(self) -> str:
        """The quantity that says which run is the best."""
        return "validation_perplexity" if self.is_text else "validation_accuracy"

    @property
    def best(self) -> Outcome | None:
        """The best run by validation, the first on ties; None without runs.

        That is the one with the highest accuracy, on text with the lowest perplexity. Tests choose
        nothing: the best of many would be luck on the test part.
        """
        key, sign = self.criterion, -1 if self.is_text else 1
        return max(self.outcomes, key=lambda o: (sign * o.values[key], -o.seed), default=None)

    @property
    def distinct(self) -> int:
        """How many different architectures the runs found."""
        return len({repr(outcome.cells) for outcome in self.outcomes})

    def as_json(self) -> dict[str, object]:
        """Return the sample as plain values."""
        best = self.best
        quantities = (*(TEXT_QUANTITIES if self.is_text else ()), *QUANTITIES)
        return {
            "method": self.method,
            "n": len(self.outcomes),
            "mean": {quantity: self.mean(quantity) for quantity in quantities},
            "deviation": {quantity: self.deviation(quantity) for quantity in quantities},
            f"best_by_{self.criterion}": None if best is None else best.seed,
            "distinct_architectures": self.distinct,
            "runs": [
                {"seed": o.seed, "folder": o.folder, **o.values, "cells": o.cells}
                for o in self.outcomes
            ],
        }

"""The summary of repeated runs: what each found, and mean, deviation and best of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from types import MappingProxyType
from typing import ClassVar, Literal, Self, TypeAlias

from pydantic import ConfigDict, Field

from dslnas.exporters.precision_record import PrecisionRecords
from dslnas.json_model import OpenModel
from dslnas.runs.architecture import Cells
from dslnas.runs.manifest import Results
from dslnas.runs.paired import PairedTest, paired_test
from dslnas.tasks.task import Task

BASELINE = "random_architecture"
"""Method of a run whose architecture was drawn at random instead of being searched."""

COSTS = ("params", "flops", "search_seconds", "retrain_seconds", "seconds")
"""Quantities of every task; `seconds` is search and training together."""

SummaryStatus: TypeAlias = Literal["running", "finished", "interrupted", "failed"]


class Outcome(OpenModel):
    """One finished run. Further entries are its quantities; accuracies are from 0 to 1.

    Attributes:
        seed: Seed of everything random.
        folder: Name of the run's folder.
        cells: The cells that were found.
        network: Its `cells` and `channels` where they were chosen.
        precisions: Measures of each precision of its ONNX model.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "folder"
    __pydantic_extra__: dict[str, int | float]

    seed: int
    folder: str
    cells: Cells
    network: dict[str, str] = Field(default_factory=dict)
    precisions: PrecisionRecords = Field(default_factory=dict)

    @classmethod
    def of(
        cls,
        seed: int,
        folder: str,
        results: Results,
        cells: Cells,
        task: Task,
        network: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Return the outcome of a run with such results of a task."""
        search = results.search_seconds or 0.0
        values = {
            **results.measures,
            "params": results.params,
            "flops": results.flops,
            "search_seconds": search,
            "retrain_seconds": results.retrain_seconds,
            "seconds": search + results.retrain_seconds,
        }
        known = {name: values[name] for name in quantities(task) if name in values}
        found: dict[str, object] = {"cells": cells, "network": dict(network)}
        if results.precisions:
            found["precisions"] = results.precisions
        return cls.model_validate({"seed": seed, "folder": folder, **known, **found})

    @property
    def values(self) -> dict[str, int | float]:
        """Values by quantity."""
        return self.__pydantic_extra__


class Sample(OpenModel):
    """Finished runs of one method, one per seed.

    A further entry, `best_by_validation_accuracy` or of another criterion, is the seed of the best.

    Attributes:
        method: Name of the search method, or BASELINE.
        n: Number of runs.
        mean: Arithmetic mean by quantity.
        deviation: Standard deviation of a sample (n - 1); None for fewer than two runs.
        distinct_architectures: How many different architectures were found.
        runs: The runs in the order of their seeds.
    """

    model_config = ConfigDict(extra="allow")
    extras_after: ClassVar[str] = "deviation"
    __pydantic_extra__: dict[str, int]

    method: str
    n: int
    mean: dict[str, float]
    deviation: dict[str, float | None]
    distinct_architectures: int
    runs: tuple[Outcome, ...]

    @classmethod
    def of(cls, method: str, runs: Sequence[Outcome], task: Task) -> Self:
        """Return the statistics of some runs on the data of a task."""
        known = [q for q in quantities(task) if runs and all(q in run.values for run in runs)]
        columns = {q: [run.values[q] for run in runs] for q in known}
        best = {f"best_by_{task.criterion}": best_run(runs, task).seed} if runs else {}
        return cls.model_validate(
            {
                "method": method,
                "n": len(runs),
                "mean": {q: fmean(column) for q, column in columns.items()},
                "deviation": {
                    q: stdev(column) if len(column) > 1 else None for q, column in columns.items()
                },
                **best,
                "distinct_architectures": len({repr((run.cells, run.network)) for run in runs}),
                "runs": tuple(runs),
            }
        )


class Summary(OpenModel):
    """The runs of one spec with several seeds.

    Attributes:
        spec: Name of the spec.
        spec_hash: Hash of its effective text.
        data: Source of the examples.
        status: How far the runs are.
        seeds: Those that are wanted.
        search: Runs of the search method.
        baseline: Runs of random architectures, if they are wanted.
        paired: The search against those, seed by seed, once both of a seed are there.
        errors: Errors of the runs that failed.
    """

    spec: str
    spec_hash: str
    data: str
    status: SummaryStatus
    seeds: tuple[int, ...]
    search: Sample
    baseline: Sample | None = None
    paired: PairedTest | None = None
    errors: tuple[str, ...]

    @property
    def samples(self) -> tuple[Sample, ...]:
        """The runs of the search, then those of the baseline if there is one."""
        return (self.search,) if self.baseline is None else (self.search, self.baseline)


def against_baseline(samples: Sequence[Sample], task: Task) -> PairedTest | None:
    """Compare a search with its baseline by the test part, if there is one."""
    if len(samples) < 2:
        return None
    metric = task.metrics[0]
    quantity = f"test_{metric.name}"
    search, baseline = (
        {run.seed: run.values[quantity] for run in sample.runs if quantity in run.values}
        for sample in samples
    )
    return paired_test(search, baseline, quantity, 1 if metric.higher_is_better else -1)


def quantities(task: Task) -> tuple[str, ...]:
    """Return what runs on the data of a task are compared in."""
    return (*task.quantities, *COSTS)


def best_run(runs: Sequence[Outcome], task: Task) -> Outcome:
    """Return the best of some runs by validation, the first on ties.

    Tests choose nothing: the best of many would be luck on the test part.
    """
    sign = 1 if task.metrics[0].higher_is_better else -1
    return max(runs, key=lambda run: (sign * run.values[task.criterion], -run.seed))

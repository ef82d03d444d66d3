"""How far runs are, as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslnas.app.status import Place, RunStatus
from dslnas.cli.render.durations import duration
from dslnas.cli.render.tables import aligned
from dslnas.tasks.catalogue import METRICS
from dslnas.training.records import STAGES

DOING = {"search": "searching", "retrain": "training", "compare": "comparing", "learn": "learning"}


def statuses_text(statuses: Sequence[RunStatus]) -> str:
    """Return how far a run is; of several runs, a line for each."""
    if len(statuses) == 1:
        return "\n".join(_lines(statuses[0]))
    heads = ("run", "state", "at", "done", "left", "validation", "test")
    rows = [heads, *map(_row, statuses)]
    lines = aligned(rows, left=("run", "state", "at"))
    return "\n".join([*lines, *(line for status in statuses for line in status.left_out)])


def operations_text(operations: Mapping[str, Mapping[str, int]]) -> str:
    """Return the operations of cells in words, the most frequent first."""
    return "; ".join(
        f"{cell} {', '.join(f'{count} {name}' for name, count in _by_count(counts))}"
        for cell, counts in operations.items()
    )


def _by_count(counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: -one[1])


def _lines(status: RunStatus) -> Iterator[str]:
    how = "" if status.method is None else f" by {status.method}"
    yield f"{status.path}: {status.spec}{how}, {_state(status)}"
    place = status.place
    if status.state != "finished":
        yield f"  {_at(place)}, {place.done:.0%}{_left(place)}"
    if status.train_loss is not None:
        validation = _leading("validation", status.validation)
        yield f"  loss {status.train_loss:.3f}   {validation}"
    if status.operations:
        yield f"  would be derived now: {operations_text(status.operations)}"
    for warning in status.warnings[-3:]:
        yield f"  warning: {warning}"
    test = _test(status)
    if test:
        yield f"  {_leading('test', test)}"
    if status.resume:
        yield f"  go on with: {status.resume}"
    yield from (f"  {line}" for line in status.left_out)


def _row(status: RunStatus) -> tuple[str, ...]:
    place, test = status.place, _test(status)
    left = "" if place.seconds_left is None else duration(place.seconds_left)
    return (
        status.path,
        status.state,
        "" if status.state == "finished" else _at(place),
        "" if status.state == "finished" else f"{place.done:.0%}",
        left,
        _value(status.validation),
        _value(test),
    )


def _state(status: RunStatus) -> str:
    if status.state == "running":
        if status.measures:  # it is trained, and has been measured
            return "exporting"
        return DOING[status.place.stage]
    return "its process is gone" if status.state == "lost" else status.state


def _at(place: Place) -> str:
    step = "" if place.step is None else f", step {place.step:,} of {place.steps:,}"
    return f"{STAGES[place.stage]}: epoch {place.epoch} of {place.epochs}{step}"


def _left(place: Place) -> str:
    return "" if place.seconds_left is None else f", {duration(place.seconds_left)} left"


def _test(status: RunStatus) -> Mapping[str, float]:
    """Return the measures of the test part by the name of their metric."""
    return {
        name.removeprefix("test_"): value
        for name, value in status.measures.items()
        if name.startswith("test_") and name.removeprefix("test_") in METRICS
    }


def _leading(of: str, metrics: Mapping[str, float]) -> str:
    for name, value in metrics.items():
        return METRICS[name].after_epoch(of, value)
    return ""


def _value(metrics: Mapping[str, float]) -> str:
    return _leading("", metrics).strip()

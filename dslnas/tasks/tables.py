"""Tables of examples that a run keeps: the part of each, and what was predicted of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dslnas.data.facts import Facts
from dslnas.data.rows import RowPart

if TYPE_CHECKING:
    from torch import Tensor

    from dslnas.tasks.task import Rows

PARTS = ("weights", "architecture", "validation", "test")


def examples_table(parts: Sequence[RowPart], facts: Facts, word: str) -> Rows:
    """Return every example with its part, its class or other targets, and its name."""
    rows = [("part", *_target_names(parts[0], facts), word)]
    for name, part in zip(PARTS, parts, strict=True):
        shown = _targets(part.targets, facts)
        rows += [(name, *told, example) for told, example in zip(shown, part.names, strict=True)]
    return rows


def predictions_table(part: RowPart, outputs: Tensor, facts: Facts, word: str) -> Rows:
    """Return the examples of a part with what is true of each, and what a network says."""
    true, names = _targets(part.targets, facts), _target_names(part, facts)
    columns: tuple[str, ...]
    if facts.goal == "classification":
        columns, found = ("predicted", "probability"), _likeliest(outputs, facts.class_names)
    else:
        values = outputs if facts.goal == "regression" else outputs.double().sigmoid()
        columns, found = tuple(f"predicted {name}" for name in names), _in_unit(values, facts)
    return [(word, *names, *columns)] + [
        (example, *told, *predicted)
        for example, told, predicted in zip(part.names, true, found, strict=True)
    ]


def confusion(outputs: Tensor, targets: Tensor, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return how many examples of every class are taken for which, where there are any."""
    pairs = Counter(zip(targets.tolist(), outputs.argmax(1).tolist(), strict=True))
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for (true, said), count in sorted(pairs.items()):
        found[names[true]][names[said]] = count
    return found


def _likeliest(outputs: Tensor, names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    labels = outputs.argmax(1, keepdim=True)
    shares = outputs.double().softmax(1).gather(1, labels)
    for label, share in zip(labels[:, 0].tolist(), shares[:, 0].tolist(), strict=True):
        yield names[label], f"{share:.6g}"


def _target_names(part: RowPart, facts: Facts) -> tuple[str, ...]:
    """Return the names of the columns of targets: their numbers where they have none."""
    if facts.goal == "classification":
        return ("class",)
    return facts.class_names or tuple(map(str, range(part.targets.shape[1])))


def _targets(targets: Tensor, facts: Facts) -> Iterator[tuple[str, ...]]:
    """Yield what is true of each example, in the unit of the data."""
    if facts.goal == "classification":
        yield from ((facts.class_names[label],) for label in targets.tolist())
    else:
        yield from _in_unit(targets, facts)


def _in_unit(values: Tensor, facts: Facts) -> Iterator[tuple[str, ...]]:
    units = facts.units or ((1.0, 0.0),) * values.shape[1]
    for row in values.tolist():
        yield tuple(
            f"{value * factor + offset:.6g}"
            for value, (factor, offset) in zip(row, units, strict=True)
        )

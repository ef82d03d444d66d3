"""A look at the data of a spec, as its runs will see them: what is there, twice, or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.compile import link_spec
from dslnas.app.data import pointing_at
from dslnas.data.pictures import PictureFacts
from dslnas.data.text import PARTS
from dslnas.json_model import JsonModel

if TYPE_CHECKING:
    from dslnas.data.dataset import Data
    from dslnas.tasks.task import Task


class PartReport(JsonModel):
    """One part of the data.

    Attributes:
        examples: How many examples it has; of text, tokens that are predicted.
        counts: How many of them there are of a kind, by its name: of each class, with each label.
        doubled: How many read the same as another before them; null where nobody compares them.
    """

    examples: int
    counts: dict[str, int]
    doubled: int | None


class Example(JsonModel):
    """An example, by its name in the data: its file, or its row."""

    name: str
    part: str


class DataReport(JsonModel):
    """The data of a spec, as its runs will see them.

    Attributes:
        spec: Name of the spec.
        source: Word of the source of the data.
        path: Path of the data; empty where they need none.
        example: Word for an example, such as image or row.
        reads: Shape of an example and number of outputs, in words.
        outputs: Names of what it tells apart, in the order of its outputs; none if there are many.
        parts: The parts, in the order of their use: weights and architecture train.
        common: By two parts, how many examples of the second one are in the first one, too.
        equal: Groups of those that read the same.
        majority: Share of the most frequent class of the parts that train; null without classes.
        pictures: The files of pictures; null where there are none.
        leaves_out: Whether runs leave out files that cannot be read, rather than refuse the data.
        notes: Remarks on what is left out, was changed, or may not be meant.
    """

    spec: str
    source: str
    path: str
    example: str
    reads: str
    outputs: tuple[str, ...]
    parts: dict[str, PartReport]
    common: dict[str, int]
    equal: tuple[tuple[Example, ...], ...]
    majority: float | None
    pictures: PictureFacts | None
    leaves_out: bool
    notes: tuple[str, ...]


def report_data(spec: Path | str, overrides: Sequence[str] = ()) -> DataReport:
    """Read and divide the data of a spec, and return what is there.

    Files that cannot be read are left out of the counts, and listed.

    Args:
        spec: The `.nas` file.
        overrides: Arguments of `--set`, such as `data.subset=10%`.

    Raises:
        UserError: The spec is wrong, or the data cannot be read or divided.
    """
    import torch

    from dslnas.language.check.check import check
    from dslnas.tasks.catalogue import TASK_SETTINGS, task_of
    from dslnas.tasks.example import example_of

    name, linked = link_spec(spec, overrides)
    program = check(linked, TASK_SETTINGS)
    settings = program.data.tolerant()
    task = task_of(settings)
    with pointing_at(program):
        known = example_of(replace(program, data=settings))
        data = task.load(settings, "cpu", torch.float32, classes=known.classes, searching=False)
    left_out = data.pictures.left_out if data.pictures else ()
    keys = _keys(data)
    parts = {
        name: PartReport(
            examples=len(part),
            counts=dict(task.counts(data, name)),
            doubled=len(keys[name]) - len(set(keys[name])) if keys else None,
        )
        for name, part in zip(PARTS, data.parts, strict=True)
    }
    return DataReport(
        spec=name,
        source=settings.source,
        path=settings.path,
        example=task.example,
        reads=task.described(known.shape, known.classes),
        outputs=data.facts.class_names,
        parts=parts,
        common=_common(keys),
        equal=_equal(keys, data),
        majority=_majority(task, parts),
        pictures=data.pictures,
        leaves_out=settings == program.data,
        notes=tuple(note for note in data.notes if note not in left_out),  # named above
    )


def _keys(data: Data) -> dict[str, list[int]]:
    """Return a number for every example by part, equal for equal ones; none for text."""
    found = {name: part.fingerprints() for name, part in zip(PARTS, data.parts, strict=True)}
    return {name: keys for name, keys in found.items() if keys is not None}


def _common(keys: dict[str, list[int]]) -> dict[str, int]:
    """Return how many examples of a part are in one before it, by the names of both."""
    found = {}
    for first, second in combinations(keys, 2):
        known = set(keys[first])
        same = sum(key in known for key in keys[second])
        if same:
            found[f"{first}, {second}"] = same
    return found


def _equal(keys: dict[str, list[int]], data: Data) -> tuple[tuple[Example, ...], ...]:
    """Return the groups of examples that read the same, where these have names."""
    groups: dict[int, list[Example]] = {}
    for name, part in zip(PARTS, data.parts, strict=True):
        for key, example in zip(keys.get(name, ()), part.names, strict=False):
            groups.setdefault(key, []).append(Example(name=example, part=name))
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def _majority(task: Task, parts: dict[str, PartReport]) -> float | None:
    """Return the share of the most frequent class among the examples that train."""
    if not task.has_classes:
        return None
    first, second = parts["weights"], parts["architecture"]
    most = max(first.counts[name] + second.counts[name] for name in first.counts)
    return most / (first.examples + second.examples)

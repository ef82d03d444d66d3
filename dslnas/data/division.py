"""Sizes of the parts that examples are divided into, before they are read. Imports no NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import floor
from operator import add

from dslnas.data.examples import ALL
from dslnas.diagnostics import user_error
from dslnas.settings.data_base import percent
from dslnas.settings.labelled import LabelledSettings

SHOWN = 12
"""Classes that a message names."""


def part_sizes(count: int, shares: Sequence[float]) -> list[int]:
    """Return how many of the `count` examples of a class each part gets, by largest remainder.

    Only where a part would be left without any does the largest one give one away.
    """
    exact = [share * count for share in shares]
    sizes = [floor(size) for size in exact]
    total = max(round(reduce(add, exact)), min(count, len(shares)))
    by_remainder = sorted(range(len(shares)), key=lambda part: sizes[part] - exact[part])
    for part in by_remainder[: total - sum(sizes)]:
        sizes[part] += 1
    while min(sizes) == 0 and max(sizes) > 1:
        sizes[sizes.index(max(sizes))] -= 1
        sizes[sizes.index(0)] += 1
    return sizes


def check_split(
    settings: LabelledSettings,
    *,
    has_test: bool,
    has_validation: bool = False,
    notes: Sequence[str] = (),
) -> None:
    """Raise NAS607 unless there is a share for every part that the data do not bring themselves.

    The advice ends with notes on what is not read.
    """
    own = {"validation": has_validation, "test": has_test}
    needed = ["weights", "architecture", *(part for part, is_own in own.items() if not is_own)]
    if len(settings.shares) == len(needed):
        return
    parts = f"{'a' if has_test else 'no'} test part of their own"
    if has_validation:
        parts = f"a validation part of their own and {'a' if has_test else 'no'} test part"
    help_ = f"give {len(needed)} shares, for {', '.join(needed)}, or leave `split` out"
    raise user_error(
        "NAS607",
        f"split has {len(settings.shares)} shares but the data have {parts}",
        help="; ".join([help_, *notes]),
        where=settings.path or settings.source,
    )


def check_counts(
    counts: Mapping[str, int], settings: LabelledSettings, notes: Sequence[str] = ()
) -> None:
    """Raise NAS606 unless every class, of so many examples in all, can be in every part.

    The advice ends with notes on what is not read.
    """
    parts = len(settings.shares)
    used = {name: part_sizes(count, [settings.subset])[0] for name, count in counts.items()}
    few = {name: count for name, count in used.items() if count < parts}
    if not few:
        return
    among = "" if settings.subset == 1 else f" in a subset of {percent(settings.subset)}"
    if ALL in few:
        message = f"the data have {few[ALL]} examples{among} but the split has {parts} parts"
    elif len(few) == 1:
        ((name, count),) = few.items()
        message = f"class `{name}` has {count} examples{among} but the split has {parts} parts"
    else:
        shown = [f"`{name}` has {count}" for name, count in few.items()]
        listed = ", ".join(shown[:SHOWN]) + (", ..." if len(few) > SHOWN else "")
        message = f"{len(few)} classes have fewer examples{among} than the {parts} parts of the "
        message += f"split: {listed}"
    of = "" if ALL in few else " of this class" if len(few) == 1 else " of these classes"
    raise user_error(
        "NAS606",
        message,
        help="; ".join([f"add examples{of}{', or raise `subset`' if among else ''}", *notes]),
        where=settings.path or settings.source,
    )


def check_batch(
    counts: Mapping[str, int], settings: LabelledSettings, batch: int, setting: str
) -> None:
    """Raise NAS606 unless there are as many examples to train on as a step reads.

    `counts` are the examples by class, of the whole data; `setting` says how many a step reads. A
    part that has fewer is one batch by itself.
    """
    used = (part_sizes(count, [settings.subset])[0] for count in counts.values())
    training = sum(sum(part_sizes(count, settings.shares)[:2]) for count in used)
    if training < batch:
        section, _, key = setting.partition(".")
        raise user_error(
            "NAS606",
            f"a step reads {batch} examples but the parts that train have {training}",
            help=f"write `{key} {training}` or less in `{section}`, or give more data",
            where=setting,
        )

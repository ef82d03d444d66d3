"""Examples as readers return them, and checks that all readers share. Knows no file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from dslnas.diagnostics import user_error
from dslnas.ops.primitive import Example

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Quoted because NumPy is not imported here: a spec is checked without it.
Images: TypeAlias = "NDArray[np.uint8] | NDArray[np.float32]"
Labels: TypeAlias = "NDArray[np.int64]"


@dataclass(frozen=True)
class DataShape:
    """Facts about data that a network has to know.

    Attributes:
        shape: (C, H, W) of an image; () of a token; by name where there are several inputs.
        classes: Number of classes, labelled from 0 to `classes - 1`, or of different tokens.
        has_test: Whether the data come with a test part of their own; None if that is not known.
        counts: Images of the training part by class, or tokens by part of a text; nothing if they
            are not known.
    """

    shape: Example
    classes: int
    has_test: bool | None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Examples:
    """Images and labels as they were read. Made by `examples`, which checks them.

    Attributes:
        images: uint8 in [0, 255] or float32 in any unit, (N, C, H, W).
        labels: int64 in [0, len(class_names)), (N,).
        test_images: The data's own test part, same type and (C, H, W); None if there is none.
        test_labels: Labels of `test_images`; None exactly if that is.
        class_names: One name per class.
    """

    images: Images
    labels: Labels
    test_images: Images | None
    test_labels: Labels | None
    class_names: tuple[str, ...]


def examples(
    train: tuple[Images, Labels],
    test: tuple[Images, Labels] | None,
    class_names: tuple[str, ...],
    where: str,
) -> Examples:
    """Return checked `Examples`; raise NAS603, NAS604, NAS606 or NAS609 for what is wrong."""
    _check_part(train, "", len(class_names), where)
    if test is None:
        return Examples(*train, None, None, class_names)
    _check_part(test, "test ", len(class_names), where)
    ours, theirs = _form(train[0]), _form(test[0])
    if ours != theirs:
        raise user_error(
            "NAS604",
            f"test images are {theirs} but training images are {ours}",
            help="store both parts in the same form",
            where=where,
        )
    return Examples(*train, *test, class_names)


def check_numbers(images: int, labels: int, part: str, where: str) -> None:
    """Raise NAS604 unless there are as many labels as images; `part` is "" or "test "."""
    if images != labels:
        raise user_error(
            "NAS604",
            f"{images} {part}images but {labels} {part}labels",
            help="every image needs exactly one label, in the same order",
            where=where,
        )


def class_counts(labels: Labels, where: str) -> dict[str, int]:
    """Return how many training labels (N,) each class has, which is named by its number.

    Raises NAS606 or NAS609 unless they number two classes or more, from 0 and without gaps.
    """
    import numpy as np

    present, counts = np.unique(labels, return_counts=True)
    if not present.size:
        raise user_error("NAS606", "there are no examples", where=where)
    if present[0] < 0:
        raise user_error(
            "NAS609",
            f"label {present[0]} is negative",
            help="number the classes from 0",
            where=where,
        )
    if present.size == 1:
        raise user_error(
            "NAS609",
            f"all {labels.size} examples have the same label {present[0]}",
            help="a classifier needs at least two classes",
            where=where,
        )
    gaps = np.flatnonzero(present != np.arange(present.size))
    if gaps.size:
        raise user_error(
            "NAS606",
            f"labels go up to {present[-1]} but no example has label {gaps[0]}",
            help="number the classes from 0 without gaps",
            where=where,
        )
    return {str(number): int(count) for number, count in enumerate(counts)}


def _check_part(part: tuple[Images, Labels], name: str, classes: int, where: str) -> None:
    import numpy as np

    images, labels = part
    check_numbers(len(images), len(labels), name, where)
    if not len(images):
        raise user_error("NAS606", f"there are no {name}examples", where=where)
    wrong = labels[(labels < 0) | (labels >= classes)]
    if wrong.size:
        raise user_error(
            "NAS609",
            f"{name}label {wrong[0]} is not one of the {classes} classes 0 to {classes - 1}",
            help="test labels have to occur in the training labels" if name else "",
            where=where,
        )
    with np.errstate(invalid="ignore"):  # a sum needs no second array of the images' size
        finite = images.dtype.kind != "f" or bool(np.isfinite(images.sum(dtype=np.float64)))
    if not finite:
        raise user_error(
            "NAS603",
            f"{name}images hold pixels that are not finite",
            help="replace nan and infinite values before saving",
            where=where,
        )


def _form(images: Images) -> str:
    _, channels, height, width = images.shape
    return f"{images.dtype} {channels}x{height}x{width}"

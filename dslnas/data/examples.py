"""Examples as readers return them, and checks that all readers share. Knows no file format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from dslnas.diagnostics import user_error
from dslnas.ops.primitive import Example
from dslnas.settings.labelled import Goal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dslnas.data.array_file import ArrayFile
    from dslnas.data.picture_files import PictureFiles
    from dslnas.data.pictures import PictureFacts
    from dslnas.data.preprocessing import Preprocessing

# Quoted because NumPy is not imported here: a spec is checked without it.
Inputs: TypeAlias = "NDArray[np.uint8] | NDArray[np.float32]"
Labels: TypeAlias = "NDArray[np.int64]"
Targets: TypeAlias = "NDArray[np.int64] | NDArray[np.float32]"

Stored: TypeAlias = "PictureFiles | ArrayFile"
"""Inputs that stay in files."""

_NOUNS = {4: "image", 3: "signal", 2: "row"}
"""An example by the axes of all."""

In = TypeVar("In", bound="Inputs | Stored", covariant=True)
"""Inputs in memory, or in files."""

Part: TypeAlias = tuple[In, Targets]
"""Inputs and what is predicted of them."""

ALL = ""
"""Name of the count of all examples, where there are no classes to count them by."""


@dataclass(frozen=True)
class DataShape:
    """Facts about data that a network has to know.

    Attributes:
        shape: (C, H, W) of an image, (F,) of numbers; () of a token; by name where there are
            several inputs.
        classes: Number of classes, labelled from 0 to `classes - 1`, of different tokens, or of
            labels or numbers that are predicted.
        has_test: Whether the data come with a test part of their own; None if that is not known.
        has_validation: Whether they come with a validation part of their own.
        counts: Examples of the training part by class, or as `ALL` where there are no classes, or
            tokens by part of a text; nothing if they are not known.
        notes: Remarks on files beside the data that are not read.
    """

    shape: Example
    classes: int
    has_test: bool | None
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    has_validation: bool = False


@dataclass(frozen=True)
class Examples(Generic[In]):
    """Examples as they were read. Made by `examples`, which checks them.

    Attributes:
        inputs: Images uint8 in [0, 255] or float32 in any unit, (N, C, H, W); numbers (N, F);
            pictures or signals that stay in their files.
        targets: Classes int64 in [0, len(class_names)), (N,); labels of 0 and 1, or numbers,
            float32 (N, K).
        test_inputs: The data's own test part, same type and shape; None if there is none.
        test_targets: Targets of `test_inputs`; None exactly if that is.
        class_names: One name per class, label or number; none where they have none.
        validation: The data's own validation part; None if there is none.
        preprocessing: How pictures become inputs, but for mean and deviation; None where the inputs
            are no pictures.
        notes: Changes of the examples that people may not expect.
        pictures: Facts about the files of pictures, if there are such.
        files: File of each example below the folder of the data, by part: `train`, `validation` and
            `test`; none where an example is no file.
    """

    inputs: In
    targets: Targets
    test_inputs: In | None
    test_targets: Targets | None
    class_names: tuple[str, ...]
    validation: Part[In] | None = None
    preprocessing: Preprocessing | None = None
    notes: tuple[str, ...] = ()
    pictures: PictureFacts | None = None
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def examples(
    train: Part[In],
    test: Part[In] | None,
    class_names: tuple[str, ...],
    where: str,
    goal: Goal = "classification",
) -> Examples[In]:
    """Return checked `Examples`; raise NAS603, NAS604, NAS606 or NAS609 for what is wrong."""
    _check_part(train, "", class_names, where, goal)
    if test is None:
        return Examples(*train, None, None, class_names)
    _check_part(test, "test ", class_names, where, goal)
    ours, theirs, ndim = _form(train), _form(test), train[0].ndim
    if ours != theirs:
        raise user_error(
            "NAS604",
            f"test {_NOUNS[ndim]}s are {theirs} but training {_NOUNS[ndim]}s are {ours}",
            help="store both parts in the same form",
            where=where,
        )
    return Examples(*train, *test, class_names)


def counts_of(examples: Examples[Inputs | Stored], goal: Goal) -> dict[str, int]:
    """Return the numbers of training examples by class, or that of all."""
    import numpy as np

    if goal != "classification":
        return {ALL: len(examples.targets)}
    numbers = np.bincount(examples.targets, minlength=len(examples.class_names)).tolist()
    return dict(zip(examples.class_names, numbers, strict=True))


def picture_bytes(inputs: Inputs | Stored) -> Preprocessing | None:
    """Return how pictures become such inputs; None unless these are bytes of grey or colours."""
    from dslnas.data.preprocessing import CHANNELS, Preprocessing

    modes = {count: mode for mode, count in CHANNELS.items()}
    if inputs.dtype.kind != "u" or inputs.ndim != 4 or inputs.shape[1] not in modes:
        return None
    _, channels, height, width = inputs.shape
    return Preprocessing(modes[channels], height, width)


def check_numbers(inputs: int, labels: int, part: str, where: str, noun: str = "image") -> None:
    """Raise NAS604 unless there are as many labels as inputs; `part` is "" or "test "."""
    if inputs != labels:
        raise user_error(
            "NAS604",
            f"{inputs} {part}{noun}s but {labels} {part}labels",
            help=f"every {noun} needs exactly one label, in the same order",
            where=where,
        )


def class_counts(labels: Targets, where: str) -> dict[str, int]:
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


def _check_part(
    part: Part[In], name: str, class_names: tuple[str, ...], where: str, goal: Goal
) -> None:
    import numpy as np

    inputs, targets = part
    noun = _NOUNS[inputs.ndim]
    check_numbers(len(inputs), len(targets), name, where, noun)
    if not len(inputs):
        raise user_error("NAS606", f"there are no {name}examples", where=where)
    if goal == "classification":
        _check_classes(targets, name, len(class_names), where)
    else:
        _check_targets(targets, name, where, goal)
    if not (_is_finite(inputs) if isinstance(inputs, np.ndarray) else inputs.is_finite):
        raise user_error(
            "NAS603",
            f"{name}{noun}s hold {'pixels' if noun == 'image' else 'numbers'} that are not finite",
            help="replace nan and infinite values before saving",
            where=where,
        )


def _is_finite(inputs: NDArray[np.uint8] | NDArray[np.float32]) -> bool:
    import numpy as np

    with np.errstate(invalid="ignore"):  # a sum needs no second array of the inputs' size
        return inputs.dtype.kind != "f" or bool(np.isfinite(inputs.sum(dtype=np.float64)))


def _check_classes(targets: Targets, name: str, classes: int, where: str) -> None:
    wrong = targets[(targets < 0) | (targets >= classes)]
    if wrong.size:
        raise user_error(
            "NAS609",
            f"{name}label {wrong[0]} is not one of the {classes} classes 0 to {classes - 1}",
            help="test labels have to occur in the training labels" if name else "",
            where=where,
        )


def _check_targets(targets: Targets, name: str, where: str, goal: Goal) -> None:
    """Check that numbers are finite, and labels 0 or 1."""
    import numpy as np

    if not np.isfinite(targets).all():
        raise user_error(
            "NAS603",
            f"{name}targets hold numbers that are not finite",
            help="replace nan and infinite values, or leave these examples out",
            where=where,
        )
    wrong = targets[(targets != 0) & (targets != 1)]
    if goal == "multilabel" and wrong.size:
        raise user_error(
            "NAS609",
            f"{name}label {wrong[0]:g} is neither 0 nor 1",
            help="`task multilabel` takes a 0 or 1 for every label; numbers are a `regression`",
            where=where,
        )


def _form(part: Part[In]) -> str:
    inputs, targets = part
    outputs = f" with {targets.shape[1]} targets" if targets.ndim > 1 else ""
    return f"{inputs.dtype} {'x'.join(map(str, inputs.shape[1:]))}{outputs}"

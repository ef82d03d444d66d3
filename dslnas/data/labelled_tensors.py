"""Examples that stand alone as tensors on a device: read, divided, normalised; of any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

from dslnas.data.array_file import ArrayFile
from dslnas.data.dataset import Data
from dslnas.data.division import check_counts, check_split
from dslnas.data.exact_sums import Sums, added, number_sums, sums_of_units, unit_sums
from dslnas.data.examples import Examples, Inputs, Stored, Targets, counts_of, picture_bytes
from dslnas.data.facts import LabelledFacts
from dslnas.data.file_part import FilePart
from dslnas.data.fingerprints import fingerprints_of
from dslnas.data.normalise import normalised, normalised_bytes, usable
from dslnas.data.package import check_pillow
from dslnas.data.picture_files import PictureFiles
from dslnas.data.picture_part import PicturePart
from dslnas.data.pictures import left_out
from dslnas.data.readers import reader_of
from dslnas.data.signal_part import SignalPart
from dslnas.data.split import Indices, split, subset
from dslnas.data.tensor_part import TensorPart
from dslnas.ops.primitive import input_name
from dslnas.settings.labelled import LabelledSettings

LabelledPart: TypeAlias = TensorPart | PicturePart | SignalPart

NO_PICTURES = (
    "the images are no bytes with 1, 3 or 4 channels, so that no file of a picture can be read as "
    "they are: no `predict.py` and no `model_uint8.onnx` will be written"
)


def load(
    settings: LabelledSettings, device: torch.device | str, dtype: torch.dtype = torch.float32
) -> Data:
    """Read examples and put them on a device, divided and normalised.

    Parts that are not the data's own are cut from the examples by the shares of the split. The
    subset is taken of all. Inputs are normalised per channel or column by mean and
    standard deviation of the weights and architecture parts, in float32 on the CPU: they are the
    same on every device. Numbers that are predicted are standardised alike.

    Raises:
        UserError: NAS601 to NAS605, NAS608, NAS609 from reading; NAS606 a class has too few
            examples for the split; NAS607 the number of shares does not fit the data.
    """
    examples = reader_of(settings).read(settings)
    has_test = examples.test_targets is not None
    has_validation = examples.validation is not None
    settings = settings.divided(has_test=has_test, has_validation=has_validation)
    check_split(settings, has_test=has_test, has_validation=has_validation)
    damaged = examples.pictures.damaged if examples.pictures else {}
    # All are named: `dslnas data`, which names them elsewhere, could not divide the data either.
    check_counts(counts_of(examples, settings.task), settings, left_out(damaged, len(damaged)))
    parts = _divided(examples, settings)
    mean, std = _statistics(map(_sums, parts[:2]))
    how = examples.preprocessing or picture_bytes(examples.inputs)
    if how is not None:
        check_pillow(settings.source)
    unreadable = (NO_PICTURES,) if how is None and examples.inputs.ndim == 4 else ()
    # rows of a few numbers may be equal by chance: only images and signals are compared
    doubles = tuple(_doubles(parts)) if examples.inputs.ndim > 2 else ()
    notes = (*examples.notes, *unreadable)
    facts = LabelledFacts(
        examples.class_names,
        mean,
        std,
        notes=notes,
        preprocessing=None if how is None else replace(how, mean=mean, std=std),
        goal=settings.task,
        damaged=damaged,
    )
    if settings.task == "regression":
        mean, std = _statistics(number_sums(part.targets.numpy()) for part in parts[:2])
        facts = replace(facts, target_mean=mean, target_std=std)
        parts = [_standardised(part, mean, std) for part in parts]
    if settings.balance != "nothing":
        parts[:2] = _balanced(parts[:2], settings)
    weights, architecture, validation, test = (
        _normalised(part, facts.mean, facts.std, device, dtype) for part in parts
    )
    named_by = "file" if examples.files else "row"
    notes += doubles  # the parts that measure are in them, and must not enter the facts
    return Data(weights, architecture, validation, test, facts, notes, examples.pictures, named_by)


# ---- dividing -----------------------------------------------------------------------------------


def _divided(examples: Examples[Inputs | Stored], settings: LabelledSettings) -> list[LabelledPart]:
    """Return the four parts on the CPU, not yet normalised."""
    strata = _strata(examples.targets)
    used = subset(strata, settings.subset, settings.seed)

    def part(inputs: Inputs | Stored, targets: Targets, chosen: Indices, name: str) -> LabelledPart:
        return _part(inputs, targets, chosen, examples.files.get(name))

    parts = [
        part(examples.inputs, examples.targets, used[chosen], "train")
        for chosen in split(strata[used], settings.shares, settings.seed)
    ]
    if examples.validation is not None:
        inputs, targets = examples.validation
        chosen = subset(_strata(targets), settings.subset, settings.seed)
        parts.insert(2, part(inputs, targets, chosen, "validation"))
    if examples.test_inputs is not None and examples.test_targets is not None:
        chosen = subset(_strata(examples.test_targets), settings.subset, settings.seed)
        inputs, targets = examples.test_inputs, examples.test_targets
        parts.append(part(inputs, targets, chosen, "test"))
    return parts


def _strata(targets: Targets) -> Indices:
    """Return the groups of which every part has its share: the classes, if there are any."""
    if targets.dtype.kind == "i":
        return targets.astype(np.int64, copy=False)
    return np.zeros(len(targets), np.int64)


def _part(
    inputs: Inputs | Stored,
    targets: Targets,
    chosen: Indices,
    files: Sequence[str] | None,
) -> LabelledPart:
    """Return a copy of some examples; bytes stay such until they are normalised.

    They are called as their files, or by their rows in what was read.
    """
    labels = torch.from_numpy(targets[chosen])
    names = tuple(files[row] if files else str(row) for row in chosen.tolist())
    if isinstance(inputs, PictureFiles):
        return PicturePart(inputs[chosen], targets=labels, names=names)
    if isinstance(inputs, ArrayFile):
        return SignalPart(inputs[chosen], targets=labels, names=names)
    held = np.ascontiguousarray(inputs[chosen])
    numbers = torch.from_numpy(held)
    is_row = held.ndim == 2  # of a few numbers, which may be equal by chance
    known_by = None if is_row else torch.from_numpy(fingerprints_of(held))
    named = {input_name(numbers.shape[1:]): numbers}
    return TensorPart(named, known_by, targets=labels, names=names)


def _doubles(parts: Sequence[LabelledPart]) -> Iterator[str]:
    """Yield remarks on examples that are equal to others, and should not be."""
    weights, architecture, *measured = (part.fingerprints() for part in parts)
    training = {*weights, *architecture}
    for name, found in zip(("validation", "test"), measured, strict=True):
        same = sum(one in training for one in found)
        if same:
            yield (
                f"{same} of {len(found)} examples of the {name} part are equal to some that train; "
                "`dslnas data` names them"
            )
    if not parts[0].targets.is_floating_point():
        everyone = [*weights, *architecture, *chain(*measured)]
        labels = torch.cat([part.targets for part in parts]).tolist()
        kinds = Counter(one for one, _ in {*zip(everyone, labels, strict=True)})
        torn = sum(kinds[one] > 1 for one in everyone)
        if torn:
            yield f"{torn} examples are equal to some of another class; `dslnas data` names them"


# ---- normalising --------------------------------------------------------------------------------


def _statistics(sums: Iterable[Sequence[Sums]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel or column of all parts together."""
    moments = (added(parts).moments() for parts in zip(*sums, strict=True))
    means, deviations = zip(*moments, strict=True)
    return means, tuple(usable(deviation) for deviation in deviations)


def _sums(part: LabelledPart) -> Sequence[Sums]:
    """Return the sums of each channel or column, of bytes those of what they are scaled to."""
    if isinstance(part, FilePart):
        return part.sums()
    inputs = _only(part)
    if inputs.dtype != torch.uint8:
        return number_sums(inputs.numpy())
    channels = [torch.bincount(each.reshape(-1), minlength=256) for each in inputs.unbind(1)]
    counts = [channel.numpy().astype(object) for channel in channels]  # sums are beyond 64 bits
    return [sums_of_units(each.sum(), unit_sums(each)[None]) for each in counts]


def _normalised(
    part: LabelledPart,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    device: torch.device | str,
    dtype: torch.dtype,
) -> LabelledPart:
    """Return the part on the device; `part` itself is overwritten, as it can be large."""
    targets = part.targets.to(dtype) if part.targets.is_floating_point() else part.targets
    weights = None if part.weights is None else part.weights.to(dtype)
    if isinstance(part, FilePart):
        part = part.normalised(mean, std, dtype)
        return replace(part, targets=targets, weights=weights).to(device)
    inputs = _only(part)
    by = normalised_bytes if inputs.dtype == torch.uint8 else normalised
    inputs = by(inputs, mean, std)
    placed = replace(part, inputs={}, targets=targets, weights=weights).to(device)
    return replace(placed, inputs={name: inputs.to(device, dtype) for name in part.inputs})


def _only(part: LabelledPart) -> Tensor:
    """Return the inputs of a part that is in memory, which has one kind of them."""
    assert isinstance(part, TensorPart)
    (inputs,) = part.inputs.values()
    return inputs


def _standardised(
    part: LabelledPart, mean: tuple[float, ...], std: tuple[float, ...]
) -> LabelledPart:
    unit = torch.tensor(std, dtype=torch.float64)
    centred = part.targets.double() - torch.tensor(mean, dtype=torch.float64)
    return replace(part, targets=(centred / unit).float(), unit=unit)


# ---- balancing ----------------------------------------------------------------------------------


def _balanced(parts: Sequence[LabelledPart], settings: LabelledSettings) -> list[LabelledPart]:
    """Return parts that train, in which rare classes weigh more or are drawn more often.

    A class with n of N examples weighs N / (K n), one of the two values of a label N / (2 n): all
    values together weigh as much as each other, and an example 1 in the mean.
    """
    targets = torch.cat([part.targets for part in parts])
    if settings.task == "multilabel":
        has = targets.double().sum(0)
        values = torch.stack([len(targets) - has, has])
        weights = (len(targets) / (2 * values)).gather(0, targets.long())
    else:
        numbers = torch.bincount(targets).double()
        weights = (len(targets) / (len(numbers) * numbers))[targets]
    first = len(parts[0])
    cut = weights.float()[:first], weights.float()[first:]
    if settings.balance == "sampling":
        return [replace(part, chances=own) for part, own in zip(parts, cut, strict=True)]
    return [replace(part, weights=own) for part, own in zip(parts, cut, strict=True)]

"""Examples that stand alone as tensors on a device: read, divided, normalised; of any format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from math import fsum, sqrt

import numpy as np
import torch
from torch import Tensor

from dslnas.data.dataset import Data
from dslnas.data.division import check_counts, check_split
from dslnas.data.examples import Examples, Inputs, Targets, counts_of, picture_bytes
from dslnas.data.facts import LabelledFacts
from dslnas.data.pictures import left_out
from dslnas.data.readers import reader_of
from dslnas.data.rows import RowPart
from dslnas.data.split import Indices, split, subset
from dslnas.ops.primitive import input_name
from dslnas.settings.data import LabelledSettings

# What varies less than this is constant but for rounding; it is only centred.
LEAST_STD = 1e-6

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
    mean, std = _statistics([_only(part) for part in parts[:2]])
    how = examples.preprocessing or picture_bytes(examples.inputs)
    unreadable = (NO_PICTURES,) if how is None and examples.inputs.ndim == 4 else ()
    notes, doubles = (*examples.notes, *unreadable), tuple(_doubles(parts))
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
        mean, std = _statistics([part.targets for part in parts[:2]])
        facts = replace(facts, target_mean=mean, target_std=std)
        parts = [_standardised(part, mean, std) for part in parts]
    if settings.balance != "nothing":
        parts[:2] = _balanced(parts[:2], settings)
    weights, architecture, validation, test = (
        _normalised(p, facts.mean, facts.std, device, dtype) for p in parts
    )
    named_by = "file" if examples.files else "row"
    notes += doubles  # the parts that measure are in them, and must not enter the facts
    return Data(weights, architecture, validation, test, facts, notes, examples.pictures, named_by)


# ---- dividing -----------------------------------------------------------------------------------


def _divided(examples: Examples, settings: LabelledSettings) -> list[RowPart]:
    """Return the four parts on the CPU, not yet normalised."""
    strata = _strata(examples.targets)
    used = subset(strata, settings.subset, settings.seed)
    parts = [
        _part(examples.inputs, examples.targets, used[chosen], examples.files.get("train"))
        for chosen in split(strata[used], settings.shares, settings.seed)
    ]
    if examples.validation is not None:
        inputs, targets = examples.validation
        chosen = subset(_strata(targets), settings.subset, settings.seed)
        parts.insert(2, _part(inputs, targets, chosen, examples.files.get("validation")))
    if examples.test_inputs is not None and examples.test_targets is not None:
        chosen = subset(_strata(examples.test_targets), settings.subset, settings.seed)
        inputs, targets = examples.test_inputs, examples.test_targets
        parts.append(_part(inputs, targets, chosen, examples.files.get("test")))
    return parts


def _strata(targets: Targets) -> Indices:
    """Return the groups of which every part has its share: the classes, if there are any."""
    if targets.dtype.kind == "i":
        return targets.astype(np.int64, copy=False)
    return np.zeros(len(targets), np.int64)


def _part(
    inputs: Inputs, targets: Targets, chosen: Indices, files: Sequence[str] | None
) -> RowPart:
    """Return a copy of some examples as tensors; bytes stay such until they are normalised.

    They are called as their files, or by their rows in what was read.
    """
    numbers = torch.from_numpy(np.ascontiguousarray(inputs[chosen]))
    names = tuple(files[row] if files else str(row) for row in chosen.tolist())
    named = {input_name(numbers.shape[1:]): numbers}
    return RowPart(named, torch.from_numpy(targets[chosen]), names=names)


def _doubles(parts: Sequence[RowPart]) -> Iterator[str]:
    """Yield remarks on examples that are equal to others, and should not be.

    Rows of a few numbers may be equal by chance: only images and signals are compared.
    """
    if _only(parts[0]).dim() < 3:
        return
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


def _statistics(parts: Sequence[Tensor]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel or column over all parts.

    Of bytes they are those of what they are scaled to, [0, 1].
    """
    moments = _byte_moments if parts[0].dtype == torch.uint8 else _moments
    channels = range(parts[0].shape[1])
    found = [moments([part[:, channel] for part in parts]) for channel in channels]
    std = tuple(deviation if deviation >= LEAST_STD else 1.0 for _, deviation in found)
    return tuple(mean for mean, _ in found), std


def _moments(parts: Sequence[Tensor]) -> tuple[float, float]:
    """Return mean and standard deviation; by NumPy, as torch's depend on the number of threads."""
    numbers = np.concatenate([part.numpy().ravel() for part in parts])
    return float(numbers.mean(dtype=np.float64)), float(numbers.std(dtype=np.float64))


def _byte_moments(parts: Sequence[Tensor]) -> tuple[float, float]:
    """Return mean and standard deviation of scaled bytes, by how often each of the 256 occurs."""
    counts = sum(torch.bincount(part.reshape(-1), minlength=256).double() for part in parts)
    assert isinstance(counts, Tensor), "there is a part"
    values = _scaled(torch.arange(256)).double()
    count = fsum(counts.tolist())
    mean = fsum((counts * values).tolist()) / count
    return mean, sqrt(fsum((counts * (values - mean).square()).tolist()) / count)


def _normalised(
    part: RowPart,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    device: torch.device | str,
    dtype: torch.dtype,
) -> RowPart:
    """Return the part on the device; `part` itself is overwritten, as it can be large."""
    inputs = _only(part)
    inputs = _scaled(inputs) if inputs.dtype == torch.uint8 else inputs
    inputs = inputs.sub_(_per_channel(mean, inputs)).div_(_per_channel(std, inputs))
    targets = part.targets.to(dtype) if part.targets.is_floating_point() else part.targets
    weights = None if part.weights is None else part.weights.to(dtype)
    placed = replace(part, inputs={}, targets=targets, weights=weights).to(device)
    return replace(placed, inputs={name: inputs.to(device, dtype) for name in part.inputs})


def _scaled(numbers: Tensor) -> Tensor:
    """Return bytes as numbers in [0, 1]."""
    return numbers.float().div_(255)


def _only(part: RowPart) -> Tensor:
    """Return the inputs of a part, which has one kind of them."""
    (inputs,) = part.inputs.values()
    return inputs


def _per_channel(values: tuple[float, ...], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).view(-1, *(1,) * (like.dim() - 2))


def _standardised(part: RowPart, mean: tuple[float, ...], std: tuple[float, ...]) -> RowPart:
    unit = torch.tensor(std, dtype=torch.float64)
    centred = part.targets.double() - torch.tensor(mean, dtype=torch.float64)
    return replace(part, targets=(centred / unit).float(), unit=unit)


# ---- balancing ----------------------------------------------------------------------------------


def _balanced(parts: Sequence[RowPart], settings: LabelledSettings) -> list[RowPart]:
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

"""Ratings as tensors on a device: numbers of users and items, and standardised ratings."""

from __future__ import annotations

import numpy as np
import torch

from dslnas.data.dataset import Data
from dslnas.data.rating_division import Division, divide
from dslnas.data.rating_facts import RatingFacts
from dslnas.data.rows import RowPart
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.ratings import RatingSettings

LEAST_STD = 1e-6
"""Deviation below which ratings are all the same but for rounding: then they are only centred."""


def load(
    settings: RatingSettings, device: torch.device | str, dtype: torch.dtype = torch.float32
) -> Data:
    """Read ratings and put them on a device, divided and standardised.

    Mean and standard deviation are those of the parts that train, in float64 on the CPU.

    Raises:
        UserError: NAS601 to NAS606, they cannot be read or divided.
    """
    division = divide(settings)
    training = division.ratings.values[np.concatenate(division.rows[:2])]
    mean, deviation = float(training.mean()), float(training.std())
    std = deviation if deviation >= LEAST_STD else 1.0
    weights, architecture, validation, test = (
        _part(division, rows, mean, std, dtype).to(device) for rows in division.rows
    )
    numbers = {
        name: {known: number for number, known in enumerate(names, 1)}
        for name, names in division.known.items()
    }
    facts = RatingFacts(numbers=numbers, mean=mean, std=std)
    return Data(weights, architecture, validation, test, facts)


def mean_errors(training: RowPart, part: RowPart) -> torch.Tensor:
    """Return how far means of users and items alone miss the ratings of a part, standardised.

    A rating is foretold as the mean of all, and for one input after the other in the order of the
    data's columns, from the last on, how much more than that its ratings in training have.
    """
    targets, foretold = training.targets.double(), part.targets.new_zeros(len(part)).double()
    rest = targets - targets.mean()
    foretold = foretold + targets.mean()
    trained, wanted = (each.inputs_at(slice(None)) for each in (training, part))
    for name in reversed([*trained]):
        numbers, others = trained[name], wanted[name]
        size = 1 + int(torch.cat([numbers, others]).max())
        sums = rest.new_zeros(size).index_add_(0, numbers, rest)
        counts = torch.bincount(numbers, minlength=size)
        means = sums / counts.clamp(min=1)
        rest, foretold = rest - means[numbers], foretold + means[others]
    return foretold - part.targets


def _part(
    division: Division, rows: np.ndarray, mean: float, std: float, dtype: torch.dtype
) -> RowPart:
    inputs = {name: torch.from_numpy(numbers[rows]) for name, numbers in division.numbers.items()}
    targets = torch.from_numpy((division.ratings.values[rows] - mean) / std).to(dtype)
    return TensorPart(inputs, targets=targets, unit=std)

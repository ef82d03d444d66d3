"""Images as tensors on a device: read, divided by class, normalised. Knows no file format."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from dslnas.data.dataset import Data
from dslnas.data.division import check_counts, check_split
from dslnas.data.examples import Examples, Images, Labels
from dslnas.data.facts import ImageFacts
from dslnas.data.readers import reader_of
from dslnas.data.rows import RowPart
from dslnas.data.split import Indices, split, subset
from dslnas.settings.data import ImageSettings

IMAGE = "image"
"""Name of the network's input."""

# A channel that varies less than this is constant but for rounding; it is only centred.
LEAST_STD = 1e-6


def load(
    settings: ImageSettings, device: torch.device | str, dtype: torch.dtype = torch.float32
) -> Data:
    """Read images and put them on a device, divided and normalised.

    With four shares the test part is cut from the examples, with three it is the data's own. The
    subset is taken of that as well. Images are normalised per channel by mean and standard
    deviation of the weights and architecture parts, in float32 on the CPU: they are the same on
    every device.

    Raises:
        UserError: NAS601 to NAS605, NAS608, NAS609 from reading; NAS606 a class has too few
            examples for the split; NAS607 the number of shares does not fit the data.
    """
    examples = reader_of(settings).read(settings)
    check_split(settings, examples.test_labels is not None)
    parts = _divided(examples, settings)
    mean, std = _statistics(parts[:2])
    weights, architecture, validation, test = (
        _normalised(p, mean, std, device, dtype) for p in parts
    )
    facts = ImageFacts(examples.class_names, mean, std)
    return Data(weights, architecture, validation, test, facts)


def _divided(examples: Examples, settings: ImageSettings) -> list[RowPart]:
    """Return the four parts on the CPU, not yet normalised."""
    numbers = np.bincount(examples.labels, minlength=len(examples.class_names)).tolist()
    check_counts(dict(zip(examples.class_names, numbers, strict=True)), settings)
    used = subset(examples.labels, settings.subset, settings.seed)
    labels = examples.labels[used]
    parts = [
        _part(examples.images, examples.labels, used[chosen])
        for chosen in split(labels, settings.split, settings.seed)
    ]
    if examples.test_images is not None and examples.test_labels is not None:
        chosen = subset(examples.test_labels, settings.subset, settings.seed)
        parts.append(_part(examples.test_images, examples.test_labels, chosen))
    return parts


def _part(images: Images, labels: Labels, chosen: Indices) -> RowPart:
    """Return a copy of some examples as tensors, bytes scaled to [0, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(images[chosen]))
    scaled = pixels.float().div_(255) if pixels.dtype == torch.uint8 else pixels
    return RowPart({IMAGE: scaled}, torch.from_numpy(labels[chosen]))


def _statistics(parts: list[RowPart]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and standard deviation of each channel over all parts.

    By NumPy: torch adds in an order that depends on the number of threads.
    """
    mean, std = [], []
    for channel in range(parts[0].inputs[IMAGE].shape[1]):
        pixels = np.concatenate([p.inputs[IMAGE][:, channel].numpy().ravel() for p in parts])
        mean.append(float(pixels.mean(dtype=np.float64)))
        deviation = float(pixels.std(dtype=np.float64))
        std.append(deviation if deviation >= LEAST_STD else 1.0)
    return tuple(mean), tuple(std)


def _normalised(
    part: RowPart,
    mean: tuple[float, ...],
    std: tuple[float, ...],
    device: torch.device | str,
    dtype: torch.dtype,
) -> RowPart:
    """Return the part on the device; `part` itself is overwritten, as it can be large."""
    images = part.inputs[IMAGE].sub_(_per_channel(mean)).div_(_per_channel(std))
    return RowPart({IMAGE: images.to(device, dtype)}, part.targets.to(device))


def _per_channel(values: tuple[float, ...]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None, None]

"""Random changes of training images: whole batches at once, on the device they are on.

Random numbers are drawn on the CPU and then moved, so that a seed gives the same images on every
device. Images are float (B, C, H, W) and normalised, so the zeros that `crop`, `cutout`, `rotate`
and `erase` put in are the mean colour; the published DARTS code pads before it normalises, that is
with black.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Generator, Tensor
from torch.nn.functional import affine_grid, grid_sample
from torch.nn.functional import pad as pad_zeros

from dslnas.data.batches import Batch, Mixed
from dslnas.settings.values import (
    Augmentation,
    Colour,
    Crop,
    Cutout,
    Erase,
    Flip,
    Mixup,
    Rotate,
)

LEAST_AREA, LARGEST_ASPECT = 0.02, 1 / 0.3
"""Smallest share of an image that is erased, and the longest rectangle: height by width."""


def augmented(batch: Batch, steps: tuple[Augmentation, ...], generator: Generator) -> Batch:
    """Return a batch with the steps applied in order to all of its inputs."""
    for step in steps:
        if isinstance(step, Mixup):
            batch = mixup(batch, step.alpha, generator)
        else:
            inputs = {name: augment(x, (step,), generator) for name, x in batch.inputs.items()}
            batch = replace(batch, inputs=inputs)
    return batch


def augment(images: Tensor, steps: tuple[Augmentation, ...], generator: Generator) -> Tensor:
    """Apply the steps in order to float images (B, C, H, W), which are left as they are.

    Every step takes a fixed number of draws per image from the generator, which is on the CPU.
    `mixup` changes labels too, see `augmented`; `resized_crop` is made while images are read, see
    `RandomCrops`.
    """
    for step in steps:
        match step:
            case Crop():
                images = crop(images, step.pad, generator)
            case Flip():
                images = flip(images, generator)
            case Cutout():
                images = cutout(images, step.size, generator)
            case Rotate():
                images = rotate(images, step.degrees, generator)
            case Colour():
                images = colour(images, step, generator)
            case Erase():
                images = erase(images, step.probability, step.area, generator)
    return images


def crop(images: Tensor, pad: int, generator: Generator) -> Tensor:
    """Pad by `pad` pixels of zeros and cut out the old size, at a place of its own per image.

    Every one of the (2 * pad + 1)^2 places is as likely.
    """
    batch, _, height, width = images.shape
    top = _integers(2 * pad + 1, batch, generator).to(images.device)
    left = _integers(2 * pad + 1, batch, generator).to(images.device)
    padded = pad_zeros(images, (pad, pad, pad, pad))
    # A view of all places, (B, C, 2 pad + 1, 2 pad + 1, H, W); the indexing copies one of each.
    places = padded.unfold(2, height, 1).unfold(3, width, 1)
    return places[torch.arange(batch, device=images.device), :, top, left]


def flip(images: Tensor, generator: Generator) -> Tensor:
    """Mirror left and right each image with probability one half."""
    mirrored = _integers(2, len(images), generator).bool().to(images.device)
    return torch.where(mirrored[:, None, None, None], images.flip(3), images)


def cutout(images: Tensor, size: int, generator: Generator) -> Tensor:
    """Set a square of `size` x `size` pixels to zero in each image, the same in all channels.

    The centre is anywhere in the image, every pixel as likely; what of the square lies outside is
    lost. It covers rows centre - size // 2 up to, not including, that plus `size`.

    Reference: DeVries and Taylor, arXiv:1708.04552, section 3.
    Differs: the published code makes the square of an odd `size` one pixel smaller.
    """
    batch, _, height, width = images.shape
    rows = _inside(height, size, batch, generator).to(images.device)
    columns = _inside(width, size, batch, generator).to(images.device)
    return images.masked_fill(rows[:, None, :, None] & columns[:, None, None, :], 0.0)


def rotate(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    """Turn each image around its centre by up to `degrees` to either side, between pixels linear.

    A pixel at (x, y) from the centre takes the colour at (x cos a + y sin a, y cos a - x sin a).
    """
    batch, _, height, width = images.shape
    angles = math.radians(degrees) * _signed(batch, generator)
    cos, sin, none = angles.cos(), angles.sin(), torch.zeros(batch, dtype=torch.float64)
    # a grid has sides of 2 whatever the image's are
    rows = [torch.stack([cos, sin * height / width, none], 1)]
    rows.append(torch.stack([-sin * width / height, cos, none], 1))
    turned = torch.stack(rows, 1).to(images.device, images.dtype)
    grid = affine_grid(turned, list(images.shape), align_corners=False)
    return grid_sample(images, grid, align_corners=False)


def colour(images: Tensor, by: Colour, generator: Generator) -> Tensor:
    """Change brightness, contrast and saturation of each image, each evenly up to its limit.

    With m the mean of an image and g that of a pixel's channels, x becomes m + c (x - m) + b and
    then g + s (x - g); b is up to `brightness` deviations of the data, c and s are around 1.
    """
    drawn = [_signed(len(images), generator) for _ in range(3)]
    b, c, s = (d.to(images.device, images.dtype)[:, None, None, None] for d in drawn)
    mean = images.mean((1, 2, 3), keepdim=True)
    changed = mean + (1 + by.contrast * c) * (images - mean) + by.brightness * b
    grey = changed.mean(1, keepdim=True)
    return grey + (1 + by.saturation * s) * (changed - grey)


def erase(images: Tensor, probability: float, area: float, generator: Generator) -> Tensor:
    """Set a rectangle of random size and place to zero in some of the images, in all channels.

    It covers from 2 % up to a share `area` of the image, and is up to 10 : 3 high or wide.

    Reference: Zhong et al., Random Erasing Data Augmentation, AAAI 2020, algorithm 1.
    Differs: it is filled with the mean colour, and one that does not fit is cut to the image.
    """
    batch, _, height, width = images.shape
    happens, size, shape, top, left = torch.rand((5, batch), generator=generator).double()
    covered = (LEAST_AREA + max(0.0, area - LEAST_AREA) * size) * height * width
    aspect = (math.log(LARGEST_ASPECT) * (2 * shape - 1)).exp()
    rows = _interval(height, (covered * aspect).sqrt(), top)
    columns = _interval(width, (covered / aspect).sqrt(), left)
    hidden = rows[:, None, :, None] & columns[:, None, None, :]
    hidden &= (happens < probability)[:, None, None, None]
    return images.masked_fill(hidden.to(images.device), 0.0)


def mixup(batch: Batch, alpha: float, generator: Generator) -> Batch:
    """Mix each example with another of its batch, by a share that is Beta(alpha, alpha).

    The loss is that of both labels, by the same share.

    Reference: Zhang et al., mixup: Beyond Empirical Risk Minimization, ICLR 2018.
    """
    share = beta(alpha, generator)
    partner = torch.randperm(len(batch.targets), generator=generator).to(batch.targets.device)
    inputs = {name: share * x + (1 - share) * x[partner] for name, x in batch.inputs.items()}
    weights = None if batch.weights is None else batch.weights[partner]
    return replace(batch, inputs=inputs, mixed=Mixed(batch.targets[partner], share, weights))


def beta(alpha: float, generator: Generator) -> float:
    """Draw from Beta(alpha, alpha): x / (x + y) of the first u^(1 / alpha) that sum to 1 or less.

    Reference: Jöhnk, Metrika 8, 1964.
    """
    while True:
        x, y = torch.rand(2, generator=generator, dtype=torch.float64).pow(1 / alpha).tolist()
        if 0 < x + y <= 1:
            return float(x / (x + y))


def _inside(length: int, size: int, batch: int, generator: Generator) -> Tensor:
    """Return which pixels an interval around a random centre covers, bool (B, length)."""
    start = _integers(length, batch, generator)[:, None] - size // 2
    pixels = torch.arange(length)
    return (start <= pixels) & (pixels < start + size)


def _interval(length: int, sizes: Tensor, places: Tensor) -> Tensor:
    """Return which pixels intervals of some sizes cover, at shares of the places they can have."""
    whole = sizes.round().clamp(1, length)
    start = (places * (length - whole + 1)).floor()[:, None]
    pixels = torch.arange(length)
    return (start <= pixels) & (pixels < start + whole[:, None])


def _signed(count: int, generator: Generator) -> Tensor:
    """Return numbers from -1 to 1, float64 (count,)."""
    return 2 * torch.rand(count, generator=generator, dtype=torch.float64) - 1


def _integers(bound: int, count: int, generator: Generator) -> Tensor:
    return torch.randint(bound, (count,), generator=generator)

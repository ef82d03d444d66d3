"""Random changes of training images: whole batches at once, on the device they are on.

Random numbers are drawn on the CPU and then moved, so that a seed gives the same images on every
device. Images are float (B, C, H, W) and normalised, so the zeros that `crop` and `cutout` put in
are the mean colour; the published DARTS code pads before it normalises, that is with black.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad as pad_zeros

from dslnas.data.batches import Batch
from dslnas.settings.values import Augmentation, Crop, Cutout, Flip


def augmented(batch: Batch, steps: tuple[Augmentation, ...], generator: Generator) -> Batch:
    """Return a batch with the steps applied in order to all of its inputs."""
    inputs = {name: augment(x, steps, generator) for name, x in batch.inputs.items()}
    return replace(batch, inputs=inputs)


def augment(images: Tensor, steps: tuple[Augmentation, ...], generator: Generator) -> Tensor:
    """Apply the steps in order to float images (B, C, H, W), which are left as they are.

    Every step takes a fixed number of draws per image from the generator, which is on the CPU.
    """
    for step in steps:
        match step:
            case Crop():
                images = crop(images, step.pad, generator)
            case Flip():
                images = flip(images, generator)
            case Cutout():
                images = cutout(images, step.size, generator)
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


def _inside(length: int, size: int, batch: int, generator: Generator) -> Tensor:
    """Return which pixels an interval around a random centre covers, bool (B, length)."""
    start = _integers(length, batch, generator)[:, None] - size // 2
    pixels = torch.arange(length)
    return (start <= pixels) & (pixels < start + size)


def _integers(bound: int, count: int, generator: Generator) -> Tensor:
    return torch.randint(bound, (count,), generator=generator)

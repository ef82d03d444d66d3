"""Random parts of pictures, scaled to the size that a network reads.

Each is drawn by the place of its picture in a pass, and by nothing that was drawn before it: so it
is the same in whichever process, and however far ahead, the picture is read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

if TYPE_CHECKING:  # who has no files needs no Pillow
    from PIL.Image import Image

TRIES = 10
"""Parts that are drawn for a picture before one is taken that fits into any."""

LARGEST_ASPECT = 4 / 3
"""Widest part, width by height, and the highest, height by width."""

BLOCKS = 6
"""Steps of the generator's counter for a picture, of four numbers each: two a try and a place."""


class Box(NamedTuple):
    """A part of a picture, in pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class RandomCrops:
    """Random parts of the pictures of a pass.

    Attributes:
        area: The smallest share of a picture that a part has.
        seed: Number of the pass.
        first: Place in the pass of the first picture that is read.
    """

    area: float
    seed: int
    first: int = 0

    def boxes(self, start: int, count: int, height: int, width: int) -> list[Box]:
        """Return the parts of pictures with such sides, at the places from `start` on."""
        numbers = uniform(self.seed, self.first + start, count)
        return [box(height, width, self.area, own) for own in numbers.tolist()]

    def cut(self, place: int, image: Image) -> Image:
        """Return the part of a picture, as large as it is drawn."""
        (part,) = self.boxes(place, 1, image.height, image.width)
        return image.crop((part.left, part.top, part.left + part.width, part.top + part.height))

    def scaled(self, start: int, images: Tensor) -> Tensor:
        """Return the parts of float images (B, C, H, W), scaled to the size of the images."""
        return enlarged(images, self.boxes(start, len(images), *images.shape[2:]))


def uniform(seed: int, start: int, count: int) -> NDArray[np.float64]:
    """Return random numbers in [0, 1) for the places from `start` on, (count, 4 * BLOCKS).

    Those of a place follow from it and the seed.

    Reference: Philox, Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011.
    """
    bits = np.random.Philox(key=seed, counter=start * BLOCKS)
    return np.random.Generator(bits).random((count, 4 * BLOCKS))


def box(height: int, width: int, area: float, numbers: Sequence[float]) -> Box:
    """Return a part of a picture, from `area` of it to all, and 3:4 to 4:3.

    Its area is even, and so is the logarithm of the ratio of its sides. The first try that fits
    into the picture is taken; without any it is the largest part around the middle that has such a
    ratio.

    Reference: Szegedy et al., Going deeper with convolutions, CVPR 2015, section 6; the number of
        tries is that of torchvision.
    """
    for share, shape in zip(numbers[:TRIES], numbers[TRIES : 2 * TRIES], strict=True):
        covered = (area + (1 - area) * share) * height * width
        aspect = LARGEST_ASPECT ** (2 * shape - 1)
        rows, columns = round(math.sqrt(covered / aspect)), round(math.sqrt(covered * aspect))
        if 1 <= rows <= height and 1 <= columns <= width:
            down, right = numbers[2 * TRIES : 2 * TRIES + 2]
            top, left = int(down * (height - rows + 1)), int(right * (width - columns + 1))
            return Box(top, left, rows, columns)
    rows = min(height, round(width * LARGEST_ASPECT))
    columns = min(width, round(height * LARGEST_ASPECT))
    return Box((height - rows) // 2, (width - columns) // 2, rows, columns)


def enlarged(images: Tensor, parts: Sequence[Box]) -> Tensor:
    """Return parts of images (B, C, H, W) with the images' size, between pixels linear.

    What lies beside a part plays no role.
    """
    height, width = images.shape[2:]
    top, left, high, wide = torch.tensor(parts, dtype=torch.float64).unbind(1)
    rows, columns = _places(top, high, height), _places(left, wide, width)
    # The grid of an image goes from -1 to 1, between its edges.
    down, right = (2 * rows + 1) / height - 1, (2 * columns + 1) / width - 1
    grid = torch.stack(
        [
            right[:, None, :].expand(-1, height, -1),
            down[:, :, None].expand(-1, -1, width),
        ],
        dim=3,
    )
    grid = grid.to(images.device, images.dtype)
    return grid_sample(images, grid, padding_mode="border", align_corners=False)


def _places(first: Tensor, lengths: Tensor, count: int) -> Tensor:
    """Return between which pixels so many places of intervals lie, float64 (B, count)."""
    steps = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    inside = (lengths[:, None] * steps - 0.5).clamp(min=0).minimum(lengths[:, None] - 1)
    return first[:, None] + inside

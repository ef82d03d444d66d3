"""Data that are not there: noise of their shape, to time steps on."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from dslnas.data.batches import ImagePart, Part, TextPart
from dslnas.data.dataset import Data
from dslnas.ops.primitive import Shape
from dslnas.settings.data import DataSettings, TextSettings

PUBLISHED: Mapping[str, int] = {"cifar10": 50_000, "ptb": 929_589}
"""Images or tokens of the training part, by source."""

BATCHES = 2
"""Of every part."""


def noise(
    settings: DataSettings,
    shape: Shape,
    classes: int,
    batch: int,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> Data:
    """Return random examples, enough for some steps.

    Args:
        settings: Of the data that they stand for.
        shape: (C, H, W) of an image; () of a token.
        classes: Labels, or different tokens.
        batch: Examples that a step reads at most.
        device: Where they are put.
        dtype: Of images.
    """
    generator = torch.Generator().manual_seed(0)

    def part() -> Part:
        count = BATCHES * batch
        if isinstance(settings, TextSettings):
            count *= settings.steps + 1
            tokens = torch.randint(classes, (count,), generator=generator)
            return TextPart(tokens.to(device), settings.steps)
        images = torch.randn((count, *shape), generator=generator, dtype=dtype)
        labels = torch.randint(classes, (count,), generator=generator)
        return ImagePart(images.to(device), labels.to(device))

    channels = shape[0] if shape else 0
    return Data(
        weights=part(),
        architecture=part(),
        validation=part(),
        test=part(),
        classes=classes,
        class_names=(),
        shape=shape,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
    )


def published_steps(settings: DataSettings, batch: int, shares: int) -> int | None:
    """Return how many steps an epoch has on published data; None for other data.

    Args:
        settings: Of the data.
        batch: Examples that a step reads.
        shares: How many of the first parts are read.
    """
    count = PUBLISHED.get(settings.source)
    if count is None:
        return None
    used = int(count * settings.subset * sum(settings.split[:shares]))
    if isinstance(settings, TextSettings):
        return max(1, (used // batch - 1) // settings.steps)
    return max(1, used // batch)

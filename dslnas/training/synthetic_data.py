"""Data that are not there: noise of their shape, to time steps on."""

from __future__ import annotations

import torch

from dslnas.data.dataset import Data
from dslnas.data.facts import NO_FACTS
from dslnas.ops.primitive import Example
from dslnas.settings.data_base import DataSettings
from dslnas.tasks.catalogue import task_of

BATCHES = 2
"""Batches of every part."""


def noise(
    settings: DataSettings,
    example: Example,
    classes: int,
    batch: int,
    device: torch.device,
    dtype: torch.dtype = torch.float32,
) -> Data:
    """Return random examples, two batches of every part, in place of those of the settings."""
    generator, task = torch.Generator().manual_seed(0), task_of(settings)
    weights, architecture, validation, test = (
        task.noise(settings, example, classes, BATCHES * batch, generator, dtype).to(device)
        for _ in range(4)
    )
    return Data(weights, architecture, validation, test, NO_FACTS)


def published_steps(settings: DataSettings, batch: int, shares: int) -> int | None:
    """Return the steps of an epoch on the first `shares` parts of published data; else None."""
    if settings.published is None:
        return None
    assert settings.split is not None, "what is published is divided alike for all"
    used = int(settings.published * settings.subset * sum(settings.split[:shares]))
    return task_of(settings).batch_count(settings, used, batch)

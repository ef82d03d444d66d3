"""Data as tensors, loaded as their task does."""

from __future__ import annotations

import torch

from dslnas.data.dataset import Data
from dslnas.settings.data_base import DataSettings
from dslnas.tasks import labelled_settings
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.classification import Classification
from dslnas.tasks.language_model import LanguageModel
from dslnas.tasks.ratings import RatingPrediction

IMAGES, TEXT = Classification(labelled_settings.IMAGES), LanguageModel()
RATINGS = RatingPrediction()


def load(
    settings: DataSettings,
    device: torch.device | str,
    dtype: torch.dtype = torch.float32,
    *,
    searching: bool = True,
) -> Data:
    """Return the data on a device."""
    return task_of(settings).load(settings, device, dtype, classes=None, searching=searching)

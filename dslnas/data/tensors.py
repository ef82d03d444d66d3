"""Data as tensors on a device: read, divided, normalised."""

from __future__ import annotations

import torch

from dslnas.data import image_tensors, text_tensors
from dslnas.data.batches import Batch, ImagePart, Part, TextPart, forever
from dslnas.data.dataset import Data
from dslnas.settings.data import DataSettings, ImageSettings, TextSettings

__all__ = ["Batch", "Data", "ImagePart", "Part", "TextPart", "forever", "load"]


def load(
    settings: DataSettings,
    device: torch.device | str,
    dtype: torch.dtype = torch.float32,
    *,
    searching: bool = True,
) -> Data:
    """Read the data and put them on a device, divided as the settings say.

    Args:
        settings: Where the data are and how to divide them.
        device: Where all parts are put, once.
        dtype: Of images.
        searching: Whether there will be steps of a search; else a short text will do.

    Raises:
        UserError: NAS6xx, see `image_tensors.load` and `text_tensors.load`.
    """
    match settings:
        case TextSettings():
            return text_tensors.load(settings, device, searching=searching)
        case ImageSettings():
            return image_tensors.load(settings, device, dtype)
    raise TypeError(f"{type(settings).__name__} are no settings of data")

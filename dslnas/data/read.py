"""Which reader a data source has. Imports no torch; each reader imports what it needs itself."""

from __future__ import annotations

from dslnas.data import cifar10, digits, idx, images, npz
from dslnas.data.describe import path_of
from dslnas.data.examples import Examples
from dslnas.settings.sections import DataSettings


def read(settings: DataSettings) -> Examples:
    """Return all examples of the data as they are stored.

    Raises:
        UserError: NAS605 the path is missing; else see the readers.
    """
    match settings.source:
        case "digits":
            return digits.read()
        case "cifar10":
            return cifar10.read(path_of(settings))
        case "idx":
            return idx.read(path_of(settings))
        case "npz":
            return npz.read(path_of(settings))
        case "images":
            return images.read(path_of(settings), settings.size)

"""Which reader a source of images has; each imports what it needs itself, and none torch."""

from __future__ import annotations

from dslnas.data import cifar10, digits, idx, images, npz
from dslnas.data.examples import Examples
from dslnas.data.files import path_of
from dslnas.settings.data import ImageSettings


def read(settings: ImageSettings) -> Examples:
    """Return all images of the data as they are stored.

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
        case _:
            return images.read(path_of(settings), settings.size)

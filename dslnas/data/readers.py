"""Readers of examples that stand alone: a module of this package for every source, and of its name.

Each imports what it needs itself when files are opened, and none torch: a spec whose data are known
by name is checked at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from dslnas.data.examples import DataShape, Examples, Inputs
from dslnas.settings.labelled import LabelledSettings

if TYPE_CHECKING:
    from dslnas.data.examples import Stored


class Reader(Protocol):
    """Reader of a source."""

    def known(self, settings: LabelledSettings) -> DataShape | None:
        """Return the shape of the examples, where all data of the source have the same."""

    def shape(self, settings: LabelledSettings) -> DataShape:
        """Return the shape of the examples after a look at the files, but not at pixels."""

    def read(self, settings: LabelledSettings) -> Examples[Inputs] | Examples[Stored]:
        """Return all examples as they are stored, or the files that they stay in.

        Raises:
            UserError: NAS601, NAS602, NAS605 files, folders or the path are missing; NAS603 one
                is damaged, too large, or not of its format; NAS604 parts do not fit together, or
                the layout of images is unclear; NAS606, NAS609 labels do not number the classes,
                or a class has no images; NAS608 a package is missing.
        """


def describe(settings: LabelledSettings) -> DataShape | None:
    """Return the shape of the examples, or None if only a path that is not given would tell.

    Where there is a path, names and sizes of files, headers and labels are read, but no pixels.
    """
    reader = reader_of(settings)
    return reader.shape(settings) if settings.path else reader.known(settings)


def reader_of(settings: LabelledSettings) -> Reader:
    """Return the reader of a source."""
    return cast(Reader, import_module(f"{__package__}.{settings.source}"))

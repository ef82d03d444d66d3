"""Shape of the images that a spec means, without loading them. Imports neither torch nor NumPy.

NumPy and the like are imported by the readers when files are opened, so checking a spec whose
data are known by name stays fast.
"""

from __future__ import annotations

from dslnas.data.examples import DataShape
from dslnas.data.readers import reader_of
from dslnas.diagnostics import user_error
from dslnas.settings.data import ImageSettings


def describe(settings: ImageSettings) -> DataShape | None:
    """Return the shape of the images, or None if only a path that is not given would tell.

    Where there is a path, names and sizes of files, headers and labels are read, but no pixels.

    Raises:
        UserError: NAS601 to NAS609, see the readers; the path is wrong or what is there.
    """
    reader = reader_of(settings)
    return reader.shape(settings) if settings.path else reader.KNOWN


def verify(settings: ImageSettings) -> DataShape:
    """Return the shape of images that can be loaded and divided as the settings say.

    Raises:
        UserError: As `describe`; NAS605 the path is missing; NAS607 as `check_split`.
    """
    shape = reader_of(settings).shape(settings)
    check_split(settings, shape.has_test)
    return shape


def check_split(settings: ImageSettings, has_test: bool) -> None:
    """Check that a test share is given exactly if the images have no test part of their own.

    Raises:
        UserError: NAS607 they have and it is, or they have not and it is not.
    """
    shares = [f"{share:g}" for share in settings.split]
    where = settings.path or settings.source
    if has_test and len(shares) == 4:
        raise user_error(
            "NAS607",
            "split has 4 shares but the data have a test part of their own",
            help=f"leave out the last share: `split {', '.join(shares[:3])}`",
            where=where,
        )
    if not has_test and len(shares) == 3:
        raise user_error(
            "NAS607",
            "split has 3 shares but the data have no test part of their own",
            help="give a fourth share for the test, such as `split 0.4, 0.2, 0.2, 0.2`",
            where=where,
        )

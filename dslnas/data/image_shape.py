"""Shape of the images that a spec means, without loading them. Imports neither torch nor NumPy.

NumPy and the like are imported by the readers when files are opened, so checking a spec whose
data are known by name stays fast.
"""

from __future__ import annotations

from dslnas.data.examples import CIFAR10, DIGITS, DataShape
from dslnas.data.files import path_of
from dslnas.diagnostics import user_error
from dslnas.settings.data import ImageSettings


def describe(settings: ImageSettings) -> DataShape | None:
    """Return the shape of the images, or None if only a path that is not given would tell.

    Where there is a path, names and sizes of files, headers and labels are read, but no pixels.

    Raises:
        UserError: NAS601 to NAS609, see the readers; the path is wrong or what is there.
    """
    if not settings.path and settings.source in ("idx", "npz", "images"):
        return None
    if not settings.path and settings.source == "cifar10":
        return CIFAR10
    return _look(settings)


def verify(settings: ImageSettings) -> DataShape:
    """Return the shape of images that can be loaded and divided as the settings say.

    Raises:
        UserError: As `describe`; NAS605 the path is missing; NAS607 as `check_split`.
    """
    shape = _look(settings)
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


def _look(settings: ImageSettings) -> DataShape:
    if settings.source == "digits":
        return DIGITS
    from dslnas.data import cifar10, idx, images, npz

    match settings.source:
        case "cifar10":
            return cifar10.shape(path_of(settings))
        case "idx":
            return idx.shape(path_of(settings))
        case "npz":
            return npz.shape(path_of(settings))
        case _:
            return images.shape(path_of(settings), settings.size)

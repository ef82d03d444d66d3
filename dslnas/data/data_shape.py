"""Which data a spec means: their shape, without loading them. Imports neither torch nor NumPy.

NumPy and the like are imported by the readers when files are opened, so checking a spec whose
data are known by name stays fast.
"""

from __future__ import annotations

from dslnas.data.examples import CIFAR10, DIGITS, PTB, DataShape
from dslnas.data.files import path_of
from dslnas.diagnostics import user_error
from dslnas.settings.data import DataSettings, ImageSettings, TextSettings

__all__ = ["DataShape", "check_split", "describe", "verify"]


def describe(settings: DataSettings) -> DataShape | None:
    """Return the shape of the data, or None if only a path that is not given would tell.

    Where there is a path, names and sizes of files, headers and labels are read, but no pixels.
    A text is read for its vocabulary.

    Raises:
        UserError: NAS601 to NAS611, see the readers; the path is wrong or what is there.
    """
    if not settings.path and settings.source in ("idx", "npz", "images"):
        return None
    if not settings.path and settings.source == "ptb":
        return PTB if _is_whole(settings) else None
    if not settings.path and settings.source == "cifar10":
        return CIFAR10
    return _look(settings)


def _is_whole(settings: DataSettings) -> bool:
    """Whether a text has all of its words as tokens."""
    assert isinstance(settings, TextSettings)
    return settings.token_level == "word" and settings.least == 1 and settings.subset == 1


def verify(settings: DataSettings, classes: int | None = None) -> DataShape:
    """Return the shape of data that can be loaded and divided as the settings say.

    Args:
        settings: Where the data are.
        classes: How many the network is made for; `None` for any number.

    Raises:
        UserError: As `describe`; NAS405 the text has another vocabulary; NAS605 the path is
            missing; NAS607 as `check_split`.
    """
    shape = _look(settings)
    if isinstance(settings, ImageSettings):
        check_split(settings, shape.has_test)
    elif classes is not None and classes != shape.classes:
        raise user_error(
            "NAS405",
            f"the network is made for {classes} different tokens but the text has {shape.classes}",
            help="give the text that it is made for: `--set data.path=FILE`",
            where=settings.path or "embedded text",
        )
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


def _look(settings: DataSettings) -> DataShape:
    match settings:  # readers are imported only where there is something to read
        case TextSettings():
            from dslnas.data import text

            return text.shape(settings)
        case ImageSettings(source="digits"):
            return DIGITS
        case ImageSettings():
            return _look_at_files(settings)
    raise TypeError(f"{type(settings).__name__} are no settings of data")


def _look_at_files(settings: ImageSettings) -> DataShape:
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

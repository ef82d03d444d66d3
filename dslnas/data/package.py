"""Packages that sources of data need, and the error where one is missing."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.diagnostics import UserError, user_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def packaged_table(source: str, file: str, delimiter: str | None = None) -> NDArray[np.float64]:
    """Return the numbers in a file of scikit-learn's, for a data source.

    The package is never imported: that takes a second.

    Raises:
        UserError: NAS608 if scikit-learn is missing.
    """
    import numpy as np

    package = find_spec("sklearn")
    places = (package and package.submodule_search_locations) or ()
    paths = [Path(place) / "datasets" / "data" / file for place in places]
    found = next(filter(Path.is_file, paths), None)
    if found is None:
        raise missing(f"data source `{source}` needs scikit-learn", "pip install scikit-learn")
    table: NDArray[np.float64] = np.loadtxt(found, delimiter=delimiter)
    return table


def check_pillow(source: str) -> None:
    """Raise NAS608 if Pillow is missing, which a data source of pictures needs."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as error:
        raise missing(f"data source `{source}` needs Pillow", "pip install pillow") from error


def missing(message: str, help: str) -> UserError:
    """Return the error NAS608 for a package that is not installed."""
    return user_error("NAS608", message, help=help, where="data")

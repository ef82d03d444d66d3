"""The package whose data sets need no download. It is never imported: that takes a second."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.diagnostics import user_error

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def packaged_table(source: str, file: str, delimiter: str | None = None) -> NDArray[np.float64]:
    """Return the numbers in a file of scikit-learn's, for a data source.

    Raises:
        UserError: NAS608 if scikit-learn is missing.
    """
    import numpy as np

    package = find_spec("sklearn")
    places = (package and package.submodule_search_locations) or ()
    paths = [Path(place) / "datasets" / "data" / file for place in places]
    found = next(filter(Path.is_file, paths), None)
    if found is None:
        raise user_error(
            "NAS608",
            f"data source `{source}` needs scikit-learn",
            help="pip install scikit-learn",
            where="data",
        )
    table: NDArray[np.float64] = np.loadtxt(found, delimiter=delimiter)
    return table

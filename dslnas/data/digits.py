"""Scikit-learn's handwritten digits: in the package, so nothing is downloaded."""

from __future__ import annotations

from dslnas.data.examples import DataShape, Examples, examples
from dslnas.diagnostics import user_error
from dslnas.settings.data import Digits

COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
CLASSES = tuple("0123456789")
KNOWN = DataShape((1, 8, 8), 10, has_test=False, counts=dict(zip(CLASSES, COUNTS, strict=True)))
BRIGHTEST = 16


def shape(settings: Digits) -> DataShape:
    """Return the shape, which is always the same."""
    return KNOWN


def read(settings: Digits) -> Examples:
    """Return the 1,797 digits: float32 (1797, 1, 8, 8) in [0, 1].

    Reference: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    import numpy as np

    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise user_error(
            "NAS608",
            "data source `digits` needs scikit-learn",
            help="pip install scikit-learn",
            where="data",
        ) from error
    bunch = load_digits()
    images = (np.asarray(bunch.images) / BRIGHTEST).astype(np.float32).reshape(-1, 1, 8, 8)
    labels = np.asarray(bunch.target, np.int64)
    return examples((images, labels), None, CLASSES, "digits")

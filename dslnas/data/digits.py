"""Scikit-learn's handwritten digits: in the package, so nothing is downloaded."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from dslnas.data.examples import ALL, DataShape, Examples, Inputs, examples
from dslnas.data.package import packaged_table
from dslnas.settings.images import Digits

COUNTS = (178, 182, 177, 183, 181, 182, 181, 179, 174, 180)
CLASSES = tuple("0123456789")
KNOWN = DataShape((1, 8, 8), 10, has_test=False, counts=dict(zip(CLASSES, COUNTS, strict=True)))
BRIGHTEST = 16

SEGMENTS = MappingProxyType(
    {
        "top": "02356789",
        "upper_left": "045689",
        "upper_right": "01234789",
        "middle": "2345689",
        "lower_left": "0268",
        "lower_right": "013456789",
        "bottom": "0235689",
    }
)
"""Segments of a display, each with the digits that it helps to show."""


def known(settings: Digits) -> DataShape:
    """Return the shape, which is always the same."""
    match settings.task:
        case "multilabel":
            return replace(KNOWN, classes=len(SEGMENTS), counts={ALL: sum(COUNTS)})
        case "regression":
            return replace(KNOWN, classes=1, counts={ALL: sum(COUNTS)})
    return KNOWN


def read(settings: Digits) -> Examples[Inputs]:
    """Return the 1,797 digits: float32 (1797, 1, 8, 8) in [0, 1].

    Reference: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    import numpy as np

    from dslnas.data.preprocessing import Preprocessing

    table = packaged_table("digits", "digits.csv.gz", ",")  # pixels, then the digit
    images = (table[:, :-1] / BRIGHTEST).astype(np.float32).reshape(-1, 1, 8, 8)
    labels = table[:, -1].astype(np.int64)
    match settings.task:
        case "multilabel":
            lit = np.array([[d in digits for digits in SEGMENTS.values()] for d in CLASSES])
            train = images, lit[labels].astype(np.float32)
            made = examples(train, None, tuple(SEGMENTS), "digits", "multilabel")
        case "regression":
            train = images, labels[:, None].astype(np.float32)
            made = examples(train, None, ("digit",), "digits", "regression")
        case "classification":
            made = examples((images, labels), None, CLASSES, "digits")
    return replace(made, preprocessing=Preprocessing("L", 8, 8, polarity="light on dark"))

"""Scikit-learn's diabetes data: in the package, so nothing is downloaded."""

from __future__ import annotations

from dslnas.data.examples import ALL, DataShape, Examples, Inputs, examples
from dslnas.data.package import packaged_table
from dslnas.settings.tables import Diabetes

KNOWN = DataShape((10,), 1, has_test=False, counts={ALL: 442})


def known(settings: Diabetes) -> DataShape:
    """Return the shape, which is always the same."""
    return KNOWN


def read(settings: Diabetes) -> Examples[Inputs]:
    """Return the 442 patients: ten numbers each, float32 (442, 10), and one to predict.

    Reference: Efron, Hastie, Johnstone and Tibshirani, Annals of Statistics 32, 2004.
    """
    import numpy as np

    numbers = packaged_table("diabetes", "diabetes_data_raw.csv.gz").astype(np.float32)
    target = packaged_table("diabetes", "diabetes_target.csv.gz").astype(np.float32)[:, None]
    return examples((numbers, target), None, ("progression",), "diabetes", "regression")

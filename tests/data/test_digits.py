import sys

import numpy as np
import pytest

from dslnas.data import digits
from dslnas.settings.data import Digits
from tests.data.made import error


def test_digits_are_as_described() -> None:
    examples = digits.read(Digits())
    assert len(examples.inputs) == 1797
    assert examples.inputs.shape[1:] == digits.KNOWN.shape
    assert examples.inputs.dtype == np.float32
    assert (examples.inputs.min(), examples.inputs.max()) == (0, 1)
    assert np.unique(examples.targets).tolist() == list(range(digits.KNOWN.classes))
    assert len(examples.class_names) == digits.KNOWN.classes


def test_scikit_learn_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert error(lambda: digits.read(Digits()), "data") == (
        "NAS608",
        "data source `digits` needs scikit-learn",
        "pip install scikit-learn",
    )

import sys

import numpy as np
import pytest

from dslnas.data import diabetes, digits
from dslnas.data.labelled_tensors import load
from dslnas.settings.images import Digits
from dslnas.settings.tables import Diabetes
from tests.data.made import error


def test_digits_are_as_described() -> None:
    examples = digits.read(Digits())
    assert len(examples.inputs) == 1797
    assert examples.inputs.shape[1:] == digits.KNOWN.shape
    assert examples.inputs.dtype == np.float32
    assert (examples.inputs.min(), examples.inputs.max()) == (0, 1)
    assert np.unique(examples.targets).tolist() == list(range(digits.KNOWN.classes))
    assert len(examples.class_names) == digits.KNOWN.classes


@pytest.mark.sample(0)
def test_packaged_data_are_those_that_scikit_learn_loads() -> None:
    from sklearn import datasets  # it takes a second

    loaded = datasets.load_digits()
    examples = digits.read(Digits())
    assert np.array_equal(examples.inputs[:, 0] * digits.BRIGHTEST, loaded.images)
    assert np.array_equal(examples.targets, loaded.target)
    patients, loaded = diabetes.read(Diabetes()), datasets.load_diabetes(scaled=False)
    assert np.array_equal(patients.inputs, loaded.data.astype(np.float32))
    assert np.array_equal(patients.targets[:, 0], loaded.target)


def test_scikit_learn_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert error(lambda: digits.read(Digits()), "data") == (
        "NAS608",
        "data source `digits` needs scikit-learn",
        "pip install scikit-learn",
    )


def test_pillow_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert error(lambda: load(Digits(), "cpu"), "data") == (
        "NAS608",
        "data source `digits` needs Pillow",
        "pip install pillow",
    )

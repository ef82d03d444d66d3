"""Backends that differ are named, with the place where they differ most."""

from __future__ import annotations

import numpy as np
import pytest

from dslnas.diagnostics import InternalError, UserError
from dslnas.exporters.parity import Inputs, compare

INPUTS = {"random": {"image": np.zeros((3, 1, 2, 2), np.float32)}}


def reference(inputs: Inputs) -> np.ndarray:
    return np.tile(np.arange(4, dtype=np.float32), (len(inputs["image"]), 1))


def test_the_largest_difference_is_returned_by_backend() -> None:
    others = {"near": lambda i: reference(i) + 1e-6, "same": reference}
    found = compare(reference, others, INPUTS, 1e-4)
    assert found["same"] == 0.0
    assert 0 < found["near"] < 1e-4


@pytest.mark.parametrize("value", [9.0, np.nan])
def test_a_wrong_output_is_named_with_its_place(value: float) -> None:
    def wrong(inputs: Inputs) -> np.ndarray:
        outputs = reference(inputs)
        outputs[2, 1] = value
        return outputs

    with pytest.raises(UserError) as raised:
        compare(reference, {"onnx": wrong}, INPUTS, 1e-4)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "NAS711"
    worst = "8.0e+00" if value == 9.0 else "nan"
    assert diagnostic.message == (
        f"onnx and torch differ by {worst} on random inputs, allowed 1.0e-04: most at output 1 of "
        "example 2; 1 of 3 predictions change"
    )


def test_another_shape_is_a_mistake_of_dslnas() -> None:
    with pytest.raises(InternalError, match="gives shape"):
        compare(reference, {"onnx": lambda i: reference(i)[:, :3]}, INPUTS, 1e-4)

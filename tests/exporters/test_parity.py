"""Backends that differ are named, with the place where they differ most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from dslnas.diagnostics import InternalError, UserError
from dslnas.exporters.agreement import Agreement
from dslnas.exporters.parity import Inputs, Run, compare

INPUTS = {"random": {"image": np.zeros((3, 1, 2, 2), np.float32)}}


def reference(inputs: Inputs) -> np.ndarray:
    """Return outputs whose spread is 2: examples give 0, 2.45 and 4.9, and more for each output."""
    steps = np.arange(len(inputs["image"]), dtype=np.float32) * np.float32(np.sqrt(6))
    return steps[:, None] + np.arange(4, dtype=np.float32)


def compared(others: Mapping[str, Run], shaken: Run = reference) -> dict[str, Agreement]:
    return compare(reference, shaken, others, INPUTS, 1e-4)


def test_differences_are_returned_by_backend_beside_their_share_of_the_spread() -> None:
    found = compared({"near": lambda i: reference(i) + 1e-4, "same": reference})
    assert found["same"] == Agreement(0.0, 0.0)
    assert found["near"].largest == pytest.approx(1e-4, rel=0.01)
    assert found["near"].relative == pytest.approx(5e-5, rel=0.01)


def test_a_network_that_hardly_reads_its_inputs_does_not_agree_by_being_constant() -> None:
    def faint(inputs: Inputs) -> np.ndarray:
        return 1e-5 * reference(inputs)

    def constant(inputs: Inputs) -> np.ndarray:
        return np.broadcast_to(faint(inputs).mean(0), faint(inputs).shape)

    with pytest.raises(UserError, match=r"differ on random inputs by 2.4e-05, 1.2e\+00 of"):
        compare(faint, faint, {"onnx": constant}, INPUTS, 1e-4)


def test_what_rounding_changes_in_the_network_itself_is_allowed() -> None:
    def other(inputs: Inputs) -> np.ndarray:
        return reference(inputs) + 0.01

    assert compared({"onnx": other}, shaken=other)["onnx"].relative == pytest.approx(5e-3, rel=0.01)
    with pytest.raises(UserError):
        compared({"onnx": other})
    with pytest.raises(UserError):  # who asks for more than rounding allows does not get it
        compare(reference, other, {"onnx": other}, INPUTS, 1e-12)


@pytest.mark.parametrize("value", [9.0, np.nan])
def test_a_wrong_output_is_named_with_its_place(value: float) -> None:
    def wrong(inputs: Inputs) -> np.ndarray:
        outputs = reference(inputs)
        outputs[2, 1] = value
        return outputs

    with pytest.raises(UserError) as raised:
        compared({"onnx": wrong})
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "NAS711"
    worst = "3.1e+00, 1.6e+00" if value == 9.0 else "nan, nan"
    assert diagnostic.message == (
        f"onnx and torch differ on random inputs by {worst} of the spread of its outputs, allowed "
        "1.0e-04: most at output 1 of example 2; 1 of 3 predictions change"
    )


def test_another_shape_is_a_mistake_of_dslnas() -> None:
    with pytest.raises(InternalError, match="gives shape"):
        compared({"onnx": lambda i: reference(i)[:, :3]})

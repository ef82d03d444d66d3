"""Checks that all readers share: what is told is of what the data are."""

from __future__ import annotations

import numpy as np
import pytest

from dslnas.data.examples import examples
from dslnas.diagnostics import UserError

LABELS = np.array([0, 1], np.int64)


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ((2, 1, 3, 4), "images hold pixels"),
        ((2, 3, 4), "signals hold numbers"),
        ((2, 3), "rows hold numbers"),
    ],
)
def test_what_is_not_finite_is_told_by_its_name(shape: tuple[int, ...], told: str) -> None:
    inputs = np.full(shape, np.nan, np.float32)
    with pytest.raises(UserError, match=f"{told} that are not finite"):
        examples((inputs, LABELS), None, ("a", "b"), "mine")


def test_signals_of_another_form_and_too_few_labels_are_told() -> None:
    one, other = np.zeros((2, 3, 4), np.float32), np.zeros((2, 3, 5), np.float32)
    told = "test signals are float32 3x5 but training signals are float32 3x4"
    with pytest.raises(UserError, match=told):
        examples((one, LABELS), (other, LABELS), ("a", "b"), "mine")
    with pytest.raises(UserError, match="2 signals but 1 labels"):
        examples((one, LABELS[:1]), None, ("a", "b"), "mine")

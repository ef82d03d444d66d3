from __future__ import annotations

import math

import pytest

from dslnas.diagnostics import UserError
from dslnas.training.records import EpochRecord, check_finite


def test_record_as_json_leaves_out_what_does_not_apply() -> None:
    record = EpochRecord("retrain", 1, 2, 0.5, None, 0.25, 0.75, 3.5)
    assert record.as_json() == {
        "stage": "retrain",
        "epoch": 1,
        "epochs": 2,
        "train_loss": 0.5,
        "validation_loss": 0.25,
        "validation_accuracy": 0.75,
        "seconds": 3.5,
    }
    searched = EpochRecord("search", 1, 2, 0.5, 0.0, 0.25, 0.0, 3.5, {"normal": 0.5}).as_json()
    assert searched["architecture_loss"] == 0.0
    assert searched["validation_accuracy"] == 0.0
    assert searched["entropy"] == {"normal": 0.5}


@pytest.mark.parametrize(
    ("value", "shown"), [(math.nan, "nan"), (math.inf, "inf"), (-math.inf, "-inf")]
)
def test_a_loss_that_is_not_finite_is_an_error(value: float, shown: str) -> None:
    with pytest.raises(UserError) as caught:
        check_finite("training loss", value, 3, 7, "search darts")
    assert caught.value.render() == (
        f"search darts: error[NAS701]: training loss is {shown} in epoch 3, step 7\n"
        "  = help: divide the learning rate of `weights` by ten, or clip more"
    )


def test_a_large_loss_is_no_error() -> None:
    for value in (0.0, -1.0, 1e300):
        check_finite("training loss", value, 1, 1, "retraining")

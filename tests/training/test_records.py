from __future__ import annotations

import json
import math
from typing import Any

import pytest

from dslnas.diagnostics import UserError
from dslnas.training.records import DERIVED, EpochRecord, check_finite


def test_record_as_json_leaves_out_what_does_not_apply() -> None:
    facts: dict[str, Any] = {
        "stage": "retrain",
        "epoch": 1,
        "epochs": 2,
        "train_loss": 0.5,
        "validation_loss": 0.25,
        "validation_accuracy": 0.0,
        "seconds": 3.5,
    }
    record = EpochRecord(**facts, architecture_loss=None, entropy=None, warnings=())
    assert list(record.as_json().items()) == list(facts.items())
    observed: dict[str, Any] = {"architecture_loss": 0.0, "entropy": {"normal": 0.5}}
    found = EpochRecord(**facts, **observed)
    assert found.as_json() == {**facts, **observed}
    assert found.validation_metrics == {"accuracy": 0.0}
    assert EpochRecord.model_validate_json(json.dumps(found.as_json())) == found


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
        check_finite("training loss", value, 1, 1, "training")


def test_metrics_keep_their_order_whatever_is_added_behind_them() -> None:
    names = [f"metric_{number}" for number in range(9)]
    record = EpochRecord(
        stage="search", epoch=1, epochs=1, train_loss=1.0, validation_loss=1.0, seconds=0.0
    ).with_metrics(dict.fromkeys(names, 0.5))
    again = record.with_metrics(dict.fromkeys(names, 0.25), DERIVED)
    assert list(again.validation_metrics) == list(again.derived_metrics) == names

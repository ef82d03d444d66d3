"""Mean, deviation and best of several runs, by hand."""

from __future__ import annotations

import json

import pytest

from dslnas.runs.repeats import QUANTITIES, Outcome, Sample


def outcome(seed: int, test: float, validation: float, operation: str = "skip") -> Outcome:
    values = dict.fromkeys(QUANTITIES, 1.0)
    values |= {"test_accuracy": test, "validation_accuracy": validation}
    return Outcome(seed, f"seed-{seed}", values, {"normal": {"n1": operation}})


def test_mean_and_deviation_of_a_sample() -> None:
    sample = Sample("darts", tuple(outcome(s, t, 0.5) for s, t in enumerate((0.2, 0.4, 0.9))))
    assert sample.mean("test_accuracy") == pytest.approx(0.5)
    # squares of -0.3, -0.1 and 0.4 add up to 0.26; n - 1 = 2
    assert sample.deviation("test_accuracy") == pytest.approx(0.13**0.5)
    assert sample.deviation("validation_accuracy") == 0


def test_one_run_has_no_deviation_and_none_has_nothing() -> None:
    one = Sample("darts", (outcome(3, 0.2, 0.5),))
    assert (one.mean("test_accuracy"), one.deviation("test_accuracy")) == (0.2, None)
    none = Sample("darts", ())
    assert (none.mean("test_accuracy"), none.best, none.distinct) == (None, None, 0)
    json.dumps(none.as_json())


def test_best_is_chosen_by_validation_and_never_by_test() -> None:
    sample = Sample("darts", (outcome(0, 0.9, 0.5), outcome(1, 0.1, 0.6), outcome(2, 0.8, 0.6)))
    assert sample.best is not None
    assert sample.best.seed == 1
    assert sample.as_json()["best_by_validation_accuracy"] == 1


def test_equal_architectures_count_once() -> None:
    found = ("skip", "conv", "skip")
    sample = Sample("darts", tuple(outcome(s, 0.5, 0.5, op) for s, op in enumerate(found)))
    assert sample.distinct == 2

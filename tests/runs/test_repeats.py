"""Mean, deviation and best of several runs, by hand."""

from __future__ import annotations

import json

import pytest

from dslnas.runs.repeats import QUANTITIES, TEXT_QUANTITIES, Outcome, Sample


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


def test_on_text_the_best_has_the_lowest_perplexity() -> None:
    def on_text(seed: int, test: float, validation: float) -> Outcome:
        values = {"test_perplexity": test, "validation_perplexity": validation}
        bits = dict.fromkeys(("test_bits_per_character", "validation_bits_per_character"), 1.0)
        image = outcome(seed, 0.0, seed / 10)
        return Outcome(seed, image.folder, {**image.values, **values, **bits}, {})

    found = (on_text(0, 90.0, 120.0), on_text(1, 130.0, 110.0), on_text(2, 80.0, 110.0))
    sample = Sample("darts", found)
    assert sample.best is not None
    assert sample.best.seed == 1
    summary = sample.as_json()
    assert summary["best_by_validation_perplexity"] == 1
    assert "best_by_validation_accuracy" not in summary
    assert sample.mean("test_perplexity") == pytest.approx(100)
    assert set(TEXT_QUANTITIES) < set(summary["mean"])  # type: ignore[call-overload]


def test_equal_architectures_count_once() -> None:
    found = ("skip", "conv", "skip")
    sample = Sample("darts", tuple(outcome(s, 0.5, 0.5, op) for s, op in enumerate(found)))
    assert sample.distinct == 2

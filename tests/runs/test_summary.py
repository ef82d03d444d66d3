"""Mean, deviation and best of several runs, by hand."""

from __future__ import annotations

import json

import pytest

from dslnas.runs.manifest import Results
from dslnas.runs.summary import Outcome, Sample, best_run
from dslnas.tasks.task import Task
from tests.loading import IMAGES, TEXT

COMMON = {"params": 1, "flops": 1, "search_seconds": 2.0, "retrain_seconds": 3.0}


def outcome(seed: int, task: Task, operation: str = "skip", **measures: float) -> Outcome:
    results = Results.model_validate({**COMMON, **measures})
    return Outcome.of(seed, f"seed-{seed}", results, {"normal": {"n1": operation}}, task)


def on_images(seed: int, test: float, validation: float, operation: str = "skip") -> Outcome:
    return outcome(seed, IMAGES, operation, test_accuracy=test, validation_accuracy=validation)


def on_text(seed: int, test: float, validation: float) -> Outcome:
    return outcome(
        seed,
        TEXT,
        test_perplexity=test,
        validation_perplexity=validation,
        test_accuracy=0.0,
        validation_accuracy=seed / 10,
    )


def test_mean_and_deviation_of_a_sample() -> None:
    runs = [on_images(seed, test, 0.5) for seed, test in enumerate((0.2, 0.4, 0.9))]
    sample = Sample.of("darts", runs, IMAGES)
    assert sample.mean["test_accuracy"] == pytest.approx(0.5)
    # squares of -0.3, -0.1 and 0.4 add up to 0.26; n - 1 = 2
    assert sample.deviation["test_accuracy"] == pytest.approx(0.13**0.5)
    assert sample.deviation["validation_accuracy"] == 0
    assert sample.mean["seconds"] == 5


def test_one_run_has_no_deviation_and_none_has_nothing() -> None:
    one = Sample.of("darts", (on_images(3, 0.2, 0.5),), IMAGES)
    assert (one.mean["test_accuracy"], one.deviation["test_accuracy"]) == (0.2, None)
    assert Sample.of("darts", (), IMAGES).model_dump() == {
        "method": "darts",
        "n": 0,
        "mean": {},
        "deviation": {},
        "distinct_architectures": 0,
        "runs": (),
    }


def test_best_is_chosen_by_validation_and_never_by_test() -> None:
    runs = (on_images(0, 0.9, 0.5), on_images(1, 0.1, 0.6), on_images(2, 0.8, 0.6))
    assert best_run(runs, IMAGES).seed == 1
    assert Sample.of("darts", runs, IMAGES).model_dump()["best_by_validation_accuracy"] == 1


def test_on_text_the_best_has_the_lowest_perplexity() -> None:
    runs = (on_text(0, 90.0, 120.0), on_text(1, 130.0, 110.0), on_text(2, 80.0, 110.0))
    assert best_run(runs, TEXT).seed == 1
    sample = Sample.of("darts", runs, TEXT)
    assert sample.mean["test_perplexity"] == pytest.approx(100)
    written = sample.model_dump()
    assert written["best_by_validation_perplexity"] == 1
    assert "best_by_validation_accuracy" not in written


def test_quantities_stand_between_folder_and_cells() -> None:
    assert list(on_text(1, 2.0, 3.0).model_dump()) == [
        "seed",
        "folder",
        "test_perplexity",
        "validation_perplexity",
        "test_accuracy",
        "validation_accuracy",
        *COMMON,
        "seconds",
        "cells",
        "network",
    ]


def test_equal_architectures_count_once() -> None:
    runs = [on_images(seed, 0.5, 0.5, op) for seed, op in enumerate(("skip", "conv", "skip"))]
    assert Sample.of("darts", runs, IMAGES).distinct_architectures == 2


def test_equal_cells_in_different_networks_are_different_architectures() -> None:
    runs = [
        on_images(seed, 0.5, 0.5).model_copy(update={"network": {"channels": channels}})
        for seed, channels in enumerate(("4", "8", "4"))
    ]
    assert Sample.of("darts", runs, IMAGES).distinct_architectures == 2


def test_a_run_keeps_what_its_precisions_came_to() -> None:
    record = {"files": ["model_int8.onnx"], "bytes": 9, "validation": 0.5, "test": 0.25}
    results = Results.model_validate_json(json.dumps({**COMMON, "precisions": {"int8": record}}))
    written = Outcome.of(0, "seed-0", results, {}, IMAGES).model_dump()
    assert written["precisions"]["int8"]["test"] == 0.25
    assert "precisions" not in on_images(0, 0.5, 0.5).model_dump()

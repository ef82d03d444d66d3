"""Every source belongs to one task, and shared code does not tell tasks apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dslnas
from dslnas.settings.data import DATA
from dslnas.settings.images import Digits
from dslnas.tasks.catalogue import TASKS, task_of
from dslnas.tasks.task import Measurement, Task

ROOT = Path(dslnas.__file__).parent

OF_A_TASK = re.compile(
    r"\b(is_text|TextSettings|LabelledSettings|ImageSettings|TableSettings|StreamPart|RowPart"
    r"|TextFacts|LabelledFacts|LanguageModel|LabelledTask|Classification|Multilabel|Regression"
    r"|RatingSettings|RatingFacts|RatingPrediction)\b"
)
OWN = {
    "data/division.py",
    "data/facts.py",
    "data/file_part.py",
    "data/labelled_tensors.py",
    "data/rating_division.py",
    "data/rating_facts.py",
    "data/rating_tensors.py",
    "data/readers.py",
    "data/rows.py",
    "data/stream.py",
    "data/tensor_part.py",
    "data/text.py",
    "data/text_survey.py",
    "data/text_tensors.py",
    "data/tokens.py",
    "data/vocabulary.py",
    "settings/images.py",
    "settings/labelled.py",
    "settings/ratings.py",
    "settings/tables.py",
    "settings/texts.py",
}
"""Modules outside of `tasks` that belong to one task, or define what tasks choose from."""


def test_every_source_belongs_to_one_task() -> None:
    for source, settings in DATA.items():
        task = task_of(settings())
        assert task.settings.word == settings().goal, source
        assert task in TASKS


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_better_in_the_leading_metric_is_worth_more(task: Task) -> None:
    leading = task.metrics[0]
    good, bad = (0.5, 0.25) if leading.higher_is_better else (0.25, 0.5)
    better, worse = Measurement(1.0, {leading.name: good}), Measurement(2.0, {leading.name: bad})
    assert task.worth(better) > task.worth(worse)
    assert task.fine_worth(better, 10) > task.fine_worth(worse, 10)
    values = better.metrics[leading.name], worse.metrics[leading.name]
    assert (values[0] > values[1]) is leading.higher_is_better


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_columns_are_quantities_that_runs_have(task: Task) -> None:
    shown = {column.quantity for column in task.columns}
    assert task.criterion in shown
    assert shown <= set(task.quantities)


def test_equal_accuracies_are_told_apart_by_the_loss() -> None:
    images = task_of(Digits())
    better, worse = Measurement(0.5, {"accuracy": 0.5}), Measurement(1e9, {"accuracy": 0.5})
    assert images.fine_worth(better, 10) > images.fine_worth(worse, 10)
    one_more = Measurement(1e9, {"accuracy": 0.6})
    assert images.fine_worth(one_more, 10) > images.fine_worth(better, 10)


def test_shared_code_names_no_task() -> None:
    """Whoever needs to know what differs between tasks asks the task."""
    named = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if path.parent.name != "tasks" and OF_A_TASK.search(path.read_text(encoding="utf-8"))
    }
    assert named == OWN

"""All tasks, and which of them a source of data belongs to."""

from __future__ import annotations

from dslnas.settings.data import DATA, DataSettings
from dslnas.tasks.image_classification import ImageClassification
from dslnas.tasks.language_model import LanguageModel
from dslnas.tasks.ratings import RatingPrediction
from dslnas.tasks.task import Task

TASKS: tuple[Task, ...] = (
    ImageClassification(),
    LanguageModel(),
    RatingPrediction(),
)

TASK_SETTINGS = tuple(task.settings for task in TASKS)

METRICS = {metric.name: metric for task in TASKS for metric in task.metrics}
"""Metrics of all tasks, by name."""


def task_of(data: DataSettings) -> Task:
    """Return the task that data are for."""
    return _task_of(type(data))


def task_of_source(source: str) -> Task:
    """Return the task that a source of data is for, by its name."""
    return _task_of(DATA[source])


def _task_of(settings: type[DataSettings]) -> Task:
    return next(task for task in TASKS if issubclass(settings, task.settings.data))

"""All tasks, and which of them data belong to."""

from __future__ import annotations

from dslnas.settings.data_base import DataSettings
from dslnas.tasks.classification import Classification
from dslnas.tasks.labelled import LabelledTask
from dslnas.tasks.labelled_settings import FAMILIES
from dslnas.tasks.language_model import LanguageModel
from dslnas.tasks.multilabel import Multilabel
from dslnas.tasks.ratings import RatingPrediction
from dslnas.tasks.regression import Regression
from dslnas.tasks.task import Task

GOALS: tuple[type[LabelledTask], ...] = (Classification, Multilabel, Regression)

TASKS: tuple[Task, ...] = (
    *(goal(family) for family in FAMILIES for goal in GOALS),
    LanguageModel(),
    RatingPrediction(),
)

TASK_SETTINGS = tuple(task.settings for task in TASKS)

METRICS = {metric.name: metric for task in TASKS for metric in task.metrics}
"""Metrics of all tasks, by name."""


def task_of(data: DataSettings) -> Task:
    """Return the task that data are for."""
    fitting = (task for task in TASKS if isinstance(data, task.settings.data))
    return next(task for task in fitting if task.settings.word == data.goal).for_data(data)

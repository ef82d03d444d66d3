"""Entries of a manifest on the best architectures of every size."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dslnas.runs.family import member_facts
from dslnas.tasks.catalogue import TASKS
from dslnas.tasks.task import Measurement, Task
from tests.training.cells import candidate


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_member_has_the_measure_that_its_task_compares_by(task: Task) -> None:
    leading = task.metrics[0].name
    measured = Measurement(loss=3.0, metrics={"another": 1.0, leading: 0.5})
    member = member_facts(replace(candidate(), measured=measured), task)
    assert dict(member.measures) == {f"search_validation_{leading}": 0.5}
    assert list(member.model_dump())[-1] == f"search_validation_{leading}"

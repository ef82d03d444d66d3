"""Interrupting a run where a test wants it."""

from __future__ import annotations

import pytest

from dslnas.cli.progress import Progress
from dslnas.training.records import EpochRecord, StepRecord
from tests.cli.outcome import Interrupt


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Interrupt:
    """Interrupt the next runs in the second step of an epoch of a stage."""
    where: dict[str, int] = {}
    shown = Progress.__call__

    def show(self: Progress, record: EpochRecord | StepRecord) -> None:
        shown(self, record)
        is_step = isinstance(record, StepRecord) and record.step == 2
        if is_step and where.get(record.stage) == record.epoch:
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "__call__", show)

    def set_(stage: str, epoch: int) -> None:
        where.clear()
        where[stage] = epoch

    return set_

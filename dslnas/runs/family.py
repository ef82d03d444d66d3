"""The best architecture of every size: where each lies in the folder of a run, and what it is."""

from __future__ import annotations

from dslnas.runs.manifest import Member
from dslnas.tasks.task import Task
from dslnas.training.snapshots import Snapshot

FAMILY = "family"
"""Folder for them, below that of the run."""


def member_file(member: Snapshot) -> str:
    """Return the name of an architecture's file in the folder of the run."""
    return f"{FAMILY}/convolutions_{'_'.join(map(str, member.size))}.nas"


def criterion_of(task: Task) -> str:
    """Return the name of what the supernets of a family are compared by."""
    return f"search_{task.criterion}"


def member_facts(member: Snapshot, task: Task) -> Member:
    """Return what the manifest says of an architecture."""
    measured = member.measured
    assert measured is not None, "of an epoch"
    facts: dict[str, object] = {
        "file": member_file(member),
        "convolutions": dict(zip(member.cells, member.size, strict=True)),
        "epoch": member.epoch,
        "params": member.params,
        criterion_of(task): measured.metrics[task.metrics[0].name],
    }
    return Member.model_validate(facts)

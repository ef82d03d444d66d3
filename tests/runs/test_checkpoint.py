"""Checkpoints in their folder: the one before is there whatever happens to the last one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from dslnas.diagnostics import UserError
from dslnas.runs.checkpoint import Checkpoint, search_checkpoint
from dslnas.training.keeping import Saved
from dslnas.training.search import SearchProgress


def checkpoint(folder: Path) -> Checkpoint[SearchProgress]:
    return search_checkpoint(folder, "hash", 0)


def saved(steps: int) -> Saved[SearchProgress]:
    return Saved(SearchProgress(steps=steps), {"weights": torch.full((3,), float(steps))})


def steps_in(folder: Path) -> int | None:
    """Read what is stored last, as a process that begins would."""
    found = checkpoint(folder).take([], 1)
    return None if found is None else found.progress.steps


def fail(descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_one_before_is_kept(tmp_path: Path) -> None:
    ours = checkpoint(tmp_path)
    for steps in (1, 2, 3):
        ours.write(saved(steps))
    assert steps_in(tmp_path) == 3
    ours.path.unlink()
    assert steps_in(tmp_path) == 2


def test_a_full_disk_takes_nothing_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = checkpoint(tmp_path)
    ours.write(saved(1))
    ours.write(saved(2))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(UserError, match="no space left"):
            ours.write(saved(3))
    assert sorted(path.name for path in tmp_path.iterdir()) == [ours.before.name, ours.path.name]
    assert steps_in(tmp_path) == 2
    ours.path.unlink()
    assert steps_in(tmp_path) == 1


def test_one_that_was_refused_never_takes_the_place_of_a_sound_one(tmp_path: Path) -> None:
    first = checkpoint(tmp_path)
    first.write(saved(1))
    first.write(saved(2))
    first.path.write_bytes(b"damaged")
    second = checkpoint(tmp_path)
    assert second.take([], 1) is not None
    second.write(saved(3))
    assert steps_in(tmp_path) == 3
    second.path.unlink()
    assert steps_in(tmp_path) == 1


def test_one_that_was_checked_is_not_read_again(tmp_path: Path) -> None:
    checkpoint(tmp_path).write(saved(1))
    ours = checkpoint(tmp_path)
    ours.check([], 1)
    ours.path.unlink()
    found = ours.take([], 1)
    assert found is not None
    assert found.progress.steps == 1
    assert ours.take([], 1) is None, "it is given away, and its memory with it"

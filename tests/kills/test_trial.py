"""Trials find what they are there for: commands that do not go on, and files that differ."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kills import trial
from tests.kills.accidents import Accident, After
from tests.kills.cases import Case
from tests.kills.processes import End

CASE = Case("search", "it", ("search",), lambda folder: None, ("--resume",))
REFUSED = End(1, 0.1, b"", "run: error[NAS026]: the run in the folder is another one")
KILLED, FINISHED = End(None, 0.1, b"", ""), End(0, 0.1, b"", "")


@pytest.mark.parametrize(
    ("last", "written", "lost"),
    [
        (FINISHED, "all", ""),
        (FINISHED, "half", "run/model.onnx"),
        (REFUSED, "all", "it cannot be gone on with: 1, run: error[NAS026]"),
        (KILLED, "all", "it cannot be gone on with: None"),
    ],
)
def test_a_run_that_does_not_come_to_its_end_is_lost(
    last: End, written: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forked(arguments: Sequence[str], folder: Path, accident: Accident | None = None) -> End:
        is_first, ends = "--resume" not in arguments, accident is None
        (folder / "run").mkdir(exist_ok=True)
        if ends:
            (folder / "run" / "model.onnx").write_text("all" if is_first else written)
        return FINISHED if ends and is_first else last if ends else KILLED

    monkeypatch.setattr(trial, "called", lambda base, folder: None)
    monkeypatch.setattr(trial, "forked", forked)
    trials = trial.Trials(CASE, tmp_path / "trials", random.Random(0), (After,), 0.0)
    trials.run(1)
    assert (trials.tally.trials, trials.tally.same) == (1, int(not lost))
    assert lost in "".join(trials.tally.lost)
    assert bool(trials.tally.lost) == bool(lost)

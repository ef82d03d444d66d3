"""Who writes to a run holds it, and nothing is left of that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dslnas.runs.hold import holding, lock_of

HOLDER = """
import sys, time
from pathlib import Path
from dslnas.runs.hold import holding
with holding(Path(sys.argv[1])) as is_ours:
    print(is_ours, flush=True)
    time.sleep(60)
"""


def test_one_holds_and_the_next_has_it_after(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with holding(run) as first, holding(run) as second:
        assert (first, second) == (True, False)
    with holding(run) as third:
        assert third
    assert not list(tmp_path.iterdir())


def test_a_lock_whose_file_was_removed_by_another_holder_is_not_taken_for_one(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    with holding(run):
        lock_of(run).unlink()
        with holding(run) as is_ours:
            assert is_ours


def test_the_death_of_a_process_ends_what_it_held(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with holding(run) as is_ours:
            assert not is_ours
        process.kill()
        process.wait()
    with holding(run, patience=5) as is_ours:
        assert is_ours

"""Who writes to a run holds it, and nothing is left of that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dslnas import files
from dslnas.diagnostics import UserError
from dslnas.runs.hold import held, holding, is_held, lock_of

HOLDER = """
import os, sys, time
from pathlib import Path
from dslnas.runs.hold import holding
with holding(Path(sys.argv[1])) as is_ours:
    child = os.fork()
    if child:
        print(child, flush=True)
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


def test_who_looks_whether_a_path_is_held_disturbs_nobody(tmp_path: Path) -> None:
    run = tmp_path / "run"
    lock_of(run).touch(0o400)  # left by a process of another user that was killed
    assert is_held(run) is False
    assert lock_of(run).exists()
    lock_of(run).chmod(0o600)
    with holding(run):
        assert is_held(run)


def test_a_link_that_leads_to_itself_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    message = "NAS021.*too many levels of symbolic links"
    with pytest.raises(UserError, match=message), held(tmp_path / "circle" / "run"):
        pytest.fail("it cannot be held")
    assert is_held(tmp_path / "circle") is False


def test_nobody_can_tell_where_a_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    monkeypatch.setattr(files, "fcntl", None)
    with holding(run) as is_ours:
        assert is_ours
        assert is_held(run) is None
    assert is_held(run) is False


def test_the_death_of_a_process_ends_what_it_held_though_one_that_it_forked_lives(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            with holding(run) as is_ours:
                assert not is_ours
            process.kill()
            process.wait()
            with holding(run, patience=5) as is_ours:
                assert is_ours
        finally:
            os.kill(child, signal.SIGKILL)


def test_who_holds_a_path_goes_on_holding_it_and_no_other(tmp_path: Path) -> None:
    run = tmp_path / "folder" / "run"
    with held(run), held(run), ThreadPoolExecutor() as pool:

        def hold() -> None:
            with held(run):
                pass

        with pytest.raises(UserError, match=r"NAS030.*another process is at it"):
            pool.submit(hold).result()
    assert not [*tmp_path.iterdir()], "folders that were made for a lock go with it"


def test_a_folder_is_locked_itself_where_no_lock_can_be_opened_beside_it(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    lock_of(run).mkdir()
    with holding(run) as first, holding(run) as second:
        assert (first, second) == (True, False)

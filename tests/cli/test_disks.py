"""Disks that are full, or that nobody may write to any more: real ones, where they can be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dslnas.cli.render.progress import Progress
from dslnas.training.records import Line, StepRecord
from tests.cli.outcome import assert_same, search
from tests.small import LONGER

pytestmark = pytest.mark.slow


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(LONGER)
    return path


class Disk:
    """A disk in memory, in the place of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def have(self, kilobytes: int) -> None:
        """Let it have room for so much."""
        self._mount(f"remount,size={kilobytes}k")

    def may_write(self, *, may: bool) -> None:
        """Let nobody write to it, or let them again."""
        self._mount("remount,rw" if may else "remount,ro")

    def begin(self) -> None:
        """Put it there, or skip the test."""
        self.path.mkdir()
        try:
            self._mount("size=64m")
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no disk can be made here: {error}")

    def _mount(self, options: str) -> None:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)]
        subprocess.run(command, check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk, in the place of the folder of a run."""
    made = Disk(tmp_path / "out")
    made.begin()
    yield made
    subprocess.run(["umount", str(made.path)], check=True)


@pytest.mark.parametrize("kilobytes", [4, 8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192])
def test_a_run_on_a_full_disk_is_told_and_goes_on_when_there_is_room(
    kilobytes: int, spec: Path, whole: Path, disk: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    disk.have(kilobytes)
    assert search(spec, disk.path) == 1
    printed = capsys.readouterr().err
    assert "error[NAS021]: cannot be written: no space left on device" in printed
    assert "Traceback" not in printed
    disk.have(8192)
    resume = ["--resume"] if (disk.path / "manifest.json").exists() else []
    assert search(spec, disk.path, *resume) == 0, capsys.readouterr().err
    assert_same(whole, disk.path)


@pytest.mark.parametrize(("stage", "step"), [("search", 1), ("retrain", 2)])
def test_a_run_whose_disk_can_only_be_read_any_more_goes_on_when_it_can_be_written(
    stage: str,
    step: int,
    spec: Path,
    whole: Path,
    disk: Disk,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = Progress.__call__

    def show(self: Progress, record: Line | StepRecord) -> None:
        shown(self, record)
        if isinstance(record, StepRecord) and (record.stage, record.step) == (stage, step):
            disk.may_write(may=False)

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", show)
        assert search(spec, disk.path) == 1
    printed = capsys.readouterr().err
    assert "error[NAS021]: cannot be written: read-only file system" in printed
    disk.may_write(may=True)
    assert search(spec, disk.path, "--resume") == 0, capsys.readouterr().err
    assert_same(whole, disk.path)


CALLS = {
    "fsync": ("EIO", 9),
    "rename": ("EROFS", 12),
    "unlink": ("EACCES", 3),
    "flock": ("ENOLCK", 1),
    "chmod": ("EPERM", 7),
}
"""Calls of the system by name, each with its error and the number of the first that fails."""


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_the_system_refuses_is_told_and_the_run_goes_on(
    call: str, spec: Path, whole: Path, tmp_path: Path
) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("there is no strace")
    error, first = CALLS[call]
    refusing = f"inject={call}:error={error}:when={first}+"
    out, log = tmp_path / "out", tmp_path / "calls"
    command = [sys.executable, "-m", "dslnas", "compile", str(spec), "--search", "--out", str(out)]
    traced = [strace, "-f", "-o", str(log), "-e", f"trace={call}", "-e", refusing, *command]
    refused = subprocess.run(traced, capture_output=True, text=True, check=False, env=_one_thread())
    if not log.exists() or "INJECTED" not in log.read_text():
        pytest.skip(f"strace may not refuse calls here: {refused.stderr[-200:]}")
    is_told = refused.returncode == 1 and "error[NAS021]: cannot be written" in refused.stderr
    assert is_told or refused.returncode == 0, refused.stderr
    assert "Traceback" not in refused.stderr
    resume = ["--resume"] if (out / "manifest.json").exists() else []
    again = subprocess.run(
        [*command, *resume], capture_output=True, text=True, check=False, env=_one_thread()
    )
    assert again.returncode == 0, again.stderr
    assert_same(whole, out)


def _one_thread() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}

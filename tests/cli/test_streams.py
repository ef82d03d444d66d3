"""Standard streams that are missing, full, or closed at their other end."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dslnas.cli.main import UNREAD, run
from tests.small import SMALL

COMMANDS = {
    "check": ["check", "small.nas"],
    "show": ["show", "small.nas"],
    "show --json": ["show", "--json", "small.nas"],
    "compile": ["compile", "small.nas"],
    "explain": ["explain", "NAS201"],
    "grammar": ["grammar", "card"],
    "schema": ["schema", "manifest"],
    "help": ["--help"],
    "version": ["--version"],
    "help of a command": ["check", "--help"],
    "new": ["new", "first.nas", "--data", "digits"],
}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


class Broken(io.StringIO):
    """Output that cannot be written."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def write(self, text: str) -> int:
        """Refuse the text."""
        raise OSError(self.code, os.strerror(self.code))

    def flush(self) -> None:
        """Refuse what is left of it."""
        raise OSError(self.code, os.strerror(self.code))


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("spec")
def test_every_command_ends_quietly_with_the_reader_of_its_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(errno.EPIPE))
    assert run(COMMANDS[name]) == UNREAD
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("spec")
def test_every_command_says_that_the_disk_of_its_output_is_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(errno.ENOSPC))
    assert run(COMMANDS[name]) == 1
    assert capsys.readouterr().err == (
        "<stdout>: error[NAS021]: cannot be written: no space left on device\n"
        "  = help: free some space, or write it elsewhere\n"
    )


def test_the_pipe_of_something_else_that_broke_is_a_fault(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise BrokenPipeError(errno.EPIPE, "a worker is gone")

    monkeypatch.setattr("dslnas.cli.commands.check.check_spec", fail)
    assert run(["check", str(spec)]) == 3
    assert "a worker is gone" in capsys.readouterr().err


# ---- processes ----------------------------------------------------------------------------------


def shell(line: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of Bash, in which `"$@"` is the command."""
    command = [sys.executable, "-m", "dslnas", *arguments]
    return subprocess.run(
        ["bash", "-c", line, "bash", *command], cwd=folder, capture_output=True, text=True
    )


def test_a_reader_that_is_gone_leaves_no_word_from_python(spec: Path) -> None:
    done = shell('"$@" | true; exit ${PIPESTATUS[0]}', "show", spec.name, folder=spec.parent)
    assert (done.returncode, done.stdout, done.stderr) == (UNREAD, "", "")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is one of Linux")
def test_a_full_disk_is_told_once(spec: Path) -> None:
    done = shell('"$@" > /dev/full', "show", spec.name, folder=spec.parent)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("<stdout>: error[NAS021]: cannot be written")
    assert len(done.stderr.splitlines()) == 2


SEARCH = ("compile", "small.nas", "--search", "--out", "run")
LINES: dict[str, tuple[str, tuple[str, ...], int]] = {
    "nothing on stdin": ('"$@" <&-', ("check", "-"), 1),
    "no stdin to ask": ('"$@" <&-', ("new", "first.nas"), 0),
    "no stdout": ('"$@" >&-', ("show", "--json", "small.nas"), 0),
    "no stderr": ('"$@" 2>&-', ("check", "bad.nas"), 1),
    "no stream at all": ('"$@" <&- >&- 2>&-', ("schema", "manifest"), 0),
    "a full log of a run": ('"$@" 2>/dev/full', SEARCH, 0),
    "no log of a run": ('"$@" 2>&-', SEARCH, 0),
    "a log that nobody reads": ('"$@" 2>&1 >out | true; exit ${PIPESTATUS[0]}', SEARCH, 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LINES)
def test_missing_streams_change_no_answer(spec: Path, name: str) -> None:
    line, arguments, code = LINES[name]
    (spec.parent / "bad.nas").write_text("use nothing.here\n")
    done = shell(line, *arguments, folder=spec.parent)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if arguments is SEARCH:
        assert '"status": "finished"' in (spec.parent / "run" / "manifest.json").read_text()


LIMITS: dict[str, tuple[str, str]] = {
    **{f"{count} files": (f"ulimit -n {count}", "too many open files") for count in (6, 8, 12)},
    **{f"{size} kB": (f"ulimit -v {size}", "out of memory") for size in (200_000, 400_000, 10**6)},
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_of_the_system_is_told_and_the_run_goes_on_without_it(
    spec: Path, name: str
) -> None:
    limit, told = LIMITS[name]
    done = shell(f'{limit}; "$@"', *SEARCH, folder=spec.parent)
    if done.returncode != 0:
        assert done.returncode == 1, done.stderr
        assert told in done.stderr
        assert "internal error" not in done.stderr
        done = shell('"$@"', *SEARCH, "--resume", folder=spec.parent)
    assert done.returncode == 0, done.stderr

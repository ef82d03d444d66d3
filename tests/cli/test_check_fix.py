"""`dslnas check --fix`: what it writes, what it leaves, and what it says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dslnas.cli.main import run
from tests.small import SMALL

BAD = SMALL.replace("epochs  1", "epoch  1", 1).replace("subset  10%", "subset  120%")
LEFT = "bad.nas:25:13: error[NAS502]: `subset` must be at most 1, not 120%"


@pytest.fixture(autouse=True)
def bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("bad.nas")
    path.write_text(BAD)
    return path


def test_what_is_certain_is_mended_and_what_remains_is_told(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", "--fix", "bad.nas"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "--- bad.nas (before)\n+++ bad.nas (after)\n" in printed.err
    assert "\n-    epoch  1\n+    epochs  1\n" in printed.err
    assert LEFT in printed.err
    assert printed.err.count("error[") == 1
    assert bad.read_text() == BAD.replace("epoch  1", "epochs  1")


def test_a_spec_that_is_right_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    good = Path("good.nas")
    good.write_text(SMALL)
    before = good.stat()
    assert run(["check", "--fix", "--guess", "good.nas"]) == 0
    assert capsys.readouterr() == ("good.nas: ok\n", "")
    assert good.stat() == before


def test_line_ends_and_the_mark_in_front_stay(bad: Path) -> None:
    bad.write_bytes(b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode())
    assert run(["check", "--fix", "bad.nas"]) == 1
    mended = BAD.replace("epoch  1", "epochs  1").replace("\n", "\r\n")
    assert bad.read_bytes() == b"\xef\xbb\xbf" + mended.encode()


def test_a_file_of_one_line_takes_line_feeds(bad: Path) -> None:
    bad.write_text("use papers.darts search darts data digits")
    assert run(["check", "--fix", "bad.nas"]) == 0
    assert bad.read_bytes() == b"use papers.darts\nsearch darts\ndata digits"


def test_permissions_stay_and_a_protected_file_is_not_written(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad.chmod(0o600)
    assert run(["check", "--fix", "bad.nas"]) == 1
    assert bad.stat().st_mode & 0o777 == 0o600
    bad.write_text(BAD)
    bad.chmod(0o444)
    capsys.readouterr()
    assert run(["check", "--fix", "bad.nas"]) == 1
    assert bad.read_text() == BAD
    assert capsys.readouterr().err == (
        "bad.nas: error[NAS021]: cannot be written: the file is write-protected\n"
        "  = help: let it be written to, or change a copy of it\n"
    )


def test_a_link_stays_a_link(bad: Path) -> None:
    link = Path("link.nas")
    link.symlink_to(bad)
    assert run(["check", "--fix", "link.nas"]) == 1
    assert link.is_symlink()
    assert "epochs  1" in bad.read_text()


def test_files_that_a_spec_uses_are_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    ops = Path("ops.nas")
    ops.write_text("op block = konv(3)\n")
    Path("user.nas").write_text('use "ops.nas"\n' + SMALL)
    assert run(["check", "--fix", "user.nas"]) == 1
    assert ops.read_text() == "op block = konv(3)\n"
    assert "did you mean `conv`?" in capsys.readouterr().err


def test_stdin_is_mended_to_stdout(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SMALL.replace("epochs  1", "epoch  1", 1)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run(["check", "--fix", "-"]) == 0
    printed = capsys.readouterr()
    assert printed.out == SMALL
    assert "+++ <stdin> (after)" in printed.err
    assert printed.err.endswith("<stdin>: ok\n")


def test_a_guess_is_made_only_if_it_is_asked_for(
    bad: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = SMALL.replace("epochs  1", "epochs  1\n    epochs  2", 1)
    bad.write_text(twice)
    assert run(["check", "--fix", "bad.nas"]) == 1
    assert bad.read_text() == twice
    assert run(["check", "--fix", "--guess", "bad.nas"]) == 0
    assert bad.read_text() == SMALL
    assert run(["check", "--guess", "bad.nas"]) == 2
    assert "--guess needs --fix" in capsys.readouterr().err


def test_what_cannot_be_read_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "--fix", "nowhere.nas", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=nowhere.nas")
    assert run(["check", "--fix", "-", "bad.nas"]) == 2

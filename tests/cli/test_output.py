"""Output that its encoding has no letters for."""

from __future__ import annotations

import errno
import gc
import io
import json
import sys
from pathlib import Path

import pytest

from dslnas.cli.main import main, run
from dslnas.cli.options import print_json


def test_letters_that_the_output_lacks_end_no_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the output goes into a file or a pipe on many a Windows."""
    spec, output = tmp_path / "Łódź.nas", io.BytesIO()
    spec.write_text("cell a { }  # ↦\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["dslnas", "fmt", str(spec), "--check"])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, "cp1252"))
    try:
        with pytest.raises(SystemExit) as end:
            main()
    finally:
        gc.unfreeze()
        gc.enable()
    assert end.value.code == 1
    sys.stdout.flush()
    assert r"\u0141ód\u017a.nas".encode("cp1252") in output.getvalue()


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_json_is_json_in_every_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output, encoding))
    print_json({"name": "Łódź"})
    sys.stdout.flush()
    assert json.loads(output.getvalue().decode(encoding)) == {"name": "Łódź"}


class Full(io.StringIO):
    """A file on a disk without space."""

    def write(self, text: str) -> int:
        """Refuse the text."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", Full())
    assert run(["explain", "NAS201"]) == 1
    assert capsys.readouterr().err == (
        "<stdout>: error[NAS021]: cannot be written: no space left on device\n"
        "  = help: free some space, or write it elsewhere\n"
    )


def test_a_folder_that_was_removed_under_the_shell_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run(["new", "x.nas", "--data", "digits"]) == 1
    assert capsys.readouterr().err == (
        ".: error[NAS001]: the folder of this shell is gone\n  = help: go to another with `cd`\n"
    )

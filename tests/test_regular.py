"""Files that are read: what is opened, and what is not."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dslnas.regular import regular


def test_files_and_folders_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.touch()
    (tmp_path / "link").symlink_to(file)
    assert regular(file) == file
    assert regular(tmp_path / "link") == tmp_path / "link"
    with pytest.raises(IsADirectoryError):
        regular(tmp_path).open("rb")
    with pytest.raises(FileNotFoundError):
        regular(tmp_path / "b")


def test_pipes_sockets_and_devices_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for path in ("pipe", "link", "socket", os.devnull):
            with pytest.raises(OSError, match=f"Neither a file nor a folder: '{path}'"):
                regular(Path(path))

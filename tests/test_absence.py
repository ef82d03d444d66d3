"""Reasons why nothing is found at a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dslnas.absence import absence, advice_on

LINK, HOLDS = "give what the link should lead to", "write what it holds into a file"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "dangling").symlink_to("gone")
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("circle", ("is a link that leads to itself", LINK)),
        ("dangling", ("is a link to nothing", LINK)),
        ("nowhere", ("folder does not exist", "")),
        ("no\0name", ("folder does not exist", "")),
        ("file", ("is no folder", "")),
        ("", ("is a folder", "give a file in it")),
        ("pipe", ("is neither a file nor a folder", HOLDS)),
    ],
)
def test_the_reason_why_nothing_is_there_is_told(
    folder: Path, name: str, told: tuple[str, str]
) -> None:
    assert absence(folder / name, "folder") == told


@pytest.mark.parametrize(
    ("name", "advice"),
    [("circle", LINK), ("file/more", "`{folder}/file` is a file, not a folder"), ("nowhere", "")],
)
def test_what_cannot_be_read_has_advice_by_its_reason(folder: Path, name: str, advice: str) -> None:
    path = folder / name
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        path.read_bytes()
    assert advice_on(caught.value, path) == advice.format(folder=folder)
    assert advice_on(ValueError("embedded null byte"), path) == ""

"""Paths that lead nowhere, and the advice for each."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dslnas.data.files import path_of, required_path
from dslnas.settings.texts import TextFile
from tests.data.made import error

USUAL = "correct `path` in the data section or pass `--set data.path=DIR`"


def advice(folder: Path, path: str) -> str:
    code, message, help = error(lambda: required_path(folder / path), folder / path)
    assert (code, message) == ("NAS601", "path does not exist")
    return help


@pytest.mark.skipif(os.sep != "/", reason="a backslash is right there")
@pytest.mark.parametrize(
    ("path", "help"),
    [
        (r"texts\mine.txt", "paths are written with `/`: `texts/mine.txt`"),
        (r"texts\old/mine.txt", "paths are written with `/`: `texts/old/mine.txt`"),
        (r"D:\texts", "paths are written with `/` and without a drive: `/texts`"),
        ("$HOME/texts", "variables of the shell are not replaced: write the path out"),
        (r"%TEMP%\texts", "variables of the shell are not replaced: write the path out"),
        (
            "https://example.org/a.zip",
            "data are read from files: fetch them, and give the path where they lie",
        ),
        ("mine.text", "did you mean `mine.txt`?"),
        ("mine.txt ", "did you mean `mine.txt`?"),
        ("photos", USUAL),
        ("photos/of/cats", USUAL),
    ],
)
def test_a_missing_path_is_told_how_it_is_written(tmp_path: Path, path: str, help: str) -> None:
    (tmp_path / "mine.txt").touch()
    assert advice(tmp_path, path) == help


@pytest.mark.parametrize("name", ["it's mine.txt", "a b/ä 日本.txt", "100% $5 (new)#1;{x}.txt"])
def test_names_of_files_are_taken_as_they_are(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert required_path(path_of(TextFile(path=str(path)))) == path


def test_home_is_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert path_of(TextFile(path="~/mine.txt")) == tmp_path / "mine.txt"

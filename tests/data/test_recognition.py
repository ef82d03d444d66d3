"""Which source reads what lies at a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.data import cifar10
from dslnas.data.recognition import RECOGNISES, source_at
from dslnas.settings.data import DATA
from dslnas.settings.images import Cifar10
from tests.data.every_source import MADE
from tests.data.made import error


def test_every_source_with_files_is_known() -> None:
    with_files = {name for name, model in DATA.items() if model.has_files}
    assert with_files == {name for name, _ in RECOGNISES} == MADE.keys()


@pytest.mark.parametrize("source", MADE)
def test_a_source_is_known_by_what_lies_there(source: str, tmp_path: Path) -> None:
    path = MADE[source](tmp_path)
    usual = {"signals": "npz"}.get(source, source)
    assert source_at(path) == usual
    assert source_at(path, own=source) == source


@pytest.mark.parametrize(
    ("name", "content", "source"),
    [
        ("story", b"once upon a time", "text"),
        ("train.tsv", b"a\tb\n1\t2\n", "table"),
        ("ratings.csv", b"user,item,rating\n", "ratings"),
    ],
)
def test_files_are_known_by_name_and_beginning(
    name: str, content: bytes, source: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    assert source_at(tmp_path / name) == source


def test_loose_pictures_are_read_as_pictures_which_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "one.jpg").touch()
    assert source_at(tmp_path) == "images"


def test_cifar10_of_python_is_known_and_then_told_which_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "data_batch_1").touch()
    assert source_at(tmp_path) == "cifar10"
    code, _, help_ = error(lambda: cifar10.shape(Cifar10(path=str(tmp_path))), tmp_path)
    assert (code, "binary version" in help_) == ("NAS602", True)


def test_the_source_of_the_program_reads_what_others_read_too(tmp_path: Path) -> None:
    path = MADE["table"](tmp_path)
    assert source_at(path, own="signals") == "signals"
    assert source_at(path, own="digits") == "table"


def test_what_no_source_reads_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"\0\1")
    for path in (tmp_path / "model.bin", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        code, message, help_ = error(lambda path=path: source_at(path), path)  # type: ignore[misc]
        assert (code, message) == ("NAS612", "no source of data is known by what lies here")
        assert "`images`" in help_


def test_a_path_that_is_not_there_may_be_a_name_that_is_misspelt(tmp_path: Path) -> None:
    code, message, help_ = error(lambda: source_at(tmp_path / "digts"), tmp_path / "digts")
    assert (code, message, help_) == ("NAS601", "path does not exist", "did you mean `digits`?")
    _, _, help_ = error(lambda: source_at(tmp_path / "nix"), tmp_path / "nix")
    assert help_.startswith("give a file or a folder, or one of `digits`, `diabetes`, `text`")

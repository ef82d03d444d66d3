"""Files are whole, and what processes leave of them that are killed goes."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.files import PART, becoming, remove, remove_parts, write_whole


def left(path: Path) -> Path:
    """Return a part of a file, as a process leaves it that was killed."""
    part = path.parent / f".{path.name}.abc{PART}"
    part.write_bytes(b"ha")
    return part


def _write_half(path: Path) -> None:
    with becoming(path) as file:
        file.write(b"two")
        raise BrokenPipeError


def test_a_file_whose_writing_fails_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, "one")
    with pytest.raises(BrokenPipeError):
        _write_half(path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text() == "one"


def test_what_is_left_of_a_file_goes_when_it_is_written_again(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    left(path)
    kept = left(other)
    write_whole(path, "whole")
    assert {*tmp_path.iterdir()} == {path, kept}


def test_a_part_that_somebody_writes_stays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    left(path)
    with becoming(path) as file:
        file.write(b"slow")
        write_whole(path, "quick")
        remove_parts(tmp_path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_text() == "slow"


def test_folders_of_parts_go(tmp_path: Path) -> None:
    folder = tmp_path / f".export-1{PART}"
    folder.mkdir()
    left(folder / "model.py")
    remove_parts(tmp_path)
    assert not [*tmp_path.iterdir()]


def test_what_cannot_be_removed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"NAS021.*cannot be written"):
        remove(tmp_path)


def _write_often(path: Path) -> None:
    for number in range(200):
        write_whole(path, f"{os.getpid()} {number}" * 100)


@pytest.mark.slow
def test_processes_that_write_one_file_at_once_write_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    fork = multiprocessing.get_context("spawn")
    with ThreadPoolExecutor() as pool, fork.Pool(3) as processes:
        others = pool.submit(processes.map, _write_often, [path] * 3)
        while not others.done():
            if path.exists():
                text = path.read_text()
                assert text == text[: len(text) // 100] * 100
        others.result()
    assert [*tmp_path.iterdir()] == [path]

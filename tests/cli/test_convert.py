"""`dslnas convert`: from text, files and stdin to stdout and files."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from dslnas.cli.main import run

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
PROGRAM = """# From a string of NAS-Bench-201.

use papers.nas_bench_201

cell cell201 {
    node n1 = nor_conv(3)(in1)
    node n2 = none(in1) + skip_connect(n1)
    node n3 = bare_avg_pool(3)(in1) + none(n1) + nor_conv(1)(n2)
    output  last(n3)
}
"""


def test_a_string_becomes_a_program_and_a_program_a_string(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["convert", CELL]) == 0
    assert capsys.readouterr().out == PROGRAM
    assert run(["convert", CELL, "--out", str(tmp_path / "cell.nas")]) == 0
    assert run(["check", str(tmp_path / "cell.nas")]) == 0
    capsys.readouterr()
    assert run(["convert", str(tmp_path / "cell.nas")]) == 0
    assert capsys.readouterr().out == f"{CELL}\n"


def test_stdin_is_read(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CELL}\n"))
    assert run(["convert", "-", "--to", "nas-bench-201"]) == 0
    assert capsys.readouterr().out == f"{CELL}\n"
    monkeypatch.setattr("sys.stdin", io.StringIO("nothing\n"))
    assert run(["convert", "-"]) == 1
    assert capsys.readouterr().err.startswith("<stdin>: error[NAS811]: holds no genotype")


def test_a_word_that_is_no_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["convert", "nor_conv_3x3"]) == 1
    assert "texts start with `|` or `Genotype(`" in capsys.readouterr().err
    assert run(["convert", "nor_conv_3x3~0" * 500]) == 1
    assert "file does not exist" in capsys.readouterr().err

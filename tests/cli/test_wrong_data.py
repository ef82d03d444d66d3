"""Mistakes in data: `check` finds what the spec and a look at them tell, and the run the rest.

A run that cannot begin makes no folder, so the same command runs once the data are mended.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dslnas.cli.main import run
from tests.cli.outcome import search
from tests.small import SMALL
from tests.small_text import SMALL_TEXT

TINY = """
use std.cnn
cell normal { inputs 1; preprocess preprocess; node n1 = skip_connect(in1) }
network { channels 2; repeat 0; cells normal }
data npz { path "mine.npz"; split 40%, 20%, 20%, 20%; batch 4 }
evaluate { channels 2; repeat 0; epochs 1; batch 4; drop_path 0 }
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def write_images(folder: Path, *, finite: bool) -> None:
    images = np.random.default_rng(0).random((24, 8, 8)).astype(np.float32)
    if not finite:
        images[3, 2, 1] = np.nan
    np.savez(folder / "mine.npz", x=images, y=np.arange(24) % 2)


def test_a_run_that_fails_on_its_data_leaves_no_folder_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out = write(tmp_path, "tiny.nas", TINY), tmp_path / "out"
    write_images(tmp_path, finite=False)
    assert run(["check", str(spec)]) == 0
    assert run(["export", str(spec), "--out", str(out)]) == 1
    assert "error[NAS603]" in capsys.readouterr().err
    assert not out.exists()
    write_images(tmp_path, finite=True)
    assert run(["export", str(spec), "--out", str(out)]) == 0


@pytest.mark.parametrize("repeats", [(), ("--repeats", "1")])
def test_a_search_that_fails_on_its_data_leaves_no_folder_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], repeats: tuple[str, ...]
) -> None:
    text = SMALL.replace("data digits", "data npz").replace(
        "subset  10%", 'path "mine.npz"; split 40%, 20%, 20%, 20%'
    )
    spec, out = (
        write(tmp_path, "small.nas", text.replace("batch   32", "batch 4")),
        tmp_path / "out",
    )
    write_images(tmp_path, finite=False)
    assert search(spec, out, *repeats, "--set", "evaluate.batch=4") == 1
    assert "error[NAS603]" in capsys.readouterr().err
    assert not out.exists()


def test_a_mistake_in_the_data_shows_the_line_of_the_spec(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write(tmp_path, "tiny.nas", TINY)
    write_images(tmp_path, finite=False)
    assert run(["export", str(spec), "--out", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err == (
        "Reading the data\n"
        f"{spec}:5:17: error[NAS603]: {tmp_path / 'mine.npz'}: "
        "images hold pixels that are not finite\n"
        "  |\n"
        '5 | data npz { path "mine.npz"; split 40%, 20%, 20%, 20%; batch 4 }\n'
        "  |                 ^^^^^^^^^^\n"
        "  = help: replace nan and infinite values before saving\n"
    )


@pytest.mark.parametrize(
    ("changes", "place", "message"),
    [
        (
            ('path "mine.npz"; ', ""),
            "5:1",
            "error[NAS406]: shape of the data is not known",
        ),
        (("mine.npz", "yours.npz"), "5:17", "yours.npz: path does not exist"),
        ((", 20%;", ";"), "5:35", "split has 3 shares but the data have no test part of their own"),
        (
            ("batch 4 }\nevaluate", "batch 4; subset 20% }\nevaluate"),
            "5:71",
            "2 classes have fewer examples in a subset of 20% than the 4 parts of the split: "
            "`0` has 2, `1` has 2",
        ),
        (
            ("epochs 1; batch 4", "epochs 1; batch 17"),
            "6:50",
            "a step reads 17 examples but the parts that train have 16",
        ),
    ],
)
def test_check_finds_what_a_look_at_images_tells(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: tuple[str, str],
    place: str,
    message: str,
) -> None:
    write_images(tmp_path, finite=True)
    spec = write(tmp_path, "tiny.nas", TINY.replace(*changes))
    assert run(["check", str(spec)]) == 1
    error = capsys.readouterr().err
    assert message in error
    if "NAS406" not in message:
        assert error.startswith(f"{spec}:{place}: ")


def test_a_batch_that_a_spec_does_not_name_is_told_with_one_that_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = re.sub(r" *batch +\d+\n", "", SMALL.replace("10%", "3%"))
    assert "batch" not in text
    spec = write(tmp_path, "small.nas", text)
    assert run(["check", str(spec)]) == 1
    help = "= help: write `batch {}` or less in `{}`, or give more data"
    found = capsys.readouterr().err
    assert found.count("error[NAS606]") == 2
    fits = found.partition("parts that train have ")[2].split()[0]
    assert all(help.format(fits, section) in found for section in ("data", "evaluate"))
    batches = [f"--set={section}.batch={fits}" for section in ("data", "evaluate")]
    assert run(["check", str(spec), *batches]) == 0


def test_check_finds_a_batch_larger_than_the_digits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write(tmp_path, "small.nas", SMALL)
    assert run(["check", str(spec), "--set", "data.batch=100000"]) == 1
    message = "error[NAS606]: a step reads 100000 examples but the parts that train have 110"
    assert capsys.readouterr().err.startswith(f"--set:1:12: {message}")


def test_cifar10_is_known_to_be_too_few_without_its_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SMALL.replace("data digits", "data cifar10").replace("10%", "0.04%")
    spec = write(tmp_path, "small.nas", text)
    assert run(["check", str(spec)]) == 1
    assert "10 classes have fewer examples in a subset of 0.04%" in capsys.readouterr().err


def test_check_finds_a_text_too_short_for_a_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = write(tmp_path, "small.nas", SMALL_TEXT)
    assert run(["check", str(spec)]) == 0
    assert run(["check", str(spec), "--set", "data.steps=30"]) == 1
    error = capsys.readouterr().err
    assert "architecture part has 180 tokens but a step reads 8 x 31" in error
    assert error.startswith(f"{spec}:13:13: error[NAS611]: embedded text: ")


def test_a_network_that_is_only_trained_needs_no_part_for_its_architecture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "t.txt", "hello world\n" * 9)
    spec = write(
        tmp_path,
        "lstm.nas",
        'use rnn.lstm\ndata text { path "t.txt" }\n'
        "evaluate { channels 4; epochs 1; batch 8; average 0 }\n",
    )
    out = tmp_path / "out"
    assert run(["check", str(spec), "--set", "evaluate.batch=16"]) == 1
    message = "training parts have 22 tokens but a step reads 16 x 2 or more"
    assert message in capsys.readouterr().err
    assert run(["check", str(spec)]) == 0
    none = ("--set", "data.split=0.8,0.001,0.1,0.099")
    assert run(["export", str(spec), "--out", str(out), *none]) == 0

"""Other data for an architecture: what stays of its own, and what comes from the data."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledArchitecture
from dslnas.diagnostics import UserError
from dslnas.settings.images import ImageFolder
from tests.data.every_source import MADE

CELL = "cnn.darts_v2"
TINY = ["evaluate.channels=2", "evaluate.repeat=0", "evaluate.batch=8"]


def compiled(data: Path | str, architecture: Path | str = CELL, *more: str) -> CompiledArchitecture:
    spec = compile_spec(architecture, [*TINY, *more], data=str(data))
    assert isinstance(spec, CompiledArchitecture)
    return spec


def written(folder: Path, text: str) -> Path:
    path = folder / "own.nas"
    path.write_text(f"use {CELL}\n{text}", encoding="utf-8")
    return path


def complaint(data: Path | str, architecture: str = CELL) -> str:
    with pytest.raises(UserError) as raised:
        compiled(data, architecture)
    return raised.value.render()


@pytest.mark.parametrize(
    ("source", "shape", "classes"),
    [("cifar10", (3, 32, 32), 10), ("idx", (1, 9, 8), 4), ("npz", (1, 8, 8), 4)],
)
def test_sizes_and_classes_are_those_of_the_data(
    source: str, shape: tuple[int, ...], classes: int, tmp_path: Path
) -> None:
    own = written(tmp_path, "network { input 3 x 64 x 64; classes 7 }\ndata cifar10 { seed 3 }\n")
    data = MADE[source](tmp_path)
    for architecture in (CELL, own):
        network = compiled(data, architecture).network
        assert (network.example, network.classes) == (shape, classes)


def test_a_name_is_a_source_unless_something_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert compiled("digits").program.data.source == "digits"
    MADE["idx"](tmp_path)  # into a folder of that name
    data = compiled("digits").program.data
    assert (data.source, data.path) == ("idx", str(tmp_path / "digits"))


def test_the_same_source_keeps_its_settings_and_images_their_size(tmp_path: Path) -> None:
    own = written(
        tmp_path,
        'network { input 3 x 24 x 16; classes 9 }\ndata images { path "old"; fit crop; seed 5; '
        "split 40%, 40%, 10%, 10% }\n",
    )
    parts = MADE["images"](tmp_path)
    spec = compiled(parts, own)
    data = spec.program.data
    assert isinstance(data, ImageFolder)
    assert (data.path, data.fit, data.seed) == (str(tmp_path / "my photos"), "crop", 5)
    assert (spec.network.example, spec.network.classes) == ((3, 24, 16), 2)
    (tmp_path / "parts").mkdir()
    for part in ("train", "test"):
        copytree(parts, tmp_path / "parts" / part)
    assert compiled(tmp_path / "parts", own).program.data.split == (0.45, 0.45, 0.1)


def test_another_source_starts_from_its_own_settings(tmp_path: Path) -> None:
    own = written(tmp_path, "network { input 1 x 8 x 8 }\ndata digits { seed 5; metric f1 }\n")
    spec = compiled(MADE["images"](tmp_path), own, "data.size=20")
    data = spec.program.data
    assert isinstance(data, ImageFolder)
    assert (data.seed, data.metric) == (0, None)
    assert spec.network.example == (3, 20, 20)


def test_data_may_be_those_of_another_spec(tmp_path: Path) -> None:
    MADE["images"](tmp_path)
    (tmp_path / "data.nas").write_text('data images { path "my photos"; size 20 }\n')
    spec = compiled(tmp_path / "data.nas")
    assert spec.program.data.path == str(tmp_path / "my photos")
    assert spec.network.example == (3, 20, 20)
    (tmp_path / "data.nas").write_text("use papers.darts\n")
    assert "data.nas: error[NAS612]: says nothing of its data" in complaint(tmp_path / "data.nas")


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    text = complaint(MADE["text"](tmp_path))
    assert text.startswith("--data:1:1: error[NAS314]: `data text` is read by recurrent cells")
    text = complaint(MADE["images"](tmp_path), "rnn.gru")
    assert text.startswith(
        "--data:1:1: error[NAS314]: recurrent cells read text, not `data images`"
    )
    assert complaint("cifar10") == (
        "--data: error[NAS605]: data source `cifar10` needs a path\n"
        "  = help: give the path instead of the name: `--data PATH`"
    )
    assert "--data: error[NAS605]: no data are named" in complaint("")
    assert "error[NAS401]: `conv` reads images" in complaint(MADE["table"](tmp_path))

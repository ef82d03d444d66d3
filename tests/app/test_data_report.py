import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslnas.app.data_report import DataReport, PartReport, report_data
from dslnas.cli.main import run
from tests.data.made import pixels, write_images

PHOTOS = 'use papers.darts\ndata images { path "photos"; size 8; split 50%, 25%, 25% }\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "spec.nas"
    path.write_text(text)
    return path


def picture(path: Path, seed: int, exif: Image.Exif | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels(10 + seed, 20, 3, seed=seed))
    image.save(path, exif=exif or Image.Exif())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a spec of data that have a test part, and much that has to be told."""
    exif = Image.Exif()
    exif[0x0112] = 6
    train, test = tmp_path / "photos" / "train", tmp_path / "photos" / "test"
    for number in range(6):
        picture(train / "10" / f"{number}.png", number)
        picture(train / "9" / "deep" / f"{number}.png", number + 6)
    picture(train / "9" / "turned.png", 12, exif=exif)
    picture(train / "9" / "again.png", 12, exif=exif)
    picture(test / "10" / "a.png", 0)
    picture(test / "9" / "b.png", 13)
    (train / "9" / "empty.jpg").write_bytes(b"")
    (train / "list.txt").write_text("")
    return written(tmp_path, PHOTOS)


def test_pictures_are_counted_as_a_run_sees_them(photos: Path) -> None:
    report = report_data(photos)
    assert (report.source, report.reads) == ("images", "3 x 8 x 8, 2 classes")
    assert report.outputs == ("9", "10")
    assert {name: part.counts for name, part in report.parts.items()} == {
        "weights": {"9": 4, "10": 3},
        "architecture": {"9": 2, "10": 2},
        "validation": {"9": 2, "10": 1},
        "test": {"9": 1, "10": 1},
    }
    assert report.majority == 6 / 11
    facts = report.pictures
    assert facts is not None
    assert (facts.count, facts.turned, facts.transparent, facts.deep) == (16, 2, 0, 0)
    assert (facts.smallest, facts.median, facts.largest) == ((10, 20), (17, 20), (23, 20))
    assert facts.damaged == {"train/9/empty.jpg": "is empty"}
    assert facts.unread == {".txt": 1}
    assert report.notes[:3] == (
        "read, though they lie in folders below those of their classes: 6 of `9`",
        "not read: 1 .txt file",
        "2 of 16 images were turned upright, as their EXIF says",
    )


def test_what_is_there_twice_is_told(photos: Path) -> None:
    report = report_data(photos)
    doubled = sum(part.doubled or 0 for part in report.parts.values())
    twins, leaked = (
        {names: n for names, n in report.common.items() if ("test" in names) == is_test}
        for is_test in (False, True)
    )
    assert doubled + sum(twins.values()) == 1
    assert sum(leaked.values()) == 1
    named = [sorted(one.name for one in group) for group in report.equal]
    assert sorted(named) == [
        ["test/10/a.png", "train/10/0.png"],
        ["train/9/again.png", "train/9/turned.png"],
    ]
    (found,) = leaked
    note = "1 of 2 examples of the test part are equal to some that train; `dslnas data` names them"
    assert (note in report.notes) == (not found.startswith("validation"))


def test_the_command_prints_the_report_or_json(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(photos)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"spec: data images of {photos.parent / 'photos'}"
    assert [line.split()[0] for line in lines[4:7]] == ["9", "10", "examples"]
    assert lines[5].split() == ["10", "3", "2", "1", "1", "7"]
    at = lines.index("cannot be read: train/9/empty.jpg is empty")
    assert lines[at + 1] == "  a run refuses them, or leaves them out with `skip damaged`"
    assert any(line.startswith("equal: train/10/0.png (") for line in lines)
    assert "pictures, height x width: 10 x 20 to 23 x 20, 17 x 20 in the middle" in lines
    assert run(["data", str(photos), "--json"]) == 0
    printed = capsys.readouterr().out
    assert DataReport.model_validate_json(printed) == report_data(photos)
    assert run(["schema", "data"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["properties"].keys() == json.loads(printed).keys()


@pytest.mark.parametrize(
    ("data", "changes", "outputs", "counts", "majority"),
    [
        ("digits", ["data.subset=10%"], 10, {str(n): 7 for n in range(10)}, 0.1),
        ("digits", ["data.task=multilabel", "data.subset=10%"], 7, None, None),
        ("diabetes", [], 1, {}, None),
        ("text", ["data.subset=1%"], 0, {"tokens": 1258, "characters": 1258}, None),
        ("simulated_ratings", [], 0, {"unknown user": 0, "unknown item": 0}, None),
    ],
)
def test_every_source_is_counted(
    tmp_path: Path,
    data: str,
    changes: list[str],
    outputs: int,
    counts: dict[str, int] | None,
    majority: float | None,
) -> None:
    homes = {"text": "papers.darts_rnn", "simulated_ratings": "papers.sif"}
    home = homes.get(data, "papers.darts")
    if data == "diabetes":
        spec = written(tmp_path, TABLE)
    else:
        spec = written(tmp_path, f"use {home}\ndata {data}\n")
    report = report_data(spec, changes)
    assert len(report.outputs) == outputs
    weights = report.parts["weights"]
    assert isinstance(weights, PartReport)
    assert counts is None or counts.items() <= weights.counts.items()
    assert report.pictures is None
    assert report.majority == (None if majority is None else pytest.approx(majority, abs=0.02))


TABLE = """
use std.common
op layer = linear(C) -> relu
cell block { inputs 1; nodes 1; choose identity, layer; output mean }
network { stem linear(C); cells block; head linear(classes) }
data diabetes
"""


def test_the_report_says_that_runs_leave_out_what_is_damaged_if_they_do(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(photos), "--set", "data.skip=damaged"]) == 0
    printed = capsys.readouterr().out
    assert "is empty\n  runs leave them out, as `skip damaged` says\n" in printed
    assert printed.count("empty.jpg") == 1


def test_two_arrays_that_share_examples_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = pixels(40, 6, 6)
    labels = np.arange(40) % 2
    np.savez(
        tmp_path / "a.npz", x_train=images, y_train=labels, x_test=images[:4], y_test=labels[:4]
    )
    spec = written(tmp_path, 'use papers.darts\ndata npz { path "a.npz" }')
    report = report_data(spec)
    assert sum(report.common.values()) == 4
    assert "of 4 examples of the test part are equal to some that train" in report.notes[-1]
    assert {one.name for group in report.equal for one in group} == {"0", "1", "2", "3"}
    assert run(["data", str(spec)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("equal: ") and "0 (test)" in line for line in lines) == 1


def test_a_part_that_is_not_read_is_named_where_the_split_counts_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "photos" / "train", {"ant": 9, "bee": 9})
    picture(tmp_path / "photos" / "test" / "1.png", 0)
    assert run(["check", str(written(tmp_path, PHOTOS))]) == 1
    error = capsys.readouterr().err
    assert "split has 3 shares but the data have no test part of their own" in error
    assert "or leave `split` out; not read, as they lie beside the folders of classes" in error


def test_a_picture_in_two_classes_is_told(tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        for number in range(8):
            picture(tmp_path / "photos" / name / f"{number}.png", number + 8 * (name == "bee"))
    picture(tmp_path / "photos" / "ant" / "twin.png", 9)
    report = report_data(written(tmp_path, PHOTOS.replace("; split 50%, 25%, 25%", "")))
    note = "2 examples are equal to some of another class; `dslnas data` names them"
    assert report.notes[-1] == note
    (pair,) = report.equal
    assert {one.name for one in pair} == {"ant/twin.png", "bee/1.png"}


def test_wrong_data_are_an_error_at_their_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_images(tmp_path / "photos", {"ant": 9, "bee": 2})
    spec = written(tmp_path, PHOTOS.replace("; split 50%, 25%, 25%", ""))
    assert run(["data", str(spec)]) == 1
    error = capsys.readouterr().err
    assert "spec.nas:2:20: error[NAS606]" in error
    assert "class `bee` has 2 examples but the split has 4 parts" in error

"""From a folder of photos to a model of one's own, by what the README and messages say alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslnas.cli.main import run
from tests.exporters.brief import check_briefly

README = Path(__file__).resolve().parents[2] / "README.md"
SIZES = ((120, 90), (90, 120), (128, 72))
"""Width and height as phones have them, made smaller."""

BRIEF = (
    "network.channels=4",
    "network.repeat=1",
    "data.subset=60%",
    "search.epochs=1",
    "evaluate.channels=4",
    "evaluate.repeat=1",
    "evaluate.epochs=1",
)


def write_photos(folder: Path) -> None:
    """Write 300 JPEGs of discs and bars: a third stored turned, a third deeper, and one cut."""
    random = np.random.default_rng(0)
    for number in range(300):
        width, height = SIZES[number % 3]
        across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
        is_disc = number % 2 == 0
        shape = across**2 + down**2 < 0.4 if is_disc else abs(across) < 0.3
        colours = random.integers(0, 256, (2, 3))
        picture = Image.fromarray(colours[shape.astype(int)].astype(np.uint8))
        exif = Image.Exif()
        if number % 3 == 1:
            picture = picture.transpose(Image.Transpose.ROTATE_90)
            exif[0x0112] = 6
        place = folder / ("discs" if is_disc else "bars") / ("2024" if number % 3 == 2 else "")
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"IMG_{number:04}.JPG", "JPEG", exif=exif)
    cut = folder / "bars" / "IMG_0001.JPG"
    cut.write_bytes(cut.read_bytes()[:700])
    (folder / "bars" / "notes.txt").write_text("taken in May")


@pytest.mark.slow
def test_photos_become_a_model_by_what_the_readme_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    check_briefly(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos")
    readme = README.read_text(encoding="utf-8")
    section = readme[readme.index("## A first spec of your own") :]
    (found,) = re.findall(r"^```\n(use .*?)^```$", section, re.M | re.S)[:1]
    spec = tmp_path / "photos.nas"
    spec.write_text(found)
    assert "dslnas check photos.nas" in section
    assert run(["check", "photos.nas"]) == 1
    error = capsys.readouterr().err
    assert "1 of 300 images cannot be read: bars/IMG_0001.JPG is cut short" in error
    assert "`skip damaged`" in error
    spec.write_text(found.replace("size     32", "size     32\n    skip     damaged"))
    assert run(["check", "photos.nas"]) == 0
    assert "read, though they lie in folders below" in capsys.readouterr().err

    assert "dslnas data photos.nas" in section
    assert run(["data", "photos.nas", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["outputs"] == ["bars", "discs"]
    assert report["pictures"]["count"] == 299
    assert report["pictures"]["turned"] == 99
    assert report["pictures"]["unread"] == {".txt": 1}

    assert "dslnas compile photos.nas --search" in section
    changes = [word for change in BRIEF for word in ("--set", change)]
    assert run(["compile", "photos.nas", "--search", "--out", "mine", *changes]) == 0
    manifest = json.loads((tmp_path / "mine" / "manifest.json").read_text())
    assert manifest["status"] == "finished"
    assert [note.partition(":")[0] for note in manifest["facts"]["notes"]] == [
        "read, though they lie in folders below those of their classes",
        "not read",
        "99 of 299 images were turned upright, as their EXIF says",
        "left out, as they cannot be read",
    ]
    assert {"model.onnx", "predict.py"} <= {path.name for path in (tmp_path / "mine").iterdir()}

    assert "dslnas predict " in section
    assert run(["predict", "mine", "photos/discs/IMG_0000.JPG", "photos/bars/2024"]) == 0
    assert len(capsys.readouterr().out.splitlines()) >= 51

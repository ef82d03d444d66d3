import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from dslnas.data import preprocessing as module
from dslnas.data.preprocessing import PictureError, Preprocessing
from tests.data.made import pixels

GREY = Preprocessing("L", 4, 4, mean=(0.25,), std=(0.5,))


def saved(path: Path, array: NDArray[np.generic]) -> Path:
    """Save an array as a picture."""
    Image.fromarray(array).save(path)
    return path


@pytest.mark.parametrize(
    ("number", "level", "suffix"),
    [
        (np.uint16(40_000), 156, "png"),
        (np.uint16(255), 0, "png"),
        (np.int32(40_000), 156, "tif"),
        (np.float32(0.5), 128, "tif"),
        (np.float32(1), 255, "tif"),
    ],
)
def test_deep_pictures_are_scaled_by_one_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: np.generic, level: int, suffix: str
) -> None:
    monkeypatch.setattr(module, "FORMATS", ("PNG", "TIFF"))
    path = saved(tmp_path / f"deep.{suffix}", np.full((3, 5), number))
    np.testing.assert_array_equal(GREY.decode(path), np.full((3, 5, 1), level))


@pytest.mark.parametrize(
    ("number", "most"),
    [
        (np.int32(70_000), 65535),
        (np.int32(-1), 65535),
        (np.float32(1.5), 1),
        (np.float32("nan"), 1),
    ],
)
def test_numbers_whose_range_nothing_tells_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: np.generic, most: int
) -> None:
    monkeypatch.setattr(module, "FORMATS", ("TIFF",))
    path = saved(tmp_path / "deep.tif", np.full((3, 5), number))
    message = f"image has values outside of 0 to {most}: save it with 8 or 16 bits a channel"
    with pytest.raises(PictureError, match=f"^{message}$"):
        GREY.decode(path)


def test_one_level_of_deep_grey_may_be_transparent(tmp_path: Path) -> None:
    path = tmp_path / "deep.png"
    levels = np.array([[5000, 5001], [40_000, 5000]], np.uint16)
    Image.fromarray(levels).save(path, transparency=5000)
    found = Preprocessing("RGBA", 2, 2).decode(path)
    np.testing.assert_array_equal(found[:, :, 3], [[0, 255], [255, 0]])
    np.testing.assert_array_equal(GREY.decode(path)[:, :, 0], [[255, 19], [156, 255]])


def test_hidden_colours_do_not_count(tmp_path: Path) -> None:
    noise = pixels(6, 6, 4)
    noise[:, :, 3] = np.where(np.arange(6) < 3, 0, 255)
    shown = np.where(noise[:, :, 3:] == 0, 255, noise[:, :, :3])
    how = Preprocessing("RGB", 4, 4)
    found = how.decode(saved(tmp_path / "hidden.png", noise))
    np.testing.assert_array_equal(found, shown)


@pytest.mark.parametrize("sides", [(9, 50), (50, 9), (31, 33), (16, 8), (8, 16), (90, 100)])
def test_the_fits_are_those_of_pillow(sides: tuple[int, int]) -> None:
    """By a level at most: versions of Pillow differ in the order of their passes."""
    picture = pixels(*sides, 3)
    image, size, how = Image.fromarray(picture), (8, 16), Image.Resampling.BILINEAR
    fitted = {
        "stretch": image.resize(size, how),
        "pad": ImageOps.pad(image, size, how),
        "crop": ImageOps.fit(image, size, how),
    }
    for fit, expected in fitted.items():
        found = Preprocessing("RGB", 16, 8, fit).resize(picture)
        assert np.abs(found - np.asarray(expected, np.int16)).max() <= 1, fit


def test_the_middle_of_a_scaled_picture_is_kept() -> None:
    """By a level at most, see above; of sides for which the cut is between pixels."""
    picture = pixels(96, 64, 3)
    scaled = Image.fromarray(picture).resize((32, 48), Image.Resampling.BILINEAR)
    expected = np.asarray(scaled.crop((4, 14, 28, 34)), np.int16)
    found = Preprocessing("RGB", 20, 24, "crop", shorter_side=32).resize(picture)
    assert np.abs(found - expected).max() <= 1


def test_a_picture_of_the_size_of_the_network_is_scaled_too() -> None:
    picture = pixels(8, 8, 1)
    assert np.array_equal(Preprocessing("L", 8, 8, "crop", shorter_side=8).resize(picture), picture)
    found = Preprocessing("L", 8, 8, "crop", shorter_side=16).resize(picture)
    image, how = Image.fromarray(picture[:, :, 0]), Image.Resampling.BILINEAR
    inner = np.asarray(image.resize((8, 8), how, (2, 2, 6, 6)), np.int16)
    assert np.abs(found[:, :, 0] - inner).max() <= 1


def test_a_line_is_padded_and_not_lost() -> None:
    found = Preprocessing("L", 8, 8, "pad").resize(np.full((1, 100, 1), 200, np.uint8))
    assert found.max(axis=(1, 2)).tolist() == [0, 0, 0, 0, 200, 0, 0, 0]


def test_numbers_are_those_of_training_to_the_bit() -> None:
    mean, std = (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616)
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    found = Preprocessing("RGB", 16, 16, mean=mean, std=std).normalise(levels)
    trained = torch.from_numpy(levels.transpose(2, 0, 1)[None].copy()).float().div_(255)
    trained.sub_(torch.tensor(mean).view(-1, 1, 1)).div_(torch.tensor(std).view(-1, 1, 1))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, trained.numpy())


def test_the_text_of_a_preprocessing_gives_the_same_again() -> None:
    how = Preprocessing("RGBA", 5, 7, "crop", (0.1,) * 4, (1 / 3,) * 4, "", "light on dark")
    how = replace(how, shorter_side=9)
    assert Preprocessing.from_json(how.to_json()) == how


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(Pillow)", "(CV)", "`interpolation` cannot be `bilinear with antialiasing (CV)`"),
        ('"divisor": 255', '"divisor": 1', "`divisor` cannot be `1`"),
        ('"mean"', '"average"', "`mean` is missing"),
        ('"mean"', '"more": 1, "mean"', "`more` is unknown"),
        ('"L"', '"XYZ"', "`mode` cannot be `XYZ`"),
        ('"L"', "[1]", "`mode` cannot be `[1]`"),
        ('"height": 4', '"height": 0', "`height` cannot be `0`"),
        ('"width": 4', '"width": 4.0', "`width` cannot be `4.0`"),
        ("stretch", "wobble", "`fit` cannot be `wobble`"),
        ('"shorter_side": null', '"shorter_side": 8', "`shorter_side` cannot be `8`"),
        ("[0.25]", "[0.25, 0.25]", "`mean` cannot be `[0.25, 0.25]`"),
        ("[0.25]", "0.25", "`mean` cannot be `0.25`"),
        ("[0.5]", "[0]", "`std` cannot be `[0]`"),
        ("[0.5]", "[NaN]", "`std` cannot be `[nan]`"),
        ("white", "whight", "`background` cannot be `whight`"),
        ('"polarity": ""', '"polarity": 1', "`polarity` cannot be `1`"),
        ("}", "", "no object in JSON"),
    ],
)
def test_what_is_not_done_here_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Preprocessing.from_json(GREY.to_json().replace(old, new))


def test_the_file_works_by_itself(tmp_path: Path) -> None:
    """It is delivered beside models, to machines without dslnas and torch."""
    (tmp_path / "preprocessing.py").write_bytes(Path(module.__file__).read_bytes())
    code = """
import sys
from preprocessing import Preprocessing
how = Preprocessing.from_json(sys.argv[1])
print(how.read(sys.argv[2]).shape, sorted({"dslnas", "torch"} & set(sys.modules)))
"""
    picture = saved(tmp_path / "picture.png", pixels(9, 5, 3))
    command = [sys.executable, "-c", code, GREY.to_json(), str(picture)]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "(1, 1, 4, 4) []\n"

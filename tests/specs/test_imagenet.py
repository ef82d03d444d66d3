"""The network for ImageNet, on a folder that is laid out as ImageNet is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import dslnas
from dslnas.training.records import StepRecord
from tests.data.made import pixels

SPEC = Path(__file__).resolve().parents[2] / "specs" / "imagenet_darts_v2.nas"
CLASSES = ("n01440764", "n01443537", "n02084071")
DEPTHWISE = 5 * 2 + 1
"""Depthwise convolutions of the normal cell, in five separable ones and a dilated one."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ten pictures of each class to train by, and two to validate."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for part, count in (("train", 10), ("val", 2)):
        for label, name in enumerate(CLASSES):
            place = tmp_path / "imagenet" / part / name
            place.mkdir(parents=True)
            for number in range(count):
                picture = pixels(40 + number, 50 - number, 3, seed=100 * label + number)
                Image.fromarray(picture).save(place / f"{name}_{number}.JPEG")
    return tmp_path / "imagenet"


def products(channels: int, layers: int, classes: int) -> int:
    """Count the multiply-adds of the network by its layers, as the program of DARTS has them."""
    total = 3 * 9 * (channels // 2) * 112**2 + channels // 2 * 9 * channels * 56**2
    total += channels * 9 * channels * 28**2
    before, last, side = channels, channels, 28
    for layer in range(layers):
        is_reduction = layer in (layers // 3, 2 * layers // 3)
        channels *= 1 + is_reduction
        total += (before + last) * channels * side**2  # both inputs are fitted
        side //= 1 + is_reduction
        if not is_reduction:
            total += DEPTHWISE * (9 + channels) * channels * side**2
        before, last = last, 4 * channels
    return total + last * classes


def test_its_weights_and_products_are_those_of_the_published_network() -> None:
    graph = dslnas.compile_spec(SPEC, with_data=False).graph
    assert graph.params() == 4_718_752  # 4.7 million in the paper
    assert graph.flops() == products(48, 14, 1000)


SIZES = {
    "32": ("network.input=3 x 32 x 32", "data.shorter_side=36", "evaluate.auxiliary=0"),
    "224": (),
}
SMALL = (
    *("data.split=40%, 40%, 20%", "network.classes=3", "evaluate.channels=4", "evaluate.repeat=1"),
    *("evaluate.epochs=1", "evaluate.batch=12"),
)
"""A small network, and so few pictures that an epoch has two steps."""


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_two_steps_train_it_on_pictures_laid_out_as_imagenet_is(
    size: str, folder: Path, tmp_path: Path
) -> None:
    spec = dslnas.compile_spec(SPEC, [f"data.path={folder}", *SMALL, *SIZES[size]])
    records: list[object] = []
    run = dslnas.train(spec, tmp_path / "run", report=records.append)
    assert [record.step for record in records if isinstance(record, StepRecord)] == [1, 2]
    assert run.manifest.facts is not None
    assert run.manifest.facts.class_names == CLASSES

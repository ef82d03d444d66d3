"""Random parts of pictures: where they lie, what draws them, and how they are scaled."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dslnas.data.random_crops import Box, RandomCrops, box
from tests.data.made import pixels

SIDES = st.integers(1, 60)
SEEDS = st.integers(0, 2**62)


@given(SIDES, SIDES, SEEDS, st.floats(0.01, 1))
def test_a_part_lies_in_its_picture(height: int, width: int, seed: int, area: float) -> None:
    for part in RandomCrops(area, seed).boxes(0, 3, height, width):
        assert 0 <= part.top <= part.top + part.height <= height
        assert 0 <= part.left <= part.left + part.width <= width
        assert part.height > 0
        assert part.width > 0


@given(SEEDS, st.integers(0, 2**40), st.integers(1, 9))
def test_a_part_follows_from_its_place_alone(seed: int, start: int, count: int) -> None:
    together = RandomCrops(0.08, seed).boxes(start, count, 30, 40)
    alone = [RandomCrops(0.08, seed, start + n).boxes(0, 1, 30, 40) for n in range(count)]
    assert [[part] for part in together] == alone


def test_areas_shapes_and_places_are_even() -> None:
    found = np.array(RandomCrops(0.08, 0).boxes(0, 4000, 900, 1000))
    top, left, rows, columns = found.T
    shares, aspects = rows * columns / 900_000, np.log(columns / rows) / math.log(4 / 3)
    small = aspects[shares < 0.5]  # larger ones fit by some ratios only
    for numbers, least, most in (
        (shares[shares < 0.5], 0.08, 0.5),
        (small, -1, 1),
        ((top + 0.5) / (900 - rows + 1), 0, 1),
        ((left + 0.5) / (1000 - columns + 1), 0, 1),
    ):
        assert numbers.min() == pytest.approx(least, abs=0.01)
        assert numbers.max() == pytest.approx(most, abs=0.01)
        assert numbers.mean() == pytest.approx((least + most) / 2, abs=0.03)
    assert shares.max() > 0.95


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ((30, 300), Box(0, 130, 30, 40)),
        ((300, 30), Box(130, 0, 40, 30)),
        ((30, 35), Box(0, 0, 30, 35)),
    ],
)
def test_without_a_part_that_fits_it_is_the_middle(sides: tuple[int, int], expected: Box) -> None:
    whole = [1.0] * 10 + [0.5] * 10 + [0.7] * 2  # squares as large as the picture
    assert box(*sides, 0.08, whole) == expected


@given(SEEDS, st.integers(1, 20), st.integers(1, 20))
def test_images_in_memory_are_scaled_as_pillow_scales_them(
    seed: int, height: int, width: int
) -> None:
    """By a level at most: Pillow rounds to bytes between its two passes."""
    images = [pixels(height, width, 3, seed=number) for number in range(3)]
    crops = RandomCrops(0.08, seed)
    numbers = torch.tensor(np.stack(images)).permute(0, 3, 1, 2).float()
    for place, result in enumerate(crops.scaled(0, numbers)):
        part = crops.cut(place, Image.fromarray(images[place]))
        expected = np.asarray(part.resize((width, height), Image.Resampling.BILINEAR))
        assert np.abs(result.permute(1, 2, 0).numpy() - expected).max() <= 1.01

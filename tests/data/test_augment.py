"""Every batched change against a plain loop over images that draws the same numbers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Generator, Tensor

from dslnas.data.augment import augment, augmented, beta, colour, crop, cutout, erase, flip, rotate
from dslnas.data.batches import Batch
from dslnas.settings.values import (
    Augmentation,
    Colour,
    Crop,
    Cutout,
    Erase,
    Flip,
    Mixup,
    Rotate,
)

sides = st.integers(1, 7)
seeds = st.integers(0, 2**40)


def seeded(seed: int) -> Generator:
    return Generator().manual_seed(seed)


batches = st.builds(
    lambda b, c, h, w, seed: torch.randn(b, c, h, w, generator=seeded(seed)),
    sides,
    st.integers(1, 3),
    sides,
    sides,
    seeds,
)


def draws(bound: int, count: int, generator: Generator) -> list[int]:
    return [int(n) for n in torch.randint(bound, (count,), generator=generator)]


@given(batches, st.integers(1, 5), seeds)
def test_crop(images: Tensor, pad: int, seed: int) -> None:
    before = images.clone()
    generator = seeded(seed)
    tops = draws(2 * pad + 1, len(images), generator)
    lefts = draws(2 * pad + 1, len(images), generator)
    found = crop(images, pad, seeded(seed))
    _, _, height, width = images.shape
    for image, result, top, left in zip(images, found, tops, lefts, strict=True):
        expected = torch.zeros_like(image)
        for y in range(height):
            for x in range(width):
                row, column = y + top - pad, x + left - pad
                if 0 <= row < height and 0 <= column < width:
                    expected[:, y, x] = image[:, row, column]
        assert torch.equal(result, expected)
    assert torch.equal(images, before)


@given(batches, seeds)
def test_flip(images: Tensor, seed: int) -> None:
    before = images.clone()
    mirrored = draws(2, len(images), seeded(seed))
    for image, result, is_mirrored in zip(
        images, flip(images, seeded(seed)), mirrored, strict=True
    ):
        columns = range(image.shape[2])
        expected = [image[:, :, c] for c in (reversed(columns) if is_mirrored else columns)]
        assert torch.equal(result, torch.stack(expected, dim=2))
    assert torch.equal(images, before)


@given(batches, st.integers(1, 9), seeds)
def test_cutout(images: Tensor, size: int, seed: int) -> None:
    before = images.clone()
    _, _, height, width = images.shape
    generator = seeded(seed)
    rows = draws(height, len(images), generator)
    columns = draws(width, len(images), generator)
    found = cutout(images, size, seeded(seed))
    for image, result, row, column in zip(images, found, rows, columns, strict=True):
        expected = image.clone()
        top, left = row - size // 2, column - size // 2
        expected[:, max(0, top) : max(0, top + size), max(0, left) : max(0, left + size)] = 0
        assert torch.equal(result, expected)
    assert torch.equal(images, before)


def test_cutout_is_clipped_at_the_border() -> None:
    left_out = (cutout(torch.ones(2000, 1, 8, 8), 4, seeded(0)) == 0).sum((1, 2, 3))
    # Centres at 0 and 7 lose 2 rows and 1 row, centre 1 loses 1: 2, 3 or 4 rows stay.
    assert set(left_out.tolist()) == {a * b for a in (2, 3, 4) for b in (2, 3, 4)}


def test_cutout_hides_values_that_are_not_finite() -> None:
    assert torch.equal(
        cutout(torch.full((1, 1, 2, 2), torch.nan), 9, seeded(0)), torch.zeros(1, 1, 2, 2)
    )


def test_every_place_is_as_likely() -> None:
    marked = torch.zeros(9000, 1, 3, 3)
    marked[:, :, 1, 1] = 1
    places = crop(marked, 1, seeded(1)).sum((0, 1)) / len(marked)
    torch.testing.assert_close(places, torch.full((3, 3), 1 / 9), atol=0.015, rtol=0)
    mirrored = flip(torch.arange(2.0).repeat(9000, 1, 1, 1), seeded(1))[:, 0, 0, 0].mean()
    assert float(mirrored) == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_shape_and_type_stay(dtype: torch.dtype) -> None:
    images = torch.randn(3, 2, 5, 4, dtype=dtype)
    steps: tuple[Augmentation, ...] = (Crop(pad=2), Flip(), Cutout(size=2))
    result = augment(images, steps, seeded(0))
    assert (result.shape, result.dtype) == (images.shape, dtype)


def test_steps_are_applied_in_order() -> None:
    images = torch.randn(6, 2, 5, 4)
    found = augment(images, (Cutout(size=3), Crop(pad=1), Flip()), seeded(5))
    generator = seeded(5)
    expected = flip(crop(cutout(images, 3, generator), 1, generator), generator)
    assert torch.equal(found, expected)
    assert augment(images, (), seeded(5)) is images


@pytest.mark.gpu
def test_a_seed_gives_the_same_images_on_a_gpu() -> None:
    images = torch.randn(16, 3, 8, 8)
    steps: tuple[Augmentation, ...] = (Crop(pad=2), Flip(), Cutout(size=4))
    found = augment(images.cuda(), steps, seeded(3))
    assert found.is_cuda
    assert torch.equal(found.cpu(), augment(images, steps, seeded(3)))


# ---- turns, colours, rectangles, mixtures -------------------------------------------------------


def test_a_quarter_turn_moves_pixels_around_the_centre(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dslnas.data.augment._signed", lambda count, _: torch.ones(count).double())
    images = torch.randn(2, 3, 5, 5, dtype=torch.float64)
    turned = rotate(images, 90.0, seeded(0))
    assert any(torch.allclose(turned, images.rot90(k, (2, 3))) for k in (1, 3))


def test_a_turn_keeps_shapes_of_pixels_where_sides_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dslnas.data.augment._signed", lambda count, _: torch.ones(count).double())
    image = torch.zeros(1, 1, 9, 21, dtype=torch.float64)
    image[..., 4, 7:14] = 1.0  # a line to both sides of the centre becomes one up and down
    turned = rotate(image, 90.0, seeded(0))
    assert turned[..., 1:8, 10].sum() == pytest.approx(7)
    assert turned.sum() == pytest.approx(7)


def test_colours_change_by_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dslnas.data.augment._signed", lambda count, _: torch.ones(count).double())
    images = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    bright = colour(images, Colour(brightness=0.5, contrast=0.0, saturation=0.0), seeded(0))
    torch.testing.assert_close(bright, images + 0.5)
    strong = colour(images, Colour(brightness=0.0, contrast=0.5, saturation=0.0), seeded(0))
    mean = images.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(strong, mean + 1.5 * (images - mean))
    vivid = colour(images, Colour(brightness=0.0, contrast=0.0, saturation=1.0), seeded(0))
    grey = images.mean(1, keepdim=True)
    torch.testing.assert_close(vivid, grey + 2 * (images - grey))


def test_rectangles_are_erased_in_some_images_within_their_share() -> None:
    images = torch.ones(400, 2, 20, 20)
    found = erase(images, 0.5, 0.25, seeded(0))
    shares = (found == 0).float().mean((1, 2, 3))
    assert torch.equal((found == 0)[:, 0], (found == 0)[:, 1])
    assert 0.4 < float((shares > 0).float().mean()) < 0.6
    assert 0.2 < float(shares.max()) < 0.3
    assert float(shares[shares > 0].min()) < 0.06


def test_mixed_examples_have_both_labels() -> None:
    inputs, targets = torch.randn(6, 1, 2, 2), torch.arange(6)
    weights = torch.rand(6)
    before = Batch({"image": inputs}, targets, weights=weights)
    batch = augmented(before, (Mixup(alpha=1.0),), seeded(3))
    mixed = batch.mixed
    assert mixed is not None
    assert mixed.weights is not None
    assert 0 < mixed.share < 1
    others = mixed.targets
    assert others.sort().values.tolist() == targets.tolist()
    expected = mixed.share * inputs + (1 - mixed.share) * inputs[others]
    torch.testing.assert_close(batch.inputs["image"], expected)
    assert torch.equal(batch.targets, targets)
    assert torch.equal(mixed.weights, weights[others])


def test_shares_of_mixtures_have_the_variance_of_their_distribution() -> None:
    """Var of Beta(a, a) is 1 / (4 (2 a + 1))."""
    for alpha in (0.2, 1.0, 2.0):
        generator = seeded(0)
        shares = torch.tensor([beta(alpha, generator) for _ in range(2000)])
        assert float(shares.mean()) == pytest.approx(0.5, abs=0.03)
        assert float(shares.var()) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


@pytest.mark.parametrize("step", [Rotate(), Colour(), Erase()])
def test_a_seed_gives_the_same_changes_and_leaves_images_alone(step: Augmentation) -> None:
    images = torch.randn(5, 3, 8, 6)
    before = images.clone()
    first, again, other = (augment(images, (step,), seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(images, before)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == images.shape
    assert first.dtype == images.dtype

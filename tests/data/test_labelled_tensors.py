from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from dslnas.data import idx
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.images import Cifar10, Digits, Idx, Npz
from tests.data.made import error, images_of, labels, pixels, real, write_cifar10, write_idx
from tests.loading import load

PARTS = ("weights", "architecture", "validation", "test")


def parts(data: Data) -> list[TensorPart]:
    return [images_of(getattr(data, name)) for name in PARTS]


def facts_of(data: Data) -> LabelledFacts:
    assert isinstance(data.facts, LabelledFacts)
    return data.facts


def shape_of(data: Data) -> tuple[int, ...]:
    """Return (C, H, W) of an image."""
    return tuple(images_of(data.test).inputs["image"].shape[1:])


def distinct(folder: Path, test: bool = True) -> Path:
    """Write images that differ in their first pixels, so that a part shows what is in it."""
    images = np.zeros((60, 3, 4), np.uint8)
    images[:, 0, 0] = np.arange(60)
    write_idx(folder, "train", images, labels(60, 3))
    if test:
        write_idx(folder, "t10k", pixels(12, 3, 4), labels(12, 3))
    return folder


def firsts(part: TensorPart, data: Data) -> list[int]:
    """Return the first pixel of each image as it was stored."""
    facts = facts_of(data)
    scaled = part.inputs["image"][:, 0, 0, 0].double() * facts.std[0] + facts.mean[0]
    return [round(float(x) * 255) for x in scaled]


def test_no_example_is_in_two_parts(tmp_path: Path) -> None:
    path = str(distinct(tmp_path / "set", test=False))
    data = load(Idx(path=path, split=(0.4, 0.3, 0.2, 0.1)), "cpu")
    assert [len(part) for part in parts(data)] == [24, 18, 12, 6]
    found = [firsts(part, data) for part in parts(data)]
    assert sorted(chain.from_iterable(found)) == list(range(60))
    for part, numbers in zip(parts(data), found, strict=True):
        assert part.targets.tolist() == [n % 3 for n in numbers]
        assert part.inputs["image"].dtype == torch.float32
        assert part.targets.dtype == torch.int64


def test_the_datas_own_test_part_is_the_test(tmp_path: Path) -> None:
    path = distinct(tmp_path / "set")
    data = load(Idx(path=str(path), split=(0.4, 0.4, 0.2)), "cpu")
    assert [len(part) for part in parts(data)] == [24, 24, 12, 12]
    stored = idx.read(Idx(path=str(path))).test_inputs
    assert stored is not None
    facts = facts_of(data)
    expected = (torch.from_numpy(stored.astype(np.float64)) / 255 - facts.mean[0]) / facts.std[0]
    torch.testing.assert_close(
        images_of(data.test).inputs["image"].double(), expected, atol=1e-5, rtol=1e-5
    )
    assert (data.facts.class_names, shape_of(data)) == (("0", "1", "2"), (1, 3, 4))


def test_training_parts_are_normalised_per_channel(tmp_path: Path) -> None:
    for name in ("data_batch_1.bin", "test_batch.bin"):
        rows = write_cifar10(tmp_path, name, 200).reshape(-1, 3073)
        rows[:, 1:1025] //= 4  # a dark red channel
        (tmp_path / name).write_bytes(rows.tobytes())
    data = load(Cifar10(path=str(tmp_path), split=(0.4, 0.4, 0.2)), "cpu")
    training = images_of(data.training)
    assert len(training) == len(data.weights) + len(data.architecture)
    assert torch.equal(training.targets, torch.cat([part.targets for part in parts(data)[:2]]))
    variance, mean = torch.var_mean(training.inputs["image"].double(), dim=(0, 2, 3), correction=0)
    torch.testing.assert_close(mean, torch.zeros(3).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(variance, torch.ones(3).double(), atol=1e-6, rtol=0)
    assert facts_of(data).mean[0] == pytest.approx(facts_of(data).mean[1] / 4, rel=0.05)


def test_bytes_and_the_numbers_they_are_scaled_to_have_the_same_statistics(tmp_path: Path) -> None:
    stored = pixels(60, 3, 4)
    write_idx(tmp_path / "bytes", "train", stored, labels(60, 3))
    scaled = stored.astype(np.float32) / np.float32(255)
    np.savez(tmp_path / "scaled.npz", x=scaled, y=labels(60, 3))
    of_bytes = load(Idx(path=str(tmp_path / "bytes")), "cpu")
    of_numbers = load(Npz(path=str(tmp_path / "scaled.npz")), "cpu")
    assert facts_of(of_bytes).mean == facts_of(of_numbers).mean
    assert facts_of(of_bytes).std == facts_of(of_numbers).std
    for mine, other in zip(parts(of_bytes), parts(of_numbers), strict=True):
        assert torch.equal(mine.inputs["image"], other.inputs["image"])


def test_held_out_parts_do_not_enter_the_statistics(tmp_path: Path) -> None:
    folder = distinct(tmp_path / "set")
    settings = Idx(path=str(folder), split=(0.4, 0.4, 0.2))
    before = load(settings, "cpu")
    images = idx.read(Idx(path=str(folder))).inputs[:, 0].copy()
    images[firsts(images_of(before.validation), before)] = 255
    write_idx(folder, "train", images.astype(np.uint8), labels(60, 3))
    after = load(settings, "cpu")
    assert after.facts == before.facts
    assert not torch.equal(parts(after)[2].inputs["image"], parts(before)[2].inputs["image"])


def test_a_constant_channel_is_only_centred(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    images = np.full((30, 4, 4, 2), 0.1, np.float32)
    images[..., 1] = np.random.default_rng(0).normal(5, 3, (30, 4, 4))
    np.savez(path, x=images, y=labels(30, 3))
    settings = Npz(path=str(path), split=(0.4, 0.2, 0.2, 0.2))
    data = load(settings, "cpu")
    assert facts_of(data).std[0] == 1.0
    assert float(images_of(data.training).inputs["image"][:, 0].abs().max()) < 1e-6
    assert facts_of(data).mean[1] == pytest.approx(5, abs=0.5)


def test_images_that_no_file_could_be_are_told(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    settings = Npz(path=str(path), split=(0.4, 0.2, 0.2, 0.2))
    for images in (np.random.default_rng(0).random((30, 4, 4)), pixels(30, 4, 4, 2)):
        np.savez(path, x=images, y=labels(30, 3))
        data = load(settings, "cpu")
        assert data.notes[-1] == (
            "the images are no bytes with 1, 3 or 4 channels, so that no file of a picture can be "
            "read as they are: no `predict.py` and no `model_uint8.onnx` will be written"
        )
        assert facts_of(data).preprocessing is None
    np.savez(path, x=pixels(30, 5, 4, 3), y=labels(30, 3))
    how = facts_of(load(settings, "cpu")).preprocessing
    assert how is not None
    assert (how.mode, how.height, how.width) == ("RGB", 5, 4)


def test_a_subset_is_taken_of_every_class_and_of_the_test_part(tmp_path: Path) -> None:
    path = str(distinct(tmp_path / "set"))
    settings = Idx(path=path, split=(0.4, 0.4, 0.2), subset=0.5)
    data = load(settings, "cpu")
    assert [len(part) for part in parts(data)] == [12, 12, 6, 6]
    assert torch.bincount(parts(data)[2].targets).tolist() == [2, 2, 2]
    assert torch.bincount(parts(data)[3].targets).tolist() == [2, 2, 2]


def test_the_seed_decides_the_split() -> None:
    one, same, other = (load(Digits(seed=seed), "cpu") for seed in (0, 0, 1))
    for first, second in zip(parts(one), parts(same), strict=True):
        assert torch.equal(first.inputs["image"], second.inputs["image"])
    assert not torch.equal(parts(one)[0].inputs["image"], parts(other)[0].inputs["image"])
    assert (len(one.facts.class_names), shape_of(one)) == (10, (1, 8, 8))


@pytest.mark.parametrize(
    ("subset", "counts", "message", "help"),
    [
        (
            1.0,
            [9, 3, 9],
            "class `1` has 3 examples but the split has 4 parts",
            "add examples of this class",
        ),
        (
            0.2,
            [40, 10, 40],
            "class `1` has 2 examples in a subset of 20% but the split has 4 parts",
            "add examples of this class, or raise `subset`",
        ),
    ],
)
def test_a_class_has_too_few_examples(
    tmp_path: Path, subset: float, counts: list[int], message: str, help: str
) -> None:
    numbers = np.repeat(np.arange(3), counts)
    folder = write_idx(tmp_path / "set", "train", pixels(len(numbers), 3, 4), numbers)
    settings = Idx(path=str(folder), split=(0.25, 0.25, 0.25, 0.25), subset=subset)
    assert error(lambda: load(settings, "cpu"), folder) == ("NAS606", message, help)


def test_a_class_has_no_examples(tmp_path: Path) -> None:
    rows = write_cifar10(tmp_path, "test_batch.bin", 50)
    rows[rows[:, 0] == 8, 0] = 0
    (tmp_path / "data_batch_1.bin").write_bytes(rows.tobytes())
    assert error(lambda: load(Cifar10(path=str(tmp_path)), "cpu"), tmp_path)[:2] == (
        "NAS606",
        "class `ship` has 0 examples but the split has 3 parts",
    )


def test_the_number_of_shares_does_not_fit(tmp_path: Path) -> None:
    folder = distinct(tmp_path / "set")
    settings = Idx(path=str(folder), split=(0.25, 0.25, 0.25, 0.25))
    assert error(lambda: load(settings, "cpu"), folder) == (
        "NAS607",
        "split has 4 shares but the data have a test part of their own",
        "give 3 shares, for weights, architecture, validation, or leave `split` out",
    )


def test_loading_needs_a_path() -> None:
    code, message, _ = error(lambda: load(Npz(), "cpu"), "data")
    assert (code, message) == ("NAS605", "data source `npz` needs a path")


def test_real_cifar10_in_part(shared: Path) -> None:
    path = str(real(shared, "cifar-10-batches-bin"))
    data = load(Cifar10(path=path, subset=0.05), "cpu")
    assert shape_of(data) == (3, 32, 32)
    assert sum(len(part) for part in parts(data)[:3]) == pytest.approx(1000, abs=10)
    assert len(data.test) == 500


@pytest.mark.gpu
def test_everything_is_on_the_gpu_and_equal() -> None:
    here, there = load(Digits(), "cpu"), load(Digits(), "cuda")
    for one, two in zip(parts(here), parts(there), strict=True):
        assert two.inputs["image"].is_cuda
        assert two.targets.is_cuda
        assert torch.equal(one.inputs["image"], two.inputs["image"].cpu())

"""Pictures that stay in their files are the same numbers, in the same order, as those in memory."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Generator

from dslnas.data import streaming
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.picture_files import PictureFiles
from dslnas.data.picture_part import PicturePart
from dslnas.data.preprocessing import Preprocessing
from dslnas.data.random_crops import RandomCrops
from dslnas.data.rows import MOST_SEED
from dslnas.data.tensor_part import TensorPart
from dslnas.diagnostics import UserError
from dslnas.settings.images import ImageFolder
from dslnas.settings.values import Flip, ResizedCrop
from tests.data.made import error, pixels
from tests.loading import load

PARTS = ("weights", "architecture", "validation", "test")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder for what is kept of pictures, of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "dslnas" / "pictures"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with pictures of several sizes, in three classes."""
    place = tmp_path / "pictures"
    for number, name in enumerate(("cat", "dog", "owl")):
        (place / name).mkdir(parents=True)
        for i in range(12):
            colours = pixels(5 + i, 9, 3, seed=12 * number + i)
            Image.fromarray(colours).save(place / name / f"{i}.png")
    return place


def data_of(folder: Path, stream: str, **more: object) -> Data:
    settings = {"path": str(folder), "size": 6, "workers": 0, "stream": stream, **more}
    return load(ImageFolder.model_validate(settings), "cpu")


def both(folder: Path, **more: object) -> tuple[Data, Data]:
    return data_of(folder, "never", **more), data_of(folder, "always", **more)


def check_same(held: Data, streamed: Data) -> None:
    """Check that all batches of all parts are the same bits."""
    told = "images stay in their files, and are read while networks train"
    assert [note for note in streamed.notes if told not in note] == list(held.notes)
    assert isinstance(held.facts, LabelledFacts)
    assert isinstance(streamed.facts, LabelledFacts)
    assert held.facts == replace(streamed.facts, notes=held.facts.notes)
    assert held.hash == streamed.hash, "a run that began with one goes on with the other"
    for name in (*PARTS, "training"):
        one, two = getattr(held, name), getattr(streamed, name)
        assert isinstance(one, TensorPart)
        assert isinstance(two, PicturePart)
        assert one.names == two.names
        read = [
            (part.in_order(4), part.batches(4, Generator().manual_seed(1), (Flip(),)))
            for part in (one, two)
        ]
        for firsts, seconds in zip(*read, strict=True):
            for first, second in zip(firsts, seconds, strict=True):
                assert torch.equal(first.inputs["image"], second.inputs["image"])
                assert torch.equal(first.targets, second.targets)
        assert torch.equal(one.spread(3)["image"], two.spread(3)["image"])


@pytest.mark.parametrize("fit", ["stretch", "pad", "crop"])
def test_batches_are_those_of_pictures_in_memory(folder: Path, fit: str) -> None:
    check_same(*both(folder, fit=fit, channels=1))


def test_the_data_s_own_parts_and_balance_are_as_in_memory(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for part in ("train", "val", "test"):
        os.symlink(folder, tmp_path / "parts" / part)
    check_same(*both(tmp_path / "parts", balance="sampling", subset=0.7))


@pytest.mark.sample(0)
def test_processes_read_what_one_reads(folder: Path) -> None:
    held, streamed = both(folder, workers=1)
    part = streamed.training
    assert isinstance(part, PicturePart)
    rows = [torch.arange(4), torch.tensor([7, 0])] * 50  # more than are few
    for _ in range(2):
        found = part.inputs_ahead(rows)
        for chosen, inputs in zip(rows, found, strict=True):
            assert torch.equal(inputs["image"], held.training.spread(99)["image"][chosen])


def test_a_pass_goes_on_where_it_was_stored(folder: Path) -> None:
    part = data_of(folder, "always").weights
    whole = part.batches(4, Generator().manual_seed(3))
    next(whole)
    rest = part.batches(4, Generator())
    rest.take(whole.state())
    for first, second in zip(whole, rest, strict=True):
        assert torch.equal(first.inputs["image"], second.inputs["image"])


CUT = (ResizedCrop(), Flip())


def cut_batches(part: PicturePart, seed: int) -> list[torch.Tensor]:
    reading = part.batches(4, Generator().manual_seed(seed), CUT)
    return [batch.inputs["image"] for batch in reading]


def test_random_parts_are_cut_out_of_the_pictures_in_their_files(folder: Path) -> None:
    part = data_of(folder, "always", fit="crop", shorter_side=8).training
    assert isinstance(part, PicturePart)
    batch = next(part.batches(4, Generator().manual_seed(3), (ResizedCrop(),)))
    drawn = Generator().manual_seed(3)
    rows = torch.randperm(len(part), generator=drawn)[:4].tolist()
    crops = RandomCrops(0.08, int(torch.randint(MOST_SEED, (), generator=drawn)))
    stretched = replace(part.files.how, fit="stretch", shorter_side=None)
    for place, (row, image) in enumerate(zip(rows, batch.inputs["image"], strict=True)):
        with Image.open(folder / part.names[row]) as picture:
            cut = np.asarray(crops.cut(place, picture))
        expected = stretched.normalise(stretched.resize(cut))
        torch.testing.assert_close(image[None], torch.from_numpy(expected))


def test_processes_that_read_get_the_names_alone() -> None:
    names, prints = np.full(1000, b"owl/1.png"), np.zeros(1000, np.int64)
    sums = np.zeros((1000, 3, 3), np.int64)
    files = PictureFiles(Path("photos"), names, Preprocessing("RGB", 6, 6), prints, sums)
    assert len(pickle.dumps(files.without_facts())) < names.nbytes + 2000
    assert files.without_facts().path(7) == Path("photos/owl/1.png")


def test_random_parts_are_those_of_the_seed_and_the_place(folder: Path) -> None:
    part = data_of(folder, "always").training
    assert isinstance(part, PicturePart)
    first, again, other = (cut_batches(part, seed) for seed in (3, 3, 4))
    assert all(map(torch.equal, first, again))
    assert not torch.equal(first[0], other[0])
    stored = part.batches(4, Generator().manual_seed(3), CUT)
    next(stored)
    generator = Generator().manual_seed(3)
    rest = part.batches(4, generator, CUT)
    next(rest)  # the generator is as it was when the other one was stored
    rest.take(stored.state())
    assert all(torch.equal(a.inputs["image"], b) for a, b in zip(rest, first[1:], strict=True))


@pytest.mark.slow
def test_processes_cut_what_one_cuts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = data_of(folder, "always").training
    assert isinstance(alone, PicturePart)
    monkeypatch.setattr("dslnas.data.picture_part.FEW", 0)
    for workers in (1, 2):
        part = data_of(folder, "always", workers=workers).training
        assert isinstance(part, PicturePart)
        assert all(map(torch.equal, cut_batches(part, 3), cut_batches(alone, 3)))


def test_damaged_pictures_are_told_as_in_memory(folder: Path) -> None:
    (folder / "dog" / "3.png").write_bytes(b"not a picture")
    held = error(lambda: data_of(folder, "never"), folder)
    assert held == error(lambda: data_of(folder, "always"), folder)
    assert "dog/3.png is damaged" in held[1]
    check_same(*both(folder, skip="damaged"))


def test_equal_pictures_are_found_as_in_memory(folder: Path) -> None:
    for i in range(12):
        (folder / "owl" / f"{i}.png").write_bytes((folder / "cat" / f"{i}.png").read_bytes())
    held, streamed = both(folder)
    check_same(held, streamed)
    assert "24 examples are equal to some of another class" in " ".join(held.notes)


def test_pictures_are_read_once_for_many_runs(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = data_of(folder, "always")
    (kept,) = cache.iterdir()
    monkeypatch.setattr("dslnas.data.picture_survey.decode", pytest.fail)
    assert data_of(folder, "always").hash == first.hash
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache.parent.parent))
    kept.write_bytes(kept.read_bytes()[:100])
    assert data_of(folder, "always").hash == first.hash
    Image.new("RGB", (6, 5), (9, 8, 7)).save(folder / "cat" / "0.png")
    assert data_of(folder, "always").hash != first.hash
    assert len(list(cache.iterdir())) == 2


def test_a_cache_that_cannot_be_written_is_done_without(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    check_same(*both(folder))


def test_a_picture_that_goes_during_a_run_is_named(folder: Path) -> None:
    part = data_of(folder, "always").test
    assert isinstance(part, PicturePart)
    gone = folder / part.names[1]
    gone.unlink()
    code, message, _ = error(lambda: list(part.in_order(4)), folder)
    assert code == "NAS603"
    assert f"{part.names[1]} cannot be opened" in message


def test_large_folders_are_streamed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = 36 * 3 * 6 * 6  # 4 bytes each, twice: of the half of memory
    for memory, is_streamed in ((16 * numbers, False), (16 * numbers - 1, True), (None, False)):
        monkeypatch.setattr(streaming, "memory_bytes", lambda known=memory: known)
        part = data_of(folder, "large").test
        assert isinstance(part, PicturePart if is_streamed else TensorPart)
        assert part.nbytes < 10_000 or not is_streamed


def test_the_error_is_no_traceback(folder: Path) -> None:
    with pytest.raises(UserError, match="NAS601"):
        data_of(folder / "none", "always")

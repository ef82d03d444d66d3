"""Signals that stay in their archive are the same numbers as those in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Generator

from dslnas.data import array_file, signal_part, signals, streaming
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.signal_part import SignalPart
from dslnas.data.tensor_part import TensorPart
from dslnas.settings.tables import Signals
from tests.data.made import error, labels
from tests.loading import load

PARTS = ("weights", "architecture", "validation", "test", "training")


@pytest.fixture(autouse=True)
def blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read a few signals at once."""
    monkeypatch.setattr(array_file, "BLOCK", 300)
    monkeypatch.setattr(signal_part, "BLOCK", 300)


def made(dtype: DTypeLike, *shape: int) -> NDArray[Any]:
    return np.random.default_rng(len(shape)).normal(20, 50, shape).astype(dtype)


def write(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "mine.npz", **arrays)
    return folder / "mine.npz"


def data_of(path: Path, stream: str, **more: object) -> Data:
    settings = {"path": str(path), "stream": stream, **more}
    return load(Signals.model_validate(settings), "cpu")


def check_same(path: Path, **more: object) -> None:
    """Check that all that is known and read of both is the same."""
    held, streamed = (data_of(path, how, **more) for how in ("never", "always"))
    assert isinstance(held.facts, LabelledFacts)
    assert isinstance(streamed.facts, LabelledFacts)
    assert (held.facts.mean, held.facts.std) == (streamed.facts.mean, streamed.facts.std)
    assert held.hash == streamed.hash
    assert [*streamed.notes][1:] == [*held.notes]
    for name in PARTS:
        one, two = getattr(held, name), getattr(streamed, name)
        assert isinstance(one, TensorPart)
        assert isinstance(two, SignalPart)
        assert one.names == two.names
        assert one.fingerprints() == two.fingerprints()
        read = [
            (part.in_order(4), part.batches(4, Generator().manual_seed(1))) for part in (one, two)
        ]
        for firsts, seconds in zip(*read, strict=True):
            for first, second in zip(firsts, seconds, strict=True):
                assert first.inputs.keys() == second.inputs.keys()
                for mine, other in zip(first.inputs.values(), second.inputs.values(), strict=True):
                    assert torch.equal(mine, other)
                assert torch.equal(first.targets, second.targets)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", ">f4"])
@pytest.mark.parametrize("shape", [(7,), (3, 5)])
def test_batches_are_those_of_signals_in_memory(
    dtype: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    found = made(dtype, 60, *shape)
    found[5] = found[9]  # which is told
    check_same(write(tmp_path, x=found, y=labels(60, 3)))


def test_the_data_s_own_test_part_and_balance_are_as_in_memory(tmp_path: Path) -> None:
    arrays = {"x_train": made("f4", 60, 2, 5), "x_test": made("f8", 20, 2, 5)}
    path = write(tmp_path, y_train=labels(60, 3), y_test=labels(20, 3), **arrays)
    check_same(path, balance="sampling", subset=0.7)


def test_numbers_to_predict_are_as_in_memory(tmp_path: Path) -> None:
    path = write(tmp_path, x=made("f4", 60, 5), y=made("f4", 60))
    check_same(path, task="regression")


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_shape_is_known_without_a_look_at_signals(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, x=made("f4", 60, 5), y=labels(60, 3))
    held, streamed = (
        Signals.model_validate({"path": str(path), "stream": stream, "task": task})
        for stream in ("never", "always")
    )
    known = signals.shape(held)
    monkeypatch.setattr(array_file, "surveyed", pytest.fail)
    assert signals.shape(streamed) == known


def compressed(folder: Path) -> Path:
    np.savez_compressed(folder / "mine.npz", x=made("f4", 60, 5), y=labels(60, 3))
    return folder / "mine.npz"


def in_columns(folder: Path) -> Path:
    return write(folder, x=np.asfortranarray(made("f4", 60, 5)), y=labels(60, 3))


@pytest.mark.parametrize("make", [compressed, in_columns])
def test_what_does_not_lie_row_by_row_is_held(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path)
    message = "rows of a compressed array, or of one in Fortran's order, cannot be read one by one"
    help = "save it by `numpy.savez`"
    found = error(lambda: data_of(path, "always"), path)
    assert found == ("NAS614", message, f"{help}, or leave `stream always` out")
    monkeypatch.setattr(streaming, "memory_bytes", lambda: 1000)
    data = data_of(path, "large")
    assert isinstance(data.weights, TensorPart)
    assert data.notes == (f"signals are held in memory: {message}; {help}",)


def test_large_signals_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, x=made("f8", 60, 5), y=labels(60, 3))
    numbers = 60 * 5  # 4 bytes each, twice: of the half of memory
    for memory, is_streamed in ((16 * numbers, False), (16 * numbers - 1, True), (None, False)):
        monkeypatch.setattr(streaming, "memory_bytes", lambda known=memory: known)
        part = data_of(path, "large").weights
        assert isinstance(part, SignalPart if is_streamed else TensorPart)


def test_mistakes_are_told_as_in_memory(tmp_path: Path) -> None:
    wrong = made("f4", 60, 5)
    wrong[50, 2] = np.nan
    path = write(tmp_path, x=wrong, y=labels(60, 3))
    found = error(lambda: data_of(path, "never"), path)
    assert found[0] == "NAS603"
    assert error(lambda: data_of(path, "always"), path) == found
    write(tmp_path, x=made("f8", 60, 5) * 1e300, y=labels(60, 3))
    assert error(lambda: data_of(path, "always"), path) == found


def test_damage_amid_the_array_is_found(tmp_path: Path) -> None:
    path = write(tmp_path, x=made("f4", 60, 5), y=labels(60, 3))
    content = bytearray(path.read_bytes())
    content[700] ^= 1
    path.write_bytes(content)
    assert error(lambda: data_of(path, "always"), path)[:2] == ("NAS603", "damaged npz archive")


def test_a_file_that_goes_during_a_run_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, x=made("f4", 60, 5), y=labels(60, 3))
    part = data_of(path, "always").test
    path.write_bytes(b"")
    told = ("NAS603", "file has changed while it was read", "run again")
    assert error(lambda: list(part.in_order(4)), path) == told

"""Small data of every source that reads files, as people have them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.data.made import labels, pixels, write_cifar10, write_idx, write_images


def _cifar10(folder: Path) -> Path:
    path = folder / "cifar"
    write_cifar10(path, "data_batch_1.bin", 160)
    write_cifar10(path, "test_batch.bin", 40)
    return path


def _idx(folder: Path) -> Path:
    path = folder / "digits"
    write_idx(path, "train", pixels(80, 9, 8), labels(80, 4))
    return path


def _npz(folder: Path) -> Path:
    path = folder / "mine.npz"
    np.savez(path, x=pixels(80, 8, 8), y=labels(80, 4))
    return path


def _images(folder: Path) -> Path:
    return write_images(folder / "my photos", {"cat": 40, "dog": 40})


def _table(folder: Path) -> Path:
    path = folder / "rows.csv"
    lines = ["a,b,kind", *(f"{i},{i * 7 % 5},{i % 2}" for i in range(120))]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _signals(folder: Path) -> Path:
    path = folder / "signals.npz"
    signals = pixels(80, 2, 16).astype(np.float32)
    np.savez(path, x=signals, y=labels(80, 2))
    return path


def _text(folder: Path) -> Path:
    path = folder / "book.txt"
    path.write_text("the cat sat on the mat and the dog ran off again\n" * 300, encoding="utf-8")
    return path


def _ptb(folder: Path) -> Path:
    path = folder / "ptb"
    path.mkdir()
    for part in ("train", "valid", "test"):
        (path / f"{part}.txt").write_text("a b c d e f\n" * 800, encoding="utf-8")
    return path


def _ratings(folder: Path) -> Path:
    path = folder / "u.data"
    lines = [
        f"{user}\t{item}\t{(user * item) % 5 + 1}\t0" for user in range(20) for item in range(15)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


MADE: dict[str, Callable[[Path], Path]] = {
    "cifar10": _cifar10,
    "idx": _idx,
    "npz": _npz,
    "images": _images,
    "table": _table,
    "signals": _signals,
    "text": _text,
    "ptb": _ptb,
    "ratings": _ratings,
}
"""By source what writes its data into a folder, and returns their path."""

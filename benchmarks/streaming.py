"""Pictures that stay in their files: how fast they are read, by how many processes, in what memory.

A folder of JPEGs is generated, smooth as photos are. Pillow alone decodes each and scales it, in
one process that does nothing else: that is the speed to compare with. Then passes of a training
read the folder, in this process and in processes of their own, each picture cut at random. Rates
are those behind the first batch, before which the processes begin; seconds of processors and memory
are those of all of them.

    python benchmarks/streaming.py
    python benchmarks/streaming.py --pictures 50000 --sides 48x64 --size 32 --workers 2
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image

from dslnas.data.labelled_tensors import load
from dslnas.data.rows import RowPart
from dslnas.settings.images import ImageFolder
from dslnas.settings.values import ResizedCrop
from family import Watch
from measuring import in_own_process, machine

CLASSES = 10
DETAIL = 16
"""Pixels of a generated picture for each that is drawn: between them it is smooth."""


class Pass(NamedTuple):
    """A pass over a folder.

    Attributes:
        first: Seconds to the first batch.
        rate: Pictures a second behind it.
        cores: Seconds of processors meanwhile, in one of the clock.
        early: Most MiB in the first half.
        late: Most MiB in the second half.
    """

    first: float
    rate: float
    cores: float
    early: float
    late: float


def write_pictures(folder: Path, count: int, sides: tuple[int, int]) -> None:
    """Write so many pictures, of a height and width, evenly into the classes."""
    drawn, (height, width) = np.random.default_rng(0), sides
    for number in range(count):
        coarse = drawn.integers(0, 256, (height // DETAIL + 1, width // DETAIL + 1, 3), np.uint8)
        picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        place = folder / f"class{number % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"{number}.jpg", quality=90)


def by_pillow(folder: Path, size: int) -> Pass:
    """Decode and scale all pictures by Pillow alone."""
    paths, watches = sorted(folder.glob("*/*.jpg")), (Watch(), Watch())
    begin = time.perf_counter()
    for watch, half in zip(watches, (paths[::2], paths[1::2]), strict=True):
        with watch:
            for path in half:
                with Image.open(path) as image:
                    image.convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    return _passed(0.0, len(paths), time.perf_counter() - begin, watches)


def by_loader(folder: Path, size: int, batch: int, workers: int) -> Pass:
    """Read a pass as a training does."""
    settings = ImageFolder(
        path=str(folder),
        size=size,
        fit="crop",
        shorter_side=size * 8 // 7,
        stream="always",
        workers=workers,
        split=(0.4, 0.4, 0.1, 0.1),
    )
    part = load(settings, "cpu").training
    assert isinstance(part, RowPart)
    watches, steps = (Watch(), Watch()), part.batch_count(batch)
    begin = time.perf_counter()
    reading = part.batches(batch, torch.Generator().manual_seed(0), (ResizedCrop(),))
    next(reading)
    first = time.perf_counter()
    with watches[0]:
        read = sum(len(next(reading)) for _ in range(steps // 2))
    with watches[1]:
        read += sum(map(len, reading))
    return _passed(first - begin, read, time.perf_counter() - first, watches)


def _passed(first: float, read: int, seconds: float, watches: tuple[Watch, Watch]) -> Pass:
    early, late = watches
    return Pass(first, read / seconds, (early.cores + late.cores) / 2, early.mib, late.mib)


def rows(folder: Path, size: int, batch: int, workers: Sequence[int]) -> Iterator[tuple[str, Pass]]:
    """Yield what reads, and its pass."""
    yield "Pillow alone", in_own_process(by_pillow, folder, size)
    for count in workers:
        name = ("this process", "1 process")[count] if count < 2 else f"{count} processes"
        yield name, in_own_process(by_loader, folder, size, batch, count)


def main(arguments: Sequence[str] | None = None) -> None:
    """Generate a folder, read it in all ways, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--sides", type=_sides, default=(375, 500), help="of the files, 375x500")
    parser.add_argument("--size", type=int, default=224, help="that a network reads")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--workers", type=_numbers, default=(0, 1, 2), help="0,1,2")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with TemporaryDirectory() as place:
        os.environ["XDG_CACHE_HOME"] = place  # what is kept of pictures that nobody reads again
        folder = Path(place) / "pictures"
        write_pictures(folder, given.pictures, given.sides)
        height, width = given.sides
        print(
            f"{given.pictures:,} JPEGs of {height} x {width}, read at {given.size}; {machine()}\n"
        )
        print("| read by | pictures a second | CPU ms each | first batch | MiB in both halves |")
        print("| --- | ---: | ---: | ---: | ---: |")
        for name, found in rows(folder, given.size, given.batch, given.workers):
            each = 1000 * found.cores / found.rate
            memory = f"{found.early:.0f}, {found.late:.0f}"
            told = f"{found.rate:.0f} | {each:.1f} | {found.first:.1f} s | {memory}"
            print(f"| {name} | {told} |", flush=True)


def _sides(text: str) -> tuple[int, int]:
    height, width = map(int, text.split("x"))
    return height, width


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


if __name__ == "__main__":
    main()

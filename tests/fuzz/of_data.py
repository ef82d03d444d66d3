"""Targets that read data: a file of every source, and those inside of archives."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from dslnas.app.data_report import report_data
from dslnas.data.recognition import sources_of
from tests.data.every_source import MADE
from tests.data.made import idx_bytes, labels, pixels
from tests.fuzz.target import Target

LANGUAGE, RATINGS, IMAGES = "papers.darts_rnn", "papers.sif", "papers.darts"
USES = {"text": LANGUAGE, "ptb": LANGUAGE, "ratings": RATINGS}
"""By source the space whose network its data fit, where those are no images."""

PICTURES = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "ICO", "TGA")


def reader(source: str, changed: str, settings: str = "") -> Callable[[bytes, Path], None]:
    """Return what reads the data of a source, of which one file is the input."""

    def read(content: bytes, folder: Path) -> None:
        spec = folder / "spec.nas"
        if not spec.exists():
            place = MADE[source](folder)
            (folder / "place").symlink_to(place.name)
            use = USES.get(source, IMAGES)
            data = f'data {source} {{ path "{place.name}"; {settings} }}'
            spec.write_text(f"use {use}\n{data}\n", encoding="utf-8")
            (folder / changed.removesuffix(".gz")).unlink()
        (folder / changed).write_bytes(content)
        sources_of((folder / "place").resolve())
        report_data(spec)

    return read


def packed(name: str, **others: np.ndarray) -> Callable[[bytes], bytes]:
    """Return what puts an input into an archive of NumPy, as one of its arrays."""

    def pack(content: bytes) -> bytes:
        archive = io.BytesIO()
        np.savez(archive, **others)  # type: ignore[arg-type]
        with zipfile.ZipFile(archive, "a") as opened:
            opened.writestr(f"{name}.npy", content)
        return archive.getvalue()

    return pack


def _through(
    pack: Callable[[bytes], bytes], read: Callable[[bytes, Path], None]
) -> Callable[[bytes, Path], None]:
    return lambda content, folder: read(pack(content), folder)


def _idx() -> Sequence[bytes]:
    return [idx_bytes(pixels(80, 9, 8)), idx_bytes(pixels(6, 5, 4, 3)), idx_bytes(pixels(80))]


def _idx_labels() -> Sequence[bytes]:
    return [idx_bytes(labels(80, classes).astype(np.uint8)) for classes in (2, 4, 10)]


def _gzipped() -> Sequence[bytes]:
    return [gzip.compress(content, level, mtime=0) for content in _idx() for level in (0, 9)]


def _arrays() -> Sequence[bytes]:
    shapes = ((40, 8, 8), (40, 8, 8, 3), (40, 1, 8, 8), (40, 8))
    kinds = (np.uint8, np.float32, np.int16, np.bool_, np.float16, np.complex64)
    return [_array(pixels(*shape).astype(kind)) for shape in shapes for kind in kinds]


def _targets() -> Sequence[bytes]:
    kinds = (np.uint8, np.int64, np.float32, np.bool_, np.str_)
    return [_array(labels(40, classes).astype(kind)) for classes in (2, 4) for kind in kinds]


def _array(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array)
    return written.getvalue()


def _archives() -> Sequence[bytes]:
    found = []
    for save in (np.savez, np.savez_compressed):
        for shape in ((40, 8, 8), (40, 2, 8)):
            archive = io.BytesIO()
            save(archive, x=pixels(*shape), y=labels(40, 4))
            found.append(archive.getvalue())
    return found


def _pictures() -> Sequence[bytes]:
    found = []
    for kind in PICTURES:
        for mode in ("RGB", "L", "P", "RGBA", "CMYK", "I;16"):
            written = io.BytesIO()
            try:
                Image.fromarray(pixels(12, 9, 3)).convert(mode).save(written, kind)
            except (OSError, ValueError, KeyError):  # a format without that mode
                continue
            found.append(written.getvalue())
    return found


def _batch() -> Sequence[bytes]:
    rows = pixels(160, 3073)
    rows[:, 0] = labels(160, 10)
    return [rows.tobytes()]


def _tables() -> Sequence[bytes]:
    rows = [f"{i},{i * 7 % 5},{i % 2}" for i in range(60)]
    table = "\n".join(["a,b,kind", *rows])
    texts = [table, table.replace(",", ";"), table.replace(",", "\t"), "\n".join(rows)]
    texts.append(
        table.replace("\n1,", '\n"1",').replace(",0\n", ",no\n").replace(",1\n", ',"yes"\n')
    )
    return [text.encode() for text in texts]


def _texts() -> Sequence[bytes]:
    sentence = "the cat sat on the mat and the dog ran off again\n"
    foreign = "Überall, où l'été — 猫は好き 🎈 e\u0301\n"
    texts = [sentence * 60, foreign * 60, "a b\r\nc d\r\n" * 200]
    return [*(text.encode() for text in texts), *((foreign * 60).encode(e) for e in _ENCODINGS)]


_ENCODINGS = ("utf-16", "utf-32", "utf-8-sig", "utf-16-be")


def _ratings() -> Sequence[bytes]:
    lines = [(user, item, (user * item) % 5 + 1, 0) for user in range(12) for item in range(9)]
    heading = "userId,movieId,rating,timestamp\n"
    texts = ["\n".join(by.join(map(str, line)) for line in lines) for by in ("\t", "::", ",", ";")]
    return [
        text.encode() for text in (*texts, heading + texts[2], heading.replace(",", ";") + texts[3])
    ]


def targets() -> Iterator[Target]:
    """Yield the targets of this module."""
    idx = reader("idx", "digits/train-images-idx3-ubyte")
    yield Target("idx", idx, _idx)
    yield Target("idx-labels", reader("idx", "digits/train-labels-idx1-ubyte"), _idx_labels)
    yield Target("cifar10", reader("cifar10", "cifar/data_batch_1.bin"), _batch)
    npz = reader("npz", "mine.npz")
    yield Target("npz", npz, _archives)
    yield Target("npz-inputs", _through(packed("x", y=labels(40, 4)), npz), _arrays)
    yield Target("npz-targets", _through(packed("y", x=pixels(40, 8, 8)), npz), _targets)
    signals = reader("signals", "signals.npz")
    yield Target("signals", _through(packed("x", y=labels(40, 4)), signals), _arrays)
    yield Target("images", reader("images", "my photos/cat/0.png", "size 8"), _pictures)
    yield Target(
        "table", reader("table", "rows.csv"), _tables, (b"nan", b"inf", b"kind"), is_text=True
    )
    yield Target("text", reader("text", "book.txt"), _texts, is_text=True)
    yield Target("ptb", reader("ptb", "ptb/valid.txt"), _texts, is_text=True)
    yield Target("ratings", reader("ratings", "u.data"), _ratings, (b"rating", b"::"), is_text=True)
    yield Target("gzip", reader("idx", "digits/train-images-idx3-ubyte.gz"), _gzipped)

"""Whatever bytes a file holds, a reader returns examples or a `UserError`, nothing else."""

import gzip
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dslnas.data import cifar10, idx, npz
from dslnas.data.picture_files import decode
from dslnas.data.pictures import Pictures
from dslnas.data.preprocessing import Preprocessing
from dslnas.diagnostics import UserError
from dslnas.settings.images import Cifar10, Idx, Npz
from tests.data.made import idx_bytes, labels, pixels, write_cifar10, write_idx

Edit = tuple[float, bytes, int]

few = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
edits = st.lists(
    st.tuples(st.floats(0, 1), st.binary(max_size=4), st.integers(0, 4)), min_size=1, max_size=4
)


def edited(content: bytes, changes: list[Edit]) -> bytes:
    """Replace, at each place (a share of the length), some bytes by others."""
    for place, new, gone in changes:
        at = int(place * len(content))
        content = content[:at] + new + content[at + gone :]
    return content


def survives(path: Path, content: bytes, read: Callable[[], object]) -> None:
    path.write_bytes(content)
    with suppress(UserError):
        read()


@few
@given(edits)
def test_idx_files(tmp_path: Path, changes: list[Edit]) -> None:
    write_idx(tmp_path, "train", pixels(6, 5, 4), labels(6, 3))
    content = edited(idx_bytes(pixels(6, 5, 4)), changes)
    settings = Idx(path=str(tmp_path))
    survives(tmp_path / "train-images-idx3-ubyte", content, lambda: idx.read(settings))


@few
@given(edits)
def test_gzip_files(tmp_path: Path, changes: list[Edit]) -> None:
    write_idx(tmp_path, "train", pixels(6, 5, 4), labels(6, 3), ".gz")
    content = edited(gzip.compress(idx_bytes(pixels(6, 5, 4)), mtime=0), changes)
    settings = Idx(path=str(tmp_path))
    survives(tmp_path / "train-images-idx3-ubyte.gz", content, lambda: idx.read(settings))


@few
@given(edits)
def test_cifar10_files(tmp_path: Path, changes: list[Edit]) -> None:
    write_cifar10(tmp_path, "data_batch_1.bin", 10)
    content = write_cifar10(tmp_path, "test_batch.bin", 10).tobytes()
    path = tmp_path / "test_batch.bin"
    survives(path, edited(content, changes), lambda: cifar10.read(Cifar10(path=str(tmp_path))))


@pytest.mark.filterwarnings("ignore::UserWarning")  # NumPy's, on headers of Python 2
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@few
@given(changes=edits)
def test_npz_files(tmp_path: Path, save: Callable[..., None], changes: list[Edit]) -> None:
    buffer = io.BytesIO()
    save(buffer, x=pixels(6, 5, 4), y=labels(6, 3))
    path = tmp_path / "set.npz"
    survives(path, edited(buffer.getvalue(), changes), lambda: npz.read(Npz(path=str(path))))


@pytest.mark.filterwarnings("ignore::UserWarning")  # as above
@few
@given(changes=edits)
def test_npz_headers(tmp_path: Path, changes: list[Edit]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, pixels(6, 5, 4))
    content = edited(buffer.getvalue(), changes)
    path = tmp_path / "set.npz"
    np.savez(path, y=labels(6, 3))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x.npy", content)
    with suppress(UserError):
        npz.read(Npz(path=str(path)))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "PPM"])
@few
@given(changes=edits)
def test_image_files(tmp_path: Path, kind: str, changes: list[Edit]) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels(12, 9, 3)).save(buffer, kind)
    path = tmp_path / "image.png"
    how = Preprocessing("RGB", 4, 4, "pad")
    survives(path, edited(buffer.getvalue(), changes), lambda: decode(path, how, Pictures()))

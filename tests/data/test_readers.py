"""Readers: a source of images needs its settings and a module of its name, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dslnas.data.examples import DataShape
from dslnas.data.readers import describe, reader_of
from dslnas.settings.data import DATA
from dslnas.settings.images import Cifar10, Digits, Idx, ImageFolder
from dslnas.settings.labelled import LabelledSettings
from tests.data.made import error, labels, pixels, real, write_cifar10, write_idx, write_images

LABELLED = [name for name, model in DATA.items() if issubclass(model, LabelledSettings)]
NO_PATH_HELP = 'add `path "..."` to the data section or pass `--set data.path=DIR`'
CORRECT_PATH_HELP = "correct `path` in the data section or pass `--set data.path=DIR`"


@pytest.mark.parametrize("source", LABELLED)
def test_every_source_of_labels_has_a_reader(source: str) -> None:
    settings = DATA[source]()
    assert isinstance(settings, LabelledSettings)
    reader = reader_of(settings)
    assert callable(reader.read)
    known = reader.known(settings)
    assert known is None or isinstance(known, DataShape)


@pytest.mark.parametrize("source", LABELLED)
def test_what_comes_with_a_package_is_known_without_a_path(source: str) -> None:
    settings = DATA[source]()
    assert isinstance(settings, LabelledSettings)
    if not settings.has_files:
        assert reader_of(settings).known(settings) == describe(settings) is not None


def settings_of(source: str, path: str = "") -> LabelledSettings:
    settings = DATA[source].model_validate({"path": path})
    assert isinstance(settings, LabelledSettings)
    return settings


def test_digits_and_cifar10_are_known_without_files() -> None:
    digits, cifar10 = describe(Digits()), describe(Cifar10())
    assert digits is not None
    assert cifar10 is not None
    assert (digits.shape, digits.classes, digits.has_test) == ((1, 8, 8), 10, False)
    assert (cifar10.shape, cifar10.classes, cifar10.has_test) == ((3, 32, 32), 10, True)
    assert set(cifar10.counts.values()) == {5000}


def test_describing_known_data_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from dslnas.data import readers, text_survey\n"
        "from dslnas.tasks.catalogue import TASKS\n"
        "from dslnas.settings.data import Cifar10, Digits, TextFile\n"
        "readers.describe(Digits()); readers.describe(Cifar10())\n"
        "text_survey.describe(TextFile())\n"
        "print({'numpy', 'torch', 'onnx', 'sklearn', 'PIL'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("source", ["idx", "npz", "images"])
def test_other_data_are_unknown_without_a_path(source: str) -> None:
    assert describe(settings_of(source)) is None


@pytest.mark.parametrize("source", ["cifar10", "idx", "npz", "images"])
def test_loading_needs_a_path(source: str) -> None:
    settings = settings_of(source)
    assert error(lambda: reader_of(settings).shape(settings), "data") == (
        "NAS605",
        f"data source `{source}` needs a path",
        NO_PATH_HELP,
    )


@pytest.mark.parametrize("source", ["cifar10", "idx", "npz", "images"])
@pytest.mark.parametrize("name", ["nothing", "~no one/here", "zero\0byte"])
def test_a_path_that_does_not_exist(source: str, name: str, tmp_path: Path) -> None:
    path = name if name.startswith("~") else str(tmp_path / name)
    settings = settings_of(source, path)
    assert error(lambda: describe(settings), path) == (
        "NAS601",
        "path does not exist",
        CORRECT_PATH_HELP,
    )


def test_a_name_that_the_system_refuses(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 1000)
    settings = Idx(path=str(path))
    assert error(lambda: describe(settings), path) == (
        "NAS603",
        "path cannot be read: file name too long",
        "check the file",
    )


@pytest.mark.parametrize(
    ("source", "holds"),
    [
        (
            "cifar10",
            "CIFAR-10's binary version: data_batch_1.bin (to 5) and test_batch.bin",
        ),
        (
            "idx",
            "train-images-idx3-ubyte and train-labels-idx1-ubyte, and for a test part "
            "t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte; each may end in .gz",
        ),
        ("images", "one folder of images per class, or `train` and `test` with such folders"),
    ],
)
def test_a_file_where_a_folder_is_needed(source: str, holds: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    settings = settings_of(source, str(path))
    assert error(lambda: describe(settings), path) == (
        "NAS602",
        "not a folder",
        f"give a folder that holds {holds}",
    )


def test_shapes_come_from_the_files(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", "train", pixels(9, 5, 4), labels(9, 3))
    thirds = {"0": 3, "1": 3, "2": 3}
    assert describe(Idx(path=str(folder))) == DataShape((1, 5, 4), 3, False, thirds)
    write_idx(folder, "t10k", pixels(2, 5, 4), labels(2, 2))
    assert describe(Idx(path=str(folder))) == DataShape((1, 5, 4), 3, True, thirds)

    folder = write_images(tmp_path / "images", {"cat": 1, "dog": 2})
    settings = ImageFolder(path=str(folder), size=16)
    assert describe(settings) == DataShape((3, 16, 16), 2, False, {"cat": 1, "dog": 2})

    folder = tmp_path / "cifar"
    write_cifar10(folder, "data_batch_1.bin", 10)
    write_cifar10(folder, "test_batch.bin", 10)
    assert describe(Cifar10(path=str(folder))) == DataShape((3, 32, 32), 10, has_test=True)


def test_real_data_are_described(shared: Path) -> None:
    settings = Idx(path=str(real(shared, "fashion-mnist")))
    counts = {str(number): 6000 for number in range(10)}
    assert describe(settings) == DataShape((1, 28, 28), 10, has_test=True, counts=counts)
    found, known = (
        describe(Cifar10(path=str(real(shared, "cifar-10-batches-bin")))),
        describe(Cifar10()),
    )
    assert found is not None
    assert known is not None
    assert found in (known, replace(known, counts={}))  # all of the batches, or some

"""Tables and signals: what is read of a file, and what is wrong with one."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from dslnas.data import signals, table
from dslnas.data.labelled_tensors import load
from dslnas.settings.tables import Signals, Table
from tests.data.made import error

ROWS = "age,city,height,kind\n1,Rome,2.5,b\n2,Oslo,3.5,a\n3,Rome,4.5,b\n"


def written(path: Path, text: str = ROWS) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_the_last_column_is_predicted_unless_others_are_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    found = table.read(Table(path=path, ignore=("city",)))
    assert found.inputs.tolist() == [[1, 2.5], [2, 3.5], [3, 4.5]]
    assert found.targets.tolist() == [1, 0, 1]
    assert found.class_names == ("a", "b")
    numbers = Table(path=path, task="regression", target=("height", "age"), ignore=("city", "kind"))
    assert error(lambda: table.read(numbers), path) == (
        "NAS604",
        "no column is left to read",
        "",
    )
    numbers = Table(path=path, task="regression", target=("height",), ignore=("city", "kind"))
    assert table.read(numbers).targets.tolist() == [[2.5], [3.5], [4.5]]
    assert table.shape(numbers).classes == 1
    assert table.shape(numbers).shape == (1,)


@pytest.mark.parametrize(
    "text",
    ["1;2;0\n3;4;10\n5;6;9\n", "1\t2\t0\n3\t4\t10\n5\t6\t9\n", "\ufeff1,2,0\r\n3,4,10\r\n5,6,9"],
)
def test_a_header_may_lack_and_separators_differ(tmp_path: Path, text: str) -> None:
    found = table.read(Table(path=written(tmp_path / "a.csv", text)))
    assert found.inputs.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.class_names == ("0", "9", "10")


def test_a_folder_has_a_test_part(tmp_path: Path) -> None:
    written(tmp_path / "train.csv", "x,y\n1,a\n2,b\n")
    written(tmp_path / "test.csv", "y,x\nb,5\n")
    found = table.read(Table(path=str(tmp_path)))
    assert found.test_inputs is not None
    assert found.test_targets is not None
    assert (found.test_inputs.tolist(), found.test_targets.tolist()) == ([[5]], [1])
    path = written(tmp_path / "test.csv", "y,x\nc,5\n")
    assert error(lambda: table.read(Table(path=str(tmp_path))), path)[1] == (
        "class `c` is in the test part but not in the training part"
    )


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            ROWS,
            "line 2, column `city`: `Rome` is no number",
            'write a number there, or leave the column out: `ignore "city"`',
        ),
        (
            "a,b\n1,x\n,y\n",
            "line 3, column `a`: a value is missing",
            'write a number there, or leave the column out: `ignore "a"`',
        ),
        (
            "a,b\n1,x\nnan,y\n",
            "line 3, column `a`: `nan` is no finite number",
            'write a number there, or leave the column out: `ignore "a"`',
        ),
        (
            "a,b\n1,x\n1e300,y\n",
            "line 3, column `a`: `1e300` is too large",
            'write a number there, or leave the column out: `ignore "a"`',
        ),
        (
            "a,b\n1,x\n1,2,y\n",
            "line 3 has 3 values but there are 2 columns",
            "write one value for each; they are separated by `','`",
        ),
        (
            f'a,k\n1,x\n"{"x" * 132_000}",1\n',
            "line 3 cannot be read: field larger than field limit (131072)",
            "are its quotes closed? A value has 131,072 characters at most",
        ),
        ("a,a\n1,x\n", "two columns have the same name", "rename one of them"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, message: str, help: str
) -> None:
    path = written(tmp_path / "a.csv", text)
    assert error(lambda: table.read(Table(path=path)), path) == ("NAS603", message, help)


def test_an_unknown_column_has_a_suggestion(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv")
    code, message, help = error(lambda: table.read(Table(path=path, target=("kin",))), path)
    assert (code, message) == ("NAS604", "there is no column `kin`, which `target` names")
    assert "`kind`" in help


def test_parquet_needs_its_package(tmp_path: Path) -> None:
    if find_spec("pyarrow"):
        pytest.skip("pyarrow is here")
    path = written(tmp_path / "a.parquet")
    assert error(lambda: table.read(Table(path=path)), "data") == (
        "NAS608",
        "to read Parquet files pyarrow is needed",
        "pip install dslnas[parquet]",
    )


def test_a_parquet_file_is_read_like_a_csv_file_of_the_same_rows(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"size": [1.5, -2.0, 3.25], "rooms": [3, 4, 5], "kind": ["flat", "house", "flat"]}
    parquet.write_table(arrow.table(columns), tmp_path / "a.parquet")
    rows = "".join(f"{a},{b},{c}\n" for a, b, c in zip(*columns.values(), strict=True))
    written(tmp_path / "a.csv", f"size,rooms,kind\n{rows}")
    ours, same = (table.read(Table(path=str(tmp_path / f"a.{end}"))) for end in ("parquet", "csv"))
    assert ours.class_names == same.class_names == ("flat", "house")
    assert ours.inputs.tolist() == same.inputs.tolist()
    assert ours.targets.tolist() == same.targets.tolist() == [0, 1, 0]


def test_what_is_wrong_with_a_parquet_file_is_told(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {"size": [1.5, None, 3.25], "price": [3.0, 4.0, 5.0]}
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table(columns), path)
    code, message, _ = error(lambda: table.read(Table(path=str(path))), path)
    assert (code, message) == ("NAS603", "line 2, column `size`: a value is missing")
    written(path, "no table")
    code, message, _ = error(lambda: table.read(Table(path=str(path))), path)
    assert code == "NAS603"
    assert message == "damaged Parquet file"


def test_columns_of_text_are_normalised_like_channels(tmp_path: Path) -> None:
    rows = "".join(f"{n},{10 * n},{n % 2}\n" for n in range(40))
    settings = Table(path=written(tmp_path / "a.csv", rows), split=(0.4, 0.2, 0.2, 0.2))
    data = load(settings, "cpu")
    (batch, *_) = data.training.in_order(100)
    inputs = batch.inputs["features"]
    assert inputs.mean(0).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert inputs.std(0, correction=0).tolist() == pytest.approx([1, 1], rel=1e-5)


# ---- signals ------------------------------------------------------------------------------------


def test_signals_of_an_archive_have_channels_and_a_time(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    stored = np.arange(48, dtype=np.int16).reshape(4, 3, 4)
    np.savez(path, x=stored, y=np.array([0, 1, 0, 1]))
    found = signals.read(Signals(path=str(path)))
    assert isinstance(found.inputs, np.ndarray)
    assert found.inputs.shape == (4, 3, 4)
    assert found.inputs[1, 2].tolist() == stored[1, 2].tolist()
    assert signals.shape(Signals(path=str(path))).shape == (3, 4)
    np.savez(path, x=stored[:, 0], y=np.array([0, 1, 0, 1]))
    assert signals.read(Signals(path=str(path))).inputs.shape == (4, 1, 4)


def test_a_row_of_a_file_is_a_signal_channel_after_channel(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "1,2,3,4,5,6,a\n7,8,9,10,11,12,b\n")
    found = signals.read(Signals(path=path, channels=2))
    assert isinstance(found.inputs, np.ndarray)
    assert found.inputs.shape == (2, 2, 3)
    assert found.inputs[0].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found.targets.tolist() == [0, 1]
    assert error(lambda: signals.read(Signals(path=path, channels=4)), path)[1] == (
        "6 numbers of a row are no equal parts for 4 channels"
    )

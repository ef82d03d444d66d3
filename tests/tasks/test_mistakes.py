from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
import torch
from PIL import Image

from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.preprocessing import Preprocessing
from dslnas.data.tensor_part import TensorPart
from dslnas.tasks.mistakes import (
    MOST,
    PICTURES,
    SIDE,
    Mistake,
    largest_errors,
    pictures_by_row,
    pictures_of,
    wrong_classes,
    wrong_labels,
)
from dslnas.tasks.task import Rows


def told(found: Sequence[Mistake]) -> list[tuple[int, str, str, str]]:
    return [(m.row, m.true, m.said, m.remark) for m in found]


def test_wrong_classes_come_with_the_surest_first() -> None:
    table: Rows = [
        ("file", "class", "predicted", "probability"),
        ("a.png", "cat", "cat", "0.999"),
        ("b.png", "cat", "dog", "0.51"),
        ("c.png", "dog", "cat", "0.9"),
    ]
    found = wrong_classes(table)
    assert told(found) == [(2, "dog", "cat", "90% sure"), (1, "cat", "dog", "51% sure")]
    assert found[0].name == "c.png"


def test_a_label_too_many_or_too_few_is_a_mistake() -> None:
    table: Rows = [
        ("row", "red", "round", "predicted red", "predicted round"),
        ("0", "1", "0", "0.9", "0.2"),
        ("1", "1", "0", "0.4", "0.1"),
        ("2", "0", "0", "0.3", "0.95"),
    ]
    assert told(wrong_labels(table)) == [
        (2, "nothing", "round", "95% sure"),
        (1, "red", "nothing", "60% sure"),
    ]


def test_labels_that_are_right_are_not_told_beside_those_that_are_wrong() -> None:
    table: Rows = [
        ("row", "red", "round", "small", "predicted red", "predicted round", "predicted small"),
        ("0", "1", "1", "0", "0.9", "0.2", "0.7"),
    ]
    assert told(wrong_labels(table)) == [(0, "round", "small", "80% sure")]


def test_errors_of_numbers_are_told_in_deviations_of_each_number() -> None:
    table: Rows = [
        ("row", "small", "large", "predicted small", "predicted large"),
        ("0", "0", "100", "0", "150"),
        ("1", "2", "300", "4", "300"),
    ]
    assert told(largest_errors(table)) == [
        (1, "2, 300", "4, 300", "off by 2 deviations"),
        (0, "0, 100", "0, 150", "off by 0.5 deviations"),
    ]


@pytest.mark.parametrize("find", [wrong_classes, wrong_labels, largest_errors])
def test_a_table_without_rows_has_no_mistakes(find: object) -> None:
    assert callable(find)
    assert find([("row", "class", "predicted", "probability")]) == []


# ---- pictures -----------------------------------------------------------------------------------


def data_of(images: torch.Tensor, how: Preprocessing | None) -> Data:
    part = TensorPart({"image": images}, targets=torch.zeros(len(images), dtype=torch.int64))
    return Data(part, part, part, part, LabelledFacts(("a", "b"), preprocessing=how))


def mistakes(*rows: int) -> list[Mistake]:
    return [Mistake(row, f"{row}.png", "a", "b", "", 1.0) for row in rows]


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_pictures_are_those_of_the_data_again(mode: str, channels: int) -> None:
    mean, std = (0.25,) * channels, (0.5,) * channels
    how = Preprocessing(mode, 5, 7, mean=mean, std=std)
    shape = (3, channels, 5, 7)
    bytes_ = torch.randint(256, shape, generator=torch.Generator().manual_seed(1))
    images = (bytes_ / 255 - 0.25) / 0.5
    files = pictures_of(mistakes(2, 0), data_of(images, how))
    assert files.keys() == {PICTURES}
    found = pictures_by_row(files[PICTURES])
    assert list(found) == [2, 0]
    for row, content in found.items():
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.mode, picture.size) == (mode, (7, 5))
            expected = bytes_[row].permute(1, 2, 0).to(torch.uint8).numpy()
            assert picture.tobytes() == expected.tobytes()


def test_of_many_large_pictures_some_small_ones_are_kept() -> None:
    how = Preprocessing("L", 100, 200, mean=(0.0,), std=(1.0,))
    files = pictures_of(mistakes(*range(40)), data_of(torch.zeros(40, 1, 100, 200), how))
    found = pictures_by_row(files[PICTURES])
    assert list(found) == list(range(MOST))
    with Image.open(io.BytesIO(found[0])) as picture:
        assert max(picture.size) == SIDE


def test_there_are_no_pictures_without_mistakes_or_where_examples_are_none() -> None:
    how = Preprocessing("L", 4, 4, mean=(0.0,), std=(1.0,))
    assert pictures_of([], data_of(torch.zeros(1, 1, 4, 4), how)) == {}
    assert pictures_of(mistakes(0), data_of(torch.zeros(1, 1, 4, 4), None)) == {}


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_file_of_pictures_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no pictures with their rows"):
        pictures_by_row(content)

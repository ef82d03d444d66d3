"""Sizes of the parts, and what cannot be divided, told before anything is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from dslnas.data.division import check_batch, check_counts, check_split
from dslnas.data.readers import describe
from dslnas.data.split import split, subset
from dslnas.settings.images import Cifar10, Digits, Idx, ImageFolder
from tests.data.made import error, images_of, labels, pixels, write_idx
from tests.loading import load


def test_a_test_share_for_data_that_have_a_test_part() -> None:
    settings = Cifar10(split=(0.4, 0.4, 0.1, 0.1))
    assert error(lambda: check_split(settings, has_test=True), "cifar10") == (
        "NAS607",
        "split has 4 shares but the data have a test part of their own",
        "give 3 shares, for weights, architecture, validation, or leave `split` out",
    )


@pytest.mark.parametrize(
    ("has_test", "has_validation", "shares"),
    [
        (False, False, (0.4, 0.4, 0.1, 0.1)),
        (True, False, (0.45, 0.45, 0.1)),
        (False, True, (0.45, 0.45, 0.1)),
        (True, True, (0.5, 0.5)),
    ],
)
def test_a_split_that_nobody_gave_fits_the_parts_that_the_data_have(
    has_test: bool, has_validation: bool, shares: tuple[float, ...]
) -> None:
    divided = ImageFolder(path="photos").divided(has_test=has_test, has_validation=has_validation)
    assert divided.split == shares
    check_split(divided, has_test=has_test, has_validation=has_validation)
    given = ImageFolder(path="photos", split=(0.5, 0.5))
    assert given.divided(has_test=has_test, has_validation=has_validation) is given


def test_no_test_share_for_data_that_have_no_test_part(tmp_path: Path) -> None:
    folder = write_idx(tmp_path / "idx", "train", pixels(9, 5, 4), labels(9, 3))
    settings = Idx(path=str(folder), split=(0.45, 0.45, 0.1))
    assert error(lambda: load(settings, "cpu"), folder) == (
        "NAS607",
        "split has 3 shares but the data have no test part of their own",
        "give 4 shares, for weights, architecture, validation, test, or leave `split` out",
    )


def test_the_digits_are_counted_as_they_are_read() -> None:
    known = describe(Digits())
    assert known is not None
    data = load(Digits(split=(0.25, 0.25, 0.25, 0.25)), "cpu")
    targets = np.concatenate([images_of(part).targets.numpy() for part in data.parts])
    assert dict(enumerate(np.bincount(targets).tolist())) == dict(enumerate(known.counts.values()))


@pytest.mark.parametrize(
    ("counts", "share", "message", "help"),
    [
        (
            {"cat": 3, "dog": 9},
            1.0,
            "class `cat` has 3 examples but the split has 4 parts",
            "add examples of this class",
        ),
        (
            {"cat": 30, "dog": 90},
            0.1,
            "class `cat` has 3 examples in a subset of 10% but the split has 4 parts",
            "add examples of this class, or raise `subset`",
        ),
        (
            {"cat": 1, "dog": 9, "eel": 2},
            1.0,
            "2 classes have fewer examples than the 4 parts of the split: `cat` has 1, `eel` has 2",
            "add examples of these classes",
        ),
    ],
)
def test_classes_that_cannot_be_in_every_part(
    counts: Mapping[str, int], share: float, message: str, help: str
) -> None:
    settings = ImageFolder(path="photos", split=(0.4, 0.2, 0.2, 0.2), subset=share)
    assert error(lambda: check_counts(counts, settings), "photos") == ("NAS606", message, help)


def test_a_batch_larger_than_what_trains() -> None:
    counts, shares = {"0": 50, "1": 51}, (0.5, 0.2, 0.2, 0.1)
    read = np.repeat([0, 1], [50, 51])
    used = read[subset(read, 0.5, seed=0)]
    training = sum(len(part) for part in split(used, shares, seed=0)[:2])
    settings = Digits(split=shares, subset=0.5)
    check_batch(counts, settings, training, "data.batch")
    assert error(
        lambda: check_batch(counts, settings, training + 1, "data.batch"), "data.batch"
    ) == (
        "NAS606",
        f"a step reads {training + 1} examples but the parts that train have {training}",
        f"write `batch {training}` or less in `data`, or give more data",
    )

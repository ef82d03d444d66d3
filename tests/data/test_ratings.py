"""Ratings from files: three notations, who is known, the unit, and what is wrong with a file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from dslnas.data.dataset import Data
from dslnas.data.rating_division import describe
from dslnas.data.rating_facts import RatingFacts, read_facts
from dslnas.data.rating_tensors import mean_errors
from dslnas.data.tensor_part import TensorPart
from dslnas.diagnostics import UserError
from dslnas.ops.primitive import Token
from dslnas.settings.ratings import RatingFile, SimulatedRatings
from tests.data.made import images_of
from tests.loading import load

ROWS = [(f"u{n % 7}", f"i{n % 5}", 1 + n % 4 + 0.5 * (n % 2), 100 + n) for n in range(60)]
NOTATIONS = {
    "u.data": ("\t", ""),
    "ratings.dat": ("::", ""),
    "ratings.csv": (",", "userId,movieId,rating,timestamp\n"),
    "moved.csv": (",", '"user","item","when","Rating"\r\n'),
    "semicolons.csv": (";", ""),
}


def write(path: Path, name: str) -> RatingFile:
    separator, heading = NOTATIONS[name]
    rows = [(u, i, t, r) if "when" in heading else (u, i, r, t) for u, i, r, t in ROWS]
    lines = [separator.join(map(str, row)) for row in rows]
    (path / name).write_text(heading + "\n".join([*lines, ""]), newline="")
    return RatingFile(path=str(path / name))


def facts(data: Data) -> RatingFacts:
    assert isinstance(data.facts, RatingFacts)
    return data.facts


def told(data: Data) -> list[tuple[str, str, float]]:
    """Return the ratings of all parts as the file has them, of known users and items."""
    names = {
        name: {number: known for known, number in numbers.items()}
        for name, numbers in facts(data).numbers.items()
    }
    rows = []
    for part in map(images_of, data.parts):
        ratings = facts(data).mean + facts(data).std * part.targets
        numbers = (part.inputs["user"].tolist(), part.inputs["item"].tolist(), ratings.tolist())
        for user, item, rating in zip(*numbers, strict=True):
            rows.append((names["user"][user], names["item"][item], round(rating, 4)))
    return rows


@pytest.mark.parametrize("name", NOTATIONS)
def test_every_notation_is_read(tmp_path: Path, name: str) -> None:
    data = load(write(tmp_path, name), "cpu", torch.float64)
    assert sorted(told(data)) == sorted((u, i, r) for u, i, r, _ in ROWS)
    assert [len(part) for part in data.parts] == [30, 12, 3, 15]
    assert images_of(data.test).targets.dtype == torch.float64


def test_ratings_are_standardised_by_those_that_train(tmp_path: Path) -> None:
    data = load(write(tmp_path, "u.data"), "cpu", torch.float64)
    training = images_of(data.training)
    assert float(training.targets.mean()) == pytest.approx(0, abs=1e-12)
    assert float(training.targets.std(correction=0)) == pytest.approx(1)
    assert {images_of(part).unit for part in data.parts} == {facts(data).std}


def test_numbers_are_those_of_the_parts_that_train_and_0_is_any_other(tmp_path: Path) -> None:
    settings = write(tmp_path, "u.data")
    path = Path(settings.path)
    path.write_text(path.read_text() + "".join(f"rare{n}\ti0\t3\t0\n" for n in range(20)))
    data = load(settings, "cpu")
    known = facts(data).numbers["user"]
    assert sorted(known.values()) == [*range(1, len(known) + 1)]
    assert [*known][:7] == [f"u{n}" for n in range(7)]  # the shorter first
    training = images_of(data.training).inputs["user"]
    assert set(training.tolist()) == set(known.values())
    unknown = sum(int((images_of(p).inputs["user"] == 0).sum()) for p in data.parts)
    assert unknown == 27 - len(known) > 0
    described = describe(settings)
    assert described is not None
    assert described.shape == {"user": Token(len(known) + 1), "item": Token(6)}
    assert sum(described.counts.values()) == 80


def test_a_third_column_may_say_what_is_rated(tmp_path: Path) -> None:
    path = tmp_path / "triples.csv"
    path.write_text("".join(f"a{n % 3},b{n % 4},c{n % 2},{n % 5}\n" for n in range(40)))
    data = load(RatingFile(path=str(path), inputs=("user", "item", "tag")), "cpu")
    assert [*images_of(data.test).inputs] == ["user", "item", "tag"]
    assert facts(data).numbers["tag"] == {"c0": 1, "c1": 2}


def test_means_of_users_and_items_add_up() -> None:
    users, items = torch.tensor([1, 1, 2, 2, 3]), torch.tensor([1, 2, 1, 2, 1])
    targets = torch.tensor([0.0, 1.0, 2.0, 3.0, 4.0])
    training = TensorPart({"user": users, "item": items}, targets=targets)
    # mean 2; items 1 and 2 have 2 and 2; users 1, 2 and 3 have 0.5, 2.5 and 4 on average
    part = TensorPart(
        {"user": torch.tensor([1, 3, 0]), "item": torch.tensor([2, 0, 1])}, targets=torch.zeros(3)
    )
    assert mean_errors(training, part).tolist() == pytest.approx([0.5, 4.0, 2.0])


def test_simulated_ratings_are_the_same_every_time_and_follow_their_rule() -> None:
    settings = SimulatedRatings(users=20, items=10, ratings=200, noise=0.0, interaction="plus")
    one, two = load(settings, "cpu"), load(settings, "cpu")
    assert one.hash == two.hash
    training, test = images_of(one.training), images_of(one.test)
    # sums are means of users and items, as far as few ratings tell them
    assert mean_errors(training, test).square().mean() < 0.02
    other = load(settings.replace(interaction="multiply"), "cpu")
    errors = mean_errors(images_of(other.training), images_of(other.test))
    assert errors.square().mean() > 0.5
    assert np.isfinite(images_of(other.test).targets.numpy()).all()


def test_more_simulated_ratings_than_pairs_are_refused() -> None:
    with pytest.raises(UserError, match="20 users and 10 items make 200 pairs"):
        load(SimulatedRatings(users=20, items=10, ratings=201), "cpu")


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("", "NAS603", "first line has only one column"),
        ("one two three\n", "NAS603", "first line has only one column"),
        ("1\t2\t3\n1\t2\n", "NAS603", "line 2 has 2 columns, needs user, item, rating"),
        ("1\t2\tfive\n", "NAS603", "rating in line 1 is no number: `five`"),
        ("1,2,3\n1,2,nan\n", "NAS603", "rating in line 2 is no number: `nan`"),
        (f'1,2,3\n1,"{"2" * 132_000}",3\n', "NAS603", "line 2 cannot be read: field larger"),
        ("user,item,rating\n", "NAS606", "there are no ratings"),
        ("1\t2\t3\n", "NAS606", "there are 1 ratings but the split has 4 parts"),
        (b"\xff\xfe\t1\t2\n", "NAS610", "file is UTF-16, but UTF-8 is read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    tmp_path: Path, content: str | bytes, code: str, message: str
) -> None:
    path = tmp_path / "u.data"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        load(RatingFile(path=str(path)), "cpu")
    (found,) = caught.value.diagnostics
    assert (found.code, found.where) == (code, str(path))
    assert message in found.message
    assert found.help or code == "NAS606"


def test_a_folder_is_no_file_of_ratings(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(RatingFile(path=str(tmp_path)), "cpu")
    assert caught.value.diagnostics[0].code == "NAS602"


def test_the_numbers_of_a_run_are_read_back(tmp_path: Path) -> None:
    known = RatingFacts(numbers={"user": {"ä": 1}, "item": {"7": 1, "8": 2}}, mean=3.5, std=1.25)
    for name, content in known.files().items():
        (tmp_path / name).write_bytes(content)
    assert read_facts(known.entries(), tmp_path) == known
    assert json.loads((tmp_path / "numbers.json").read_text())["numbers"]["item"]["8"] == 2
    with pytest.raises(UserError, match="mean and the deviation"):
        read_facts({"mean": 3.5}, tmp_path)
    (tmp_path / "numbers.json").unlink()
    with pytest.raises(UserError, match="does not exist"):
        read_facts(known.entries(), tmp_path)

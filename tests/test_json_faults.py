"""Faults of JSON: what is told of files of runs that somebody changed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from functools import cache

import pytest
from pydantic import ValidationError

from dslnas.diagnostics import UserError
from dslnas.json_faults import json_faults
from dslnas.json_model import JsonModel, parse_model
from dslnas.runs.manifest import Manifest, dslnas_version
from dslnas.runs.pulse import Pulse
from dslnas.runs.summary import Sample
from dslnas.training.records import EpochRecord, SearchCheck
from tests.loading import IMAGES
from tests.runs.made import made_manifest
from tests.runs.test_summary import on_images

LINE = {"stage": "search", "epoch": 1, "epochs": 2, "train_loss": 0.5, "validation_loss": 0.25}
CHECK = {"stage": "check", "metric": "m", "found": 1.0, "random": [0.5], "median": 0.5}
PULSE = {"stage": "search", "epoch": 1, "epochs": 2, "step": 1, "steps": 2, "seconds_left": 1.5}
PLACE = {"process": 1, "began": 2, "host": "h", "time": 0.5}

VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e400,
    "x",
    "",
    [],
    {},
    [1],
    ["x"],
    {"a": 1},
    {"a": "x"},
    10**30,
)
"""Values that are put where others were."""

OF_PYDANTIC = ("Input", "should", "Unable", "Field", "required", "discriminator", "tag", "valid")
"""Words in its messages."""


@cache
def _manifest() -> str:
    member = {"file": "a.nas", "convolutions": {"normal": 1}, "epoch": 1, "params": 3, "score": 0.5}
    results = {
        "search_epoch": 1,
        "family": (member,),
        "test_accuracy": 0.5,
        "test_recall": {"zero": 0.5, "one": 1.0},
        "confusion": {"zero": {"one": 3}},
        "latency": {"processor": "a fast one", "threads": 2, "milliseconds": {}},
    }
    normalisation = {"mean": (0.5,), "std": (1.0,)}
    versions = {"dslnas": dslnas_version()}
    manifest = made_manifest(results, versions=versions, facts={"normalisation": normalisation})
    return json.dumps(manifest.model_dump(mode="json"))


@cache
def _files() -> tuple[tuple[type[JsonModel], str], ...]:
    """Return models, and what is read as such."""
    sample = Sample.of("darts", [on_images(1, 0.5, 0.25), on_images(2, 0.75, 0.5)], IMAGES)
    files: dict[type[JsonModel], Mapping[str, object]] = {
        EpochRecord: {**LINE, "seconds": 0.5, "chosen": {"normal": [1]}, "scores": {"n": [[0.5]]}},
        SearchCheck: {**CHECK, "beats_random": True},
        Pulse: {**PULSE, **PLACE},
        Sample: sample.model_dump(mode="json"),
    }
    texts = ((model, json.dumps(value)) for model, value in files.items())
    return (Manifest, _manifest()), *texts


def _places(value: object) -> Iterator[tuple[int | str, ...]]:
    """Yield the places of all values inside of another one."""
    inside = (
        value
        if isinstance(value, dict)
        else dict(enumerate(value))
        if isinstance(value, list)
        else {}
    )
    for key, one in inside.items():
        yield (key,)
        yield from ((key, *place) for place in _places(one))


def _is_number(text: str, place: tuple[int | str, ...]) -> bool:
    value = json.loads(text)
    for step in place:
        value = value[step]
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _changed(text: str, place: tuple[int | str, ...], how: int, by: object) -> str:
    """Return JSON with an entry of an object unknown, renamed or missing, or with another value."""
    whole = json.loads(text)
    inside = whole
    for step in place[:-1]:
        inside = inside[step]
    if how == 0:
        del inside[place[-1]]
    elif how == 1 and isinstance(inside, dict):
        inside["unknown"] = by
    elif how == 2 and isinstance(inside, dict):
        inside["unknown"] = inside.pop(place[-1])
    else:
        inside[place[-1]] = by
    return json.dumps(whole)


def _told(model: type[JsonModel], text: str) -> list[str]:
    """Return what is told of a file; nothing where it is whole."""
    try:
        parse_model(model, text, "file")
    except UserError as error:
        return [one.message for one in error.diagnostics]
    return []


_EACH = pytest.mark.parametrize(
    ("model", "text"), _files(), ids=lambda one: getattr(one, "__name__", "")
)


@_EACH
def test_no_words_of_pydantic_are_told_whatever_is_wrong(model: type[JsonModel], text: str) -> None:
    assert _told(model, text) == []
    draw = random.Random(0)
    places = list(_places(json.loads(text)))
    for _ in range(50):
        changed = _changed(text, draw.choice(places), draw.randrange(4), draw.choice(VALUES))
        for message in _told(model, changed):
            assert not {*message.split()} & {*OF_PYDANTIC}, message
            assert "is not what belongs there" not in message, changed


@_EACH
def test_a_whole_number_is_wanted_where_no_half_is_taken(model: type[JsonModel], text: str) -> None:
    draw = random.Random(0)
    numbers = [place for place in _places(json.loads(text)) if _is_number(text, place)]
    for place in draw.sample(numbers, min(20, len(numbers))):
        [wants], half = (_told(model, _changed(text, place, 3, by)) for by in ("x", 0.5))
        assert ("a whole number" in wants) == any("a whole number" in one for one in half)
        assert "number" in wants


NUMBER, OTHER = "must be a number or an object", "damaged, or of another version of dslnas: "
RECALL, COUNTS = "results.test_recall", "results.confusion.zero"
RATE = "settings.search.weights.lr"
SCHEDULES = "'cosine', 'exponential', 'linear', 'steps' or 'warmup'"


@pytest.mark.parametrize(
    ("place", "how", "by", "told"),
    [
        ("results.test_rmse", 3, "x", f"damaged: `results.test_rmse`: {NUMBER}"),
        (
            "results.test_recall.zero",
            3,
            "x",
            "damaged: `results.test_recall.zero`: must be a number",
        ),
        (
            "results.confusion.zero.one",
            3,
            0.5,
            "damaged: `results.confusion.zero.one`: must be a whole number",
        ),
        ("settings.search.method", 0, 0, "damaged: `settings.search.method`: is missing"),
        ("settings.search", 3, [], "damaged: `settings.search`: must be an object"),
        ("settings.search.epochs", 0, 0, ""),
        (f"{RATE}.start", 3, -1, f"damaged: `{RATE}.start`: must be more than 0"),
        (RATE, 3, "x", f"damaged: `{RATE}`: {NUMBER}"),
        (RATE, 3, 0, f"damaged: `{RATE}`: must be more than 0"),
        (f"{RATE}.word", 3, "x", f"damaged: `{RATE}.word`: must be {SCHEDULES}"),
        ("chosen", 3, {"test": 1}, "damaged: `chosen.test`: must be named 'search' or 'retrain'"),
        ("spec", 3, "", "damaged: `spec`: must have 1 or more characters"),
        ("settings.derive.rule.counts", 1, 0, f"{OTHER}`settings.derive.rule.unknown` is unknown"),
        ("execution", 2, 0, f"{OTHER}`execution` is missing, `unknown` is unknown"),
    ],
)
def test_a_fault_of_a_manifest_is_told_at_its_place(
    place: str, how: int, by: object, told: str
) -> None:
    steps = tuple(place.split("."))
    assert "; ".join(_told(Manifest, _changed(_manifest(), steps, how, by))) == told


def test_several_faults_are_told_each_at_its_place() -> None:
    text = _changed(_manifest(), ("seed",), 3, 0.5)
    assert _told(Manifest, _changed(text, ("device",), 0, 0)) == [
        "damaged: `seed`: must be a whole number",
        "damaged: `device`: is missing",
    ]


def test_a_manifest_of_another_version_is_told_in_one_line() -> None:
    text = _changed(_manifest(), ("versions", "dslnas"), 3, "0.0.1")
    assert _told(Manifest, text) == []
    for entry in ("execution", "precision", "passes"):
        text = _changed(text, (entry,), 0, 0)
    told = "`passes` is missing, `execution` is missing, `precision` is missing, and 1 more"
    assert _told(Manifest, _changed(text, ("seed",), 1, True)) == [
        f"was written by another version of dslnas, 0.0.1: {told}"
    ]


def test_an_error_without_words_of_its_own_says_so_too() -> None:
    error = ValidationError.from_exception_data(
        "model", [{"type": "date_type", "loc": ("a",), "input": 1}]
    )
    assert json_faults(error, {"a": 1}) == {"a": "is not what belongs there"}

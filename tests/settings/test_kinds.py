"""Kinds: what they take stays as it is kept, and what they refuse has a reason."""

from __future__ import annotations

import math
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter

from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA
from dslnas.settings.kinds import Call, Kind, Number, Text, UnfitError, Whole, Word
from dslnas.settings.lists import Exactly, Many, Names
from dslnas.settings.schema import Field, Record
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import CellSettings, EvaluateSettings, ExportSettings, NetworkSettings
from dslnas.settings.values import Adam, Cosine, Crop, Cutout, Flip, Sgd

CONFIG = ConfigDict(strict=True, arbitrary_types_allowed=True)
RECORDS: list[type[Record]] = [
    CellSettings,
    NetworkSettings,
    *dict.fromkeys(DATA.values()),
    *SEARCH.values(),
    EvaluateSettings,
    ExportSettings,
    *CALLS.values(),
]
FIELDS = [
    (field, TypeAdapter(get_type_hints(record)[name], config=CONFIG))
    for record in RECORDS
    for name, field in record.fields.items()
]
KINDS = list(dict.fromkeys(field.kind for field, _ in FIELDS))

WORDS = ("all", "never", "digits", "cifar10", "first", "onnx", "python", "x", "")
WRITTEN: tuple[Record, ...] = (Sgd(), Adam(), Cosine(start=0.1), Crop(), Flip(), Cutout())
ITEMS = st.one_of(
    st.booleans(),
    st.integers(-2, 70000),
    st.sampled_from((10**400, -(10**400))),
    st.floats(),
    st.floats(0, 1),
    st.sampled_from(WORDS),
    st.sampled_from(WRITTEN),
    st.none(),
)
PLAIN = st.one_of(ITEMS, st.lists(ITEMS, max_size=5).map(tuple), st.tuples(st.tuples(ITEMS)))


@settings(max_examples=300)
@given(st.sampled_from(KINDS), PLAIN)
def test_what_is_taken_is_stable_and_what_is_refused_has_a_reason(
    kind: Kind, value: object
) -> None:
    try:
        kept = kind.check(value)
    except UnfitError as wrong:
        message = wrong.message("`it`", "`that`")
        assert "`it` must be " in message or message.startswith("`it` needs at ")
        assert message.endswith(", not `that`") or ", found " in message
        return
    assert kind.suits(value)
    assert kept == value
    assert kind.check(kept) == kept


@settings(max_examples=300)
@given(st.sampled_from(FIELDS), PLAIN)
def test_what_a_field_takes_is_what_its_annotation_says(
    of: tuple[Field, TypeAdapter[object]], value: object
) -> None:
    """The kind decides what a field takes, the annotation what our code expects to find there."""
    field, annotation = of
    try:
        kept = field.check(value)
    except UnfitError:
        return
    assert repr(annotation.validate_python(kept)) == repr(kept)


def test_a_default_is_a_value_that_its_field_takes() -> None:
    for field, annotation in FIELDS:
        if not field.is_required:
            assert repr(field.check(field.default)) == repr(field.default), field.name
            annotation.validate_python(field.default)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Whole(ge=1), 0, "`it` must be at least 1, not 0"),
        (Whole(le=8), 9, "`it` must be at most 8, not 9"),
        (Whole(), 2.0, "`it` must be a whole number, not 2.0"),
        (Whole(), True, "`it` must be a whole number, not True"),
        (Number(gt=0), 0, "`it` must be more than 0, not 0"),
        (Number(ge=0, lt=1), 1.0, "`it` must be less than 1, not 1.0"),
        (Number(ge=0), math.nan, "`it` must be at least 0, not nan"),
        (Number(), 10**400, f"`it` must be a number, not {10**400}"),
        (Text(), 3, "`it` must be text in quotes, not 3"),
        (Word("a", "b", "c"), "d", "`it` must be `a`, `b` or `c`, not 'd'"),
        (Whole(ge=1) | Word("all"), 0, "`it` must be at least 1, not 0"),
        (Whole(ge=1) | Word("all"), "some", "`it` must be a whole number or `all`, not 'some'"),
        (Whole() | Names(), (1, "a"), "`it` must be a whole number or names, found 2"),
        (Number() | Call(Crop, Flip), 0j, "`it` must be a number, `crop(...)` or `flip`, not 0j"),
        (Many(Number(), least=2), (1,), "`it` needs at least 2 values, found 1"),
        (Many(Number(), most=2), (1, 2, 3), "`it` needs at most 2 values, found 3"),
        (Many(Number()), 1, "`it` must be a list: each value a number, not 1"),
        (Many(Number(le=1)), (1, 2), "each value of `it` must be at most 1, not 2"),
        (Many(Number()), ((1, 2),), "each value of `it` must be a number, not (1, 2)"),
        (Exactly(3, Whole()), (1, 2), "`it` must be 3 whole numbers, found 2"),
        (Exactly(2, Whole()), 1, "`it` must be 2 whole numbers, not 1"),
        (Exactly(2, Whole(ge=1)), (1, 0), "each value of `it` must be at least 1, not 0"),
    ],
)
def test_refusals_say_what_is_wanted(kind: Kind, value: object, message: str) -> None:
    with pytest.raises(UnfitError) as caught:
        kind.check(value)
    assert caught.value.message("`it`", repr(caught.value.value)) == message


def test_a_whole_number_becomes_a_float_where_a_number_is_wanted() -> None:
    assert repr(Number().check(1)) == "1.0"
    assert repr(Exactly(2, Number()).check((0, 0.5))) == "(0.0, 0.5)"
    assert repr(Sgd(lr=1).lr) == "1.0"
    assert math.isinf(Sgd(clip=math.inf).clip)

"""Faults: pydantic's errors in the words of the language, for every field that there is."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError, create_model

from dslnas.settings.annotations import calls_of, is_list, wanted
from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA
from dslnas.settings.data_base import Share
from dslnas.settings.faults import Fault, faults
from dslnas.settings.fields import Name
from dslnas.settings.model import Model
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import (
    CellSettings,
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
    NetworkSettings,
    Side,
)
from dslnas.settings.values import (
    Adam,
    Augmentation,
    Cosine,
    Crop,
    Cutout,
    Flip,
    Mixup,
    Schedule,
    Sgd,
    Variational,
)
from tests.examples import examples

MODELS: list[type[Model]] = [
    CellSettings,
    NetworkSettings,
    *DATA.values(),
    *SEARCH.values(),
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
    *CALLS.values(),
]
FIELDS = [(model, key) for model in MODELS for key in model.settings()]

WORDS = ("all", "never", "first", "onnx", "python", "x", "")
WRITTEN = (Sgd(), Adam(), Cosine(start=0.1), Crop(), Flip(), Cutout(), Variational())
ITEMS = st.one_of(
    st.booleans(),
    st.integers(-2, 70000),
    st.sampled_from((10**400, -(10**400))),
    st.floats(),
    st.floats(0, 1),
    st.sampled_from(WORDS),
    st.sampled_from(WRITTEN),
)
PLAIN = st.one_of(ITEMS, st.lists(ITEMS, max_size=5).map(tuple), st.tuples(st.tuples(ITEMS)))


def faults_of(model: type[Model], values: dict[str, object]) -> list[Fault]:
    required = {
        key: (1,) if is_list(field.annotation) else 1
        for key, field in model.settings().items()
        if field.is_required()
    }
    try:
        model.model_validate({**required, **values})
    except ValidationError as error:
        return faults(model, values, error)
    return []


@settings(max_examples=examples(300))
@given(st.sampled_from(FIELDS), PLAIN)
def test_what_is_refused_has_a_reason_and_a_value(of: tuple[type[Model], str], value: Any) -> None:
    model, key = of
    for fault in faults_of(model, {key: value}):
        message = fault.message("`it`", "`that`")
        assert fault.key == key
        given_value = value if fault.item is None else value[fault.item]
        assert fault.value is given_value or fault.value == given_value
        assert " must be " in message or message.startswith("`it` needs at ")
        assert message.endswith(", not `that`") or ", found " in message


@pytest.mark.parametrize(
    ("annotation", "value", "messages"),
    [
        (Annotated[int, Field(ge=1)], 0, ["`it` must be at least 1, not 0"]),
        (Annotated[int, Field(le=8)], 9, ["`it` must be at most 8, not 9"]),
        (int, 2.0, ["`it` must be a whole number, not 2.0"]),
        (int, True, ["`it` must be a whole number, not True"]),
        (Annotated[float, Field(gt=0)], 0, ["`it` must be more than 0, not 0"]),
        (Annotated[float, Field(ge=0, lt=1)], 1.0, ["`it` must be less than 1, not 1.0"]),
        (float, 10**400, [f"`it` must be a number, not {10**400}"]),
        (Annotated[float, Field(ge=0)] | None, -1, ["`it` must be at least 0, not -1"]),
        (Annotated[float, Field(ge=0)] | None, "x", ["`it` must be a number, not 'x'"]),
        (str, 3, ["`it` must be text in quotes, not 3"]),
        (Literal["a", "b", "c"], "d", ["`it` must be `a`, `b` or `c`, not 'd'"]),
        (Annotated[int, Field(ge=1)] | Literal["all"], 0, ["`it` must be at least 1, not 0"]),
        (int | Literal["all"], "some", ["`it` must be a whole number or `all`, not 'some'"]),
        (int | tuple[Name, ...], (1, "a"),
         ["`it` must be a whole number or names, not (1, 'a')"]),
        (int, (0, 10), ["`it` must be a whole number, not (0, 10)"]),
        (Side | tuple[Side, Side], (0, 5), ["`it` must be at least 1, not (0, 5)"]),
        (Annotated[int, Field(ge=1)] | Annotated[tuple[int, ...], Field(max_length=1)], (3, 5),
         ["`it` needs at most 1 values, found 2"]),
        (tuple[Name, ...], ("a", 1), ["each value of `it` must be a name, not 1"]),
        (Annotated[tuple[Share, ...], Field(min_length=2)], (1,),
         ["`it` needs at least 2 values, found 1"]),
        (Annotated[tuple[Literal["a", "b"], ...], Field(min_length=1)], (),
         ["`it` must be `a` or `b`, not ()"]),
        (Annotated[tuple[Share, ...], Field(min_length=2)], (),
         ["`it` needs at least 2 values, found 0"]),
        (Annotated[tuple[Share, ...], Field(max_length=2)], (1, 1, 1),
         ["`it` needs at most 2 values, found 3"]),
        (Annotated[tuple[Share, ...], Field(min_length=3)], (2, 0.5, "x"),
         ["each value of `it` must be at most 1, not 2",
          "each value of `it` must be a number, not 'x'"]),
        (tuple[Share, ...], ((1, 2),), ["each value of `it` must be a number, not (1, 2)"]),
        (tuple[Side, Side, Side], (1, 2), ["`it` must be 3 whole numbers, found 2"]),
        (tuple[Side, Side], (1, 2, 3), ["`it` must be 2 whole numbers, found 3"]),
        (tuple[Side, Side], 1, ["`it` must be 2 whole numbers, not 1"]),
        (tuple[Side, Side], (1, 0), ["each value of `it` must be at least 1, not 0"]),
    ],
)  # fmt: skip
def test_messages_say_what_is_wanted(annotation: Any, value: object, messages: list[str]) -> None:
    model = create_model("Small", __base__=Model, it=(annotation, Field()))
    found = faults_of(model, {"it": value})
    assert [fault.message("`it`", repr(fault.value)) for fault in found] == messages


def test_calls_are_wanted_by_their_words() -> None:
    assert wanted(Crop | Flip | Mixup) == "`crop(...)`, `flip` or `mixup(...)`"
    assert wanted(Schedule) == "a number, `cosine(...)`, `exponential(...)` or `linear(...)`"
    assert wanted(Variational | None) == "`variational(...)`"


def test_a_setting_takes_its_own_calls_only() -> None:
    assert list(calls_of(Schedule)) == ["cosine", "exponential", "linear"]
    known = ["resized_crop", "crop", "flip", "cutout", "rotate", "colour", "erase", "mixup"]
    assert list(calls_of(tuple[Augmentation, ...])) == known
    assert calls_of(int | Literal["all"]) == {}

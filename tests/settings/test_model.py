"""Models of settings: made with keywords, checked, frozen, and equal by their fields."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dslnas.settings.annotations import calls_of, is_list
from dslnas.settings.calls import CALLS
from dslnas.settings.data import DATA, AnyData
from dslnas.settings.gradient_methods import GdasSettings, MilenasSettings
from dslnas.settings.images import Cifar10, ImageSettings
from dslnas.settings.model import Model
from dslnas.settings.rule import Count, Derivation, Limit, Rule
from dslnas.settings.sampled_methods import EnasSettings
from dslnas.settings.search import SEARCH, AnySearch
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import (
    CellSettings,
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
    NetworkSettings,
)
from dslnas.settings.spec import SpecSettings
from dslnas.settings.values import Adam, Cosine, Crop, Exponential, Flip, Sgd

SECTIONS: list[type[Model]] = [
    CellSettings,
    NetworkSettings,
    *DATA.values(),
    *SEARCH.values(),
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
]
MODELS = [*SECTIONS, *CALLS.values()]


def refused(model: type[Model], **values: Any) -> list[tuple[str, str]]:
    """Return where and why a model refuses values."""
    with pytest.raises(ValidationError) as caught:
        model(**values)
    return [(str(e["loc"][0]), e["type"]) for e in caught.value.errors()]


@pytest.mark.parametrize(
    ("model", "values", "why"),
    [
        (EvaluateSettings, {"epochs": 0}, [("epochs", "greater_than_equal")]),
        (EvaluateSettings, {"epochs": True}, [("epochs", "int_type")]),
        (EvaluateSettings, {"epochs": 3.0}, [("epochs", "int_type")]),
        (EvaluateSettings, {"drop_path": "0.1"}, [("drop_path", "float_type")]),
        (EvaluateSettings, {"drop_path": True}, [("drop_path", "float_type")]),
        (EvaluateSettings, {"slowness": float("nan")}, [("slowness", "finite_number")]),
        (EvaluateSettings, {"weights": Flip()}, [("weights", "union_tag_invalid")]),
        (EnasSettings, {"arch": Sgd()}, [("arch", "model_type")]),
        (EvaluateSettings, {"augment": (Sgd(),)}, [("augment", "union_tag_invalid")]),
        (EvaluateSettings, {"augment": Flip()}, [("augment", "tuple_type")]),
        (ExportSettings, {"formats": ()}, [("formats", "too_short")]),
        (NetworkSettings, {"channels": None}, [("channels", "int_type")]),
        (Sgd, {"rate": 0.1}, [("rate", "extra_forbidden")]),
        (Cosine, {"end": 0.1}, [("start", "missing")]),
    ],
)
def test_what_a_field_does_not_take_is_refused(
    model: type[Model], values: dict[str, object], why: list[tuple[str, str]]
) -> None:
    assert refused(model, **values) == why


def test_a_whole_number_is_kept_as_a_float_where_a_number_is_wanted() -> None:
    assert repr(Sgd(lr=1).lr) == "1.0"
    assert repr(Adam(betas=(0, 0.5)).betas) == "(0.0, 0.5)"
    assert repr(EvaluateSettings(slowness=1).slowness) == "1.0"


@pytest.mark.parametrize("model", MODELS)
def test_a_default_is_a_value_that_its_field_takes(model: type[Model]) -> None:
    defaults = {
        name: field.default for name, field in model.model_fields.items() if not field.is_required()
    }
    fields = model.model_fields.items()
    required = {
        name: (1,) if is_list(field.annotation) else 1
        for name, field in fields
        if field.is_required()
    }
    made = model.model_validate({**defaults, **required})
    assert repr({name: getattr(made, name) for name in defaults}) == repr(defaults)


def test_every_setting_of_a_section_is_explained() -> None:
    settings = [(model, *item) for model in SECTIONS for item in model.settings().items()]
    assert not [(model, key) for model, key, field in settings if not field.description]


def test_every_call_that_a_setting_takes_is_known() -> None:
    fields = (field for model in MODELS for field in model.settings().values())
    taken = [call for field in fields for call in calls_of(field.annotation).items()]
    assert {call for call in taken if CALLS.get(call[0]) is not call[1]} == set()


def test_models_are_frozen() -> None:
    cosine = Cosine(start=0.1)
    with pytest.raises(ValidationError, match="frozen"):
        cosine.start = 0.2  # type: ignore[misc]
    assert cosine.start == 0.1


def test_models_are_equal_by_class_and_fields() -> None:
    assert Cosine(start=1) == Cosine(start=1.0, end=0)
    assert hash(Cosine(start=1)) == hash(Cosine(start=1.0, end=0))
    assert Cosine(start=1) != Cosine(start=0.5)
    assert len({Cosine(start=1), Exponential(start=1), Cosine(start=1.0)}) == 2


def test_replacing_checks_and_leaves_the_original() -> None:
    before = Sgd(clip=1.0)
    assert before.replace(lr=0.2) == Sgd(lr=0.2, clip=1.0)
    assert before == Sgd(clip=1.0)
    with pytest.raises(ValidationError, match="momentum"):
        before.replace(momentum=1)


def test_copies_are_equal() -> None:
    settings = EvaluateSettings(augment=(Flip(), Crop(pad=2)))
    assert copy.deepcopy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_field_of_a_base_keeps_its_place_and_the_base_its_default() -> None:
    assert list(Cifar10.model_fields) == list(ImageSettings.model_fields)
    assert (ImageSettings().augment, Cifar10().augment) == ((), (Crop(pad=4), Flip()))


def test_sources_and_methods_know_their_names() -> None:
    assert {name: model().source for name, model in DATA.items()} == {name: name for name in DATA}
    assert {name: model().method for name, model in SEARCH.items()} == {n: n for n in SEARCH}


def test_a_setting_has_the_name_of_the_language_where_python_took_the_word() -> None:
    assert "lambda" in GdasSettings.settings()
    assert "method" not in GdasSettings.settings()
    settings = MilenasSettings.model_validate({"lambda": 2})
    assert settings == MilenasSettings(lambda_=2)
    assert settings.value_of("lambda") == 2.0
    assert settings.model_dump(mode="json")["lambda"] == 2.0


@pytest.mark.parametrize("model", [*DATA.values(), *SEARCH.values(), EvaluateSettings])
def test_settings_are_json_and_come_back(model: type[Model]) -> None:
    settings = model()
    plain = settings.model_dump(mode="json")
    assert json.loads(json.dumps(plain)) == plain
    assert model.model_validate_json(json.dumps(plain)) == settings


@pytest.mark.parametrize(("kind", "known"), [(AnyData, DATA), (AnySearch, SEARCH)])
def test_plain_settings_say_which_they_are(kind: Any, known: dict[str, type[Model]]) -> None:
    adapter: TypeAdapter[Model] = TypeAdapter(kind)
    for model in known.values():
        assert adapter.validate_json(model().model_dump_json()) == model()


@pytest.mark.parametrize("search", [None, *(model() for model in SEARCH.values())])
def test_settings_of_a_spec_come_back(search: SearchSettings | None) -> None:
    rule = Rule((Count("skip_connect", 0, 2), Count("sep_conv(3)", 1)))
    settings = SpecSettings.model_validate(
        {
            "data": Cifar10(),
            "search": search,
            "derive": Derivation(epoch="best", rule=rule, limits=(Limit("params", 1e6),)),
            "evaluate": EvaluateSettings(augment=(Flip(), Crop(pad=2))),
            "export": ExportSettings(),
        }
    )
    assert SpecSettings.model_validate_json(settings.model_dump_json()) == settings


def test_every_model_has_a_json_schema_that_explains_its_settings() -> None:
    for model in MODELS:
        schema = model.model_json_schema(by_alias=True)
        assert schema["additionalProperties"] is False, model
        explained = {key: schema["properties"][key].get("description") for key in model.settings()}
        assert explained == {key: field.description for key, field in model.settings().items()}

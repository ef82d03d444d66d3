"""Records: made with keywords, checked, frozen, and equal by their fields."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from dslnas.settings.data import DATA, Cifar10, ImageSettings
from dslnas.settings.kinds import Call, Number, Whole
from dslnas.settings.lists import Many
from dslnas.settings.schema import Record, setting
from dslnas.settings.sections import EvaluateSettings, NetworkSettings
from dslnas.settings.values import Cosine, Crop, Exponential, Flip, Sgd


def test_values_that_a_field_does_not_take_are_refused() -> None:
    message = "`epochs` of EvaluateSettings must be at least 1, not 0"
    with pytest.raises(ValueError, match=f"^{message}$"):
        EvaluateSettings(epochs=0)
    with pytest.raises(
        ValueError, match="each value of `split` of ImageSettings must be at most 1"
    ):
        ImageSettings(split=(0.1, 0.1, 2.0))


def test_unknown_and_missing_fields_are_refused() -> None:
    with pytest.raises(TypeError, match=r"^Sgd has no `rate`$"):
        Sgd.of({"rate": 0.1})
    with pytest.raises(TypeError, match=r"^Cosine needs `start`$"):
        Cosine.of({"end": 0.1})


def test_records_are_frozen() -> None:
    cosine = Cosine(start=0.1)
    with pytest.raises(AttributeError, match="cannot be changed"):
        cosine.start = 0.2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot be removed"):
        del cosine.start
    assert cosine.start == 0.1


def test_records_are_equal_by_class_and_fields() -> None:
    assert Cosine(start=1) == Cosine(start=1.0, end=0)
    assert hash(Cosine(start=1)) == hash(Cosine(start=1.0, end=0))
    assert Cosine(start=1) != Cosine(start=0.5)
    assert Cosine(start=1) != Exponential(start=1)
    assert Cifar10() != ImageSettings.of(vars(Cifar10()))


def test_a_record_shows_its_fields() -> None:
    assert repr(Sgd(lr=Exponential(start=1))) == (
        "Sgd(lr=Exponential(start=1.0, factor=0.97), momentum=0.9, weight_decay=0.0003, clip=5.0)"
    )


def test_replacing_checks_and_leaves_the_original() -> None:
    before = Sgd(clip=1.0)
    assert before.replace(lr=0.2) == Sgd(lr=0.2, clip=1.0)
    assert before == Sgd(clip=1.0)
    with pytest.raises(ValueError, match="`momentum` of Sgd must be less than 1"):
        before.replace(momentum=1)


def test_copies_are_equal() -> None:
    settings = EvaluateSettings(augment=(Flip(), Crop(pad=2)))
    assert copy.deepcopy(settings) == settings
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_field_of_a_base_keeps_its_place_and_the_base_its_default() -> None:
    assert list(Cifar10.fields) == list(ImageSettings.fields)
    assert (ImageSettings().augment, Cifar10().augment) == ((), (Crop(pad=4), Flip()))
    assert {kind.of({}).source for kind in DATA.values()} == {"digits", "cifar10", "text", "ptb"}


def test_what_has_no_value_by_default_can_be_left_without() -> None:
    assert NetworkSettings(input=None) == NetworkSettings()
    with pytest.raises(ValueError, match="`channels` of NetworkSettings must be a whole number"):
        NetworkSettings.of({"channels": None})


def test_plain_fields_are_json_under_the_keys_of_the_language() -> None:
    class Small(Record):
        weights: Sgd = setting(Call(Sgd), default=Sgd())
        betas: tuple[float, ...] = setting(Many(Number()), default=(0.5, 0.999))
        lambda_: float = setting(Number(), default=1.0)

    plain = Small(lambda_=2).to_plain()
    assert json.loads(json.dumps(plain)) == plain
    assert plain == {
        "weights": {
            "lr": {"start": 0.025, "end": 0.001},
            "momentum": 0.9,
            "weight_decay": 0.0003,
            "clip": 5.0,
        },
        "betas": [0.5, 0.999],
        "lambda": 2.0,
    }


def test_a_class_only_collects_its_fields() -> None:
    class Small(Record):
        size: int = setting(Whole(ge=1), "how large it is", default=3)
        class_: int = setting(Whole())

    assert [(f.name, f.key, f.about) for f in Small.fields.values()] == [
        ("size", "size", "how large it is"),
        ("class_", "class", ""),
    ]
    assert not hasattr(Small, "size")
    assert (Small(class_=1).size, Small(class_=1, size=5).size) == (3, 5)

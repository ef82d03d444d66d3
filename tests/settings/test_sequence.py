"""Defaults for text: those of the recurrent programs, in classes and in those made of them."""

from __future__ import annotations

import pytest

from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.settings.model import Section
from dslnas.settings.search import (
    SEARCH,
    DartsSettings,
    GdasSettings,
    MilenasSettings,
    NaspSettings,
    OrderSettings,
    SnasSettings,
)
from dslnas.settings.sections import EvaluateSettings, NetworkSettings
from dslnas.settings.sequence import TEXT_DEFAULTS, text_defaults
from dslnas.settings.values import Linear, Sgd, Variational
from dslnas.source import SourceFile


@pytest.mark.parametrize("model", TEXT_DEFAULTS)
def test_a_default_for_text_is_a_value_that_its_field_takes(model: type[Section]) -> None:
    for name, value in TEXT_DEFAULTS[model].items():
        assert value is not None
        assert repr(getattr(model.model_validate({name: value}), name)) == repr(value)
        assert value != model.model_fields[name].default, f"{name}: it is the default anyway"


@pytest.mark.parametrize("method", SEARCH)
def test_every_method_searches_text_as_the_recurrent_program_does(method: str) -> None:
    model = SEARCH[method]
    settings = model.model_validate(text_defaults(model))
    assert settings.weights == Sgd(lr=20.0, momentum=0.0, weight_decay=5e-7, clip=0.25)
    assert (settings.arch.betas, settings.arch.weight_decay) == ((0.9, 0.999), 1e-3)
    assert settings.dropout is not None
    assert settings.dropout.rates() == {
        "words": 0.0, "embedded": 0.2, "input": 0.75, "state": 0.25, "output": 0.75,
    }  # fmt: skip
    assert settings.slowness == 1e-3
    assert settings.epochs == 50


def test_what_a_method_has_of_its_own_stays() -> None:
    values = text_defaults(GdasSettings)
    assert GdasSettings.model_validate(values).temperature == Linear(start=10.0, end=1.0)
    assert SnasSettings.model_validate(text_defaults(SnasSettings)).level == "mixed"
    assert "unroll" not in text_defaults(NaspSettings)
    assert text_defaults(NetworkSettings) == {}


def test_retraining_on_text() -> None:
    settings = EvaluateSettings.model_validate(text_defaults(EvaluateSettings))
    assert (settings.average, settings.vary, settings.drop_path) == (5, "lengths", 0.0)
    assert settings.dropout is not None
    assert settings.dropout.words == 0.1


def test_images_have_nothing_of_it() -> None:
    for settings in (DartsSettings(), EvaluateSettings()):
        assert (settings.dropout, settings.slowness) == (None, None)
    assert (EvaluateSettings().average, EvaluateSettings().vary) == (None, None)


# ---- whether the step ahead is clipped ----------------------------------------------------------


@pytest.mark.parametrize("model", [DartsSettings, MilenasSettings, GdasSettings])
def test_text_is_unrolled_clipped_and_images_are_not(model: type[OrderSettings]) -> None:
    images = model(order="second")
    text = model.model_validate(text_defaults(model) | {"order": "second"})
    assert (images.clips_ahead, text.clips_ahead) == (False, True)
    assert (images.resolved().unroll, text.resolved().unroll) == ("unclipped", "clipped")
    assert not text.replace(unroll="unclipped").resolved().clips_ahead


def test_what_looks_nowhere_ahead_is_not_written_out() -> None:
    assert DartsSettings.model_validate(text_defaults(DartsSettings)).resolved().unroll is None


@pytest.mark.parametrize(
    ("cells", "usual", "other"),
    [("darts_rnn", "clipped", "unclipped"), ("darts", "unclipped", "clipped")],
)
def test_what_unrolling_would_be_anyway_may_be_written(cells: str, usual: str, other: str) -> None:
    """Programs that write everything out stay correct with another order."""
    for order, unroll in (("first", usual), ("second", usual), ("second", other)):
        text = f"use papers.{cells}\nsearch darts {{ order {order}; unroll {unroll} }}"
        search = check(link(SourceFile("spec.nas", text))).search
        assert isinstance(search, DartsSettings)
        assert search.clips_ahead == (unroll == "clipped")


# ---- dropout ------------------------------------------------------------------------------------


def test_rates_have_the_names_of_their_places() -> None:
    assert list(Variational().rates().values()) == [0.0] * 5
    assert Variational(input=0.5).rates()["input"] == 0.5
    with pytest.raises(ValueError, match="less than 1"):
        Variational(state=1)

"""Settings of tasks: what each has, and its defaults; text has those of recurrent programs."""

from __future__ import annotations

import pytest

from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.settings.data import DATA
from dslnas.settings.gradient import GradientSettings, OrderSettings
from dslnas.settings.gradient_methods import (
    DartsSettings,
    GdasSettings,
    MilenasSettings,
    NaspSettings,
    PcDartsSettings,
    SnasSettings,
)
from dslnas.settings.images import ImageSettings
from dslnas.settings.model import Section
from dslnas.settings.sampled_methods import EnasSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import DeriveSettings, EvaluateSettings, NetworkSettings
from dslnas.settings.task import Special, TaskSettings
from dslnas.settings.values import Adam, Linear, Sgd, Variational
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.labelled_settings import IMAGES as FAMILY
from dslnas.tasks.labelled_settings import settings_of
from dslnas.tasks.language_settings import SETTINGS as TEXT

IMAGES = settings_of(FAMILY, "classification")

PRUNING = {"asap", "bayesnas"}
"""Methods in which operations leave, whose alphas decay would go on to move."""


@pytest.mark.parametrize("model", TEXT.defaults)
def test_a_default_for_text_is_a_value_that_its_field_takes(model: type[Section]) -> None:
    for name, value in TEXT.defaults[model].items():
        assert value is not None
        assert repr(getattr(model.model_validate({name: value}), name)) == repr(value)
        assert value != model.model_fields[name].default, f"{name}: it is the default anyway"


@pytest.mark.parametrize("method", SEARCH)
def test_every_method_searches_text_as_the_recurrent_program_does(method: str) -> None:
    model = SEARCH[method]
    settings = model.model_validate(TEXT.defaults_of(model))
    assert settings.weights == Sgd(lr=20.0, momentum=0.0, weight_decay=5e-7, clip=0.25)
    if isinstance(settings, GradientSettings):
        decay = 0.0 if method in PRUNING else 1e-3
        assert settings.arch == Adam(lr=3e-3, betas=(0.9, 0.999), weight_decay=decay)
    assert settings.dropout is not None
    assert settings.dropout.rates() == {
        "words": 0.0, "embedded": 0.2, "input": 0.75, "state": 0.25, "output": 0.75,
    }  # fmt: skip
    assert settings.slowness == 1e-3
    assert settings.epochs == 50


def test_what_a_method_has_of_its_own_stays() -> None:
    values = TEXT.defaults_of(GdasSettings)
    assert GdasSettings.model_validate(values).temperature == Linear(start=10.0, end=1.0)
    assert SnasSettings.model_validate(TEXT.defaults_of(SnasSettings)).level == "mixed"
    assert "unroll" not in TEXT.defaults_of(NaspSettings)
    assert TEXT.defaults_of(NetworkSettings) == {}


def test_a_controller_is_rewarded_by_80_over_the_perplexity_on_text() -> None:
    settings = EnasSettings.model_validate(TEXT.defaults_of(EnasSettings))
    assert (settings.reward, EnasSettings().reward) == (80.0, 1.0)
    assert settings.arch.betas == (0.9, 0.999)


def test_retraining_on_text() -> None:
    settings = EvaluateSettings.model_validate(TEXT.defaults_of(EvaluateSettings))
    assert (settings.average, settings.vary, settings.drop_path) == (5, "lengths", 0.0)
    assert settings.dropout is not None
    assert settings.dropout.words == 0.1


def test_images_have_nothing_of_it() -> None:
    for settings in (DartsSettings(), EvaluateSettings()):
        assert (settings.dropout, settings.slowness) == (None, None)
    assert (EvaluateSettings().average, EvaluateSettings().vary) == (None, None)


# ---- what not every task has --------------------------------------------------------------------


@pytest.mark.parametrize("task", TASK_SETTINGS)
def test_what_is_special_to_a_task_is_a_setting_that_there_is(task: TaskSettings) -> None:
    sections: list[type[Section]] = [
        NetworkSettings,
        DeriveSettings,
        EvaluateSettings,
        *SEARCH.values(),
    ]
    for special in task.specials:
        kind, _, key = special.path.partition(".")
        models = [model for model in sections if model.kind == kind]
        assert models
        assert all(not key or key in model.settings() for model in models)


def test_a_source_belongs_to_one_task_of_a_word_and_every_task_has_one_at_hand() -> None:
    for model in DATA.values():
        words = [task.word for task in TASK_SETTINGS if issubclass(model, task.data)]
        assert model().goal in words
        assert len(set(words)) == len(words)
    for task in TASK_SETTINGS:
        assert issubclass(DATA[task.source], task.data)


def test_a_task_has_the_methods_that_no_other_keeps_for_itself() -> None:
    assert IMAGES.has(PcDartsSettings(), TASK_SETTINGS)
    assert not TEXT.has(PcDartsSettings(), TASK_SETTINGS)
    assert TEXT.has(DartsSettings(), TASK_SETTINGS)
    assert TEXT.has(EvaluateSettings(), TASK_SETTINGS)


def test_a_third_task_shares_what_it_names_and_lacks_the_rest() -> None:
    third = TaskSettings(
        ImageSettings, "npz", "pictures", False, specials=(Special("evaluate.augment"),)
    )
    lacking = {special.path for special, _ in third.lacks((IMAGES, TEXT, third))}
    assert "evaluate.augment" not in lacking
    assert {"evaluate.drop_path", "evaluate.vary"} <= lacking
    assert not [s for s, task in IMAGES.lacks((IMAGES, third)) if task is third]


# ---- whether the step ahead is clipped ----------------------------------------------------------


@pytest.mark.parametrize("model", [DartsSettings, MilenasSettings, GdasSettings])
def test_text_is_unrolled_clipped_and_images_are_not(model: type[OrderSettings]) -> None:
    images = model(order="second")
    text = model.model_validate(TEXT.defaults_of(model) | {"order": "second"})
    assert (images.clips_ahead, text.clips_ahead) == (False, True)
    assert (images.resolved().unroll, text.resolved().unroll) == ("unclipped", "clipped")
    assert not text.replace(unroll="unclipped").resolved().clips_ahead


@pytest.mark.parametrize(
    ("cells", "usual", "other"),
    [("darts_rnn", "clipped", "unclipped"), ("darts", "unclipped", "clipped")],
)
def test_what_unrolling_would_be_anyway_may_be_written(cells: str, usual: str, other: str) -> None:
    """Programs that write everything out stay correct with another order."""
    for order, unroll in (("first", usual), ("second", usual), ("second", other)):
        text = f"use papers.{cells}\nsearch darts {{ order {order}; unroll {unroll} }}"
        search = check(link(SourceFile("spec.nas", text)), TASK_SETTINGS).search
        assert isinstance(search, DartsSettings)
        assert search.clips_ahead == (unroll == "clipped")


# ---- dropout ------------------------------------------------------------------------------------


def test_rates_have_the_names_of_their_places() -> None:
    assert list(Variational().rates().values()) == [0.0] * 5
    assert Variational(input=0.5).rates()["input"] == 0.5
    with pytest.raises(ValueError, match="less than 1"):
        Variational(state=1)

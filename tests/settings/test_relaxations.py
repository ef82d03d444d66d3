"""The table of relaxations against the methods that have them."""

from __future__ import annotations

from typing import get_args

import pytest

from dslnas.engines.gumbel_engine import SAMPLERS
from dslnas.engines.relaxations.catalogue import RELAXATIONS
from dslnas.settings.combinations import misfits
from dslnas.settings.gradient import OrderSettings, PruningSettings
from dslnas.settings.gradient_methods import GdasSettings
from dslnas.settings.relaxations import RELAXATION_FACTS, plainest
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import BetaDecay, Kl, PerturbRandomly, Relax, ZeroOne

WITH_RELAXATION = [model for model in SEARCH.values() if issubclass(model, OrderSettings)]


def test_every_relaxation_that_settings_or_engines_name_has_facts() -> None:
    named = {model().relaxation for model in WITH_RELAXATION}
    samplers = get_args(GdasSettings.model_fields["sampler"].annotation)
    named |= {GdasSettings(sampler=sampler).relaxation for sampler in samplers}
    named |= set(get_args(get_args(Relax)[0]))
    assert named == set(RELAXATION_FACTS)
    assert set(RELAXATIONS) | set(SAMPLERS) <= named
    assert not set(RELAXATIONS) & set(SAMPLERS)


@pytest.mark.parametrize("model", WITH_RELAXATION, ids=lambda model: str(model.__name__))
def test_a_method_promises_what_its_relaxation_can(model: type[OrderSettings]) -> None:
    facts = RELAXATION_FACTS[model().relaxation]
    assert model.is_differentiable <= facts.is_smooth
    assert issubclass(model, PruningSettings) == facts.prunes


@pytest.mark.parametrize("regulariser", [BetaDecay(), ZeroOne(), Kl()])
def test_a_regulariser_can_be_had_by_the_setting_that_an_error_names(
    regulariser: BetaDecay | ZeroOne | Kl,
) -> None:
    name = plainest(regulariser.weighting)
    settings = SEARCH["darts"].model_validate({"relax": name, "regularise": regulariser})
    assert not list(misfits(settings))


@pytest.mark.parametrize("model", WITH_RELAXATION, ids=lambda model: str(model.__name__))
def test_only_mixtures_that_add_up_to_one_are_perturbed(model: type[OrderSettings]) -> None:
    settings = model.model_validate({"perturb": PerturbRandomly()})
    facts = RELAXATION_FACTS[settings.relaxation]
    is_fit = facts.sums_to_one and not facts.runs_one and not facts.prunes
    if not settings.is_simultaneous:
        assert is_fit == (not list(misfits(settings)))

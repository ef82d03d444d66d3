"""Words of other programs stand beside what they mean, and mean one thing."""

from __future__ import annotations

import pytest

from dslnas.settings.annotations import calls_of, words_of
from dslnas.settings.model import Aliases, Call, Model, Spellings
from dslnas.settings.spec import SECTIONS

CALLS = {
    call.__name__: call
    for section in SECTIONS
    for field in section.settings().values()
    for call in calls_of(field.annotation).values()
}
MODELS: list[type[Model]] = [*SECTIONS, *CALLS.values()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_word_of_other_programs_means_one_setting_and_is_none(model: type[Model]) -> None:
    facts = (fact for field in model.settings().values() for fact in field.metadata)
    words = [word for fact in facts if isinstance(fact, Aliases) for word in fact.words]
    assert len(set(words)) == len(words)
    assert not {*words} & {*model.settings()}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_other_spellings_stand_for_words_of_the_setting(model: type[Model]) -> None:
    for field in model.settings().values():
        for fact in field.metadata:
            if isinstance(fact, Spellings):
                known = words_of(field.annotation)
                assert {*fact.words.values()} <= {*known}
                assert not {*fact.words} & {*known}


def test_a_call_of_other_programs_is_no_call() -> None:
    words = {call.model_fields["word"].default for call in CALLS.values()}
    assert all(issubclass(call, Call) for call in CALLS.values())
    assert not words & {alias for call in CALLS.values() for alias in call.aliases}

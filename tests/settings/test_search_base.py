"""Settings of a search that contradict each other: the place that is pointed at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import get_args

import pytest
from pydantic import ValidationError

from dslnas.settings.annotations import alternatives, calls_of, is_several
from dslnas.settings.combinations import misfits
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import SearchSettings

NUMBERS = (1, 2, 8, 0.5)


def candidates(annotation: object) -> Iterator[object]:
    """Yield some values that a setting may take."""
    yield from NUMBERS
    for one in alternatives(annotation):
        yield from (word for word in get_args(one) if isinstance(word, str))
    for call in calls_of(annotation).values():
        if not any(field.is_required() for field in call.settings().values()):
            yield (call(),) if is_several(annotation) else call()


def written(model: type[SearchSettings]) -> Iterator[Mapping[str, object]]:
    """Yield every pair of values that two settings of a method take."""
    one_by_one: list[tuple[str, object]] = []
    for key, field in model.settings().items():
        for value in candidates(field.annotation):
            try:
                model.model_validate({key: value})
            except ValidationError:
                continue
            one_by_one.append((key, value))
    for pair in combinations(one_by_one, 2):
        if len(both := dict(pair)) == 2:
            yield both


@pytest.mark.parametrize("method", SEARCH)
def test_a_contradiction_points_at_a_setting_that_is_written(method: str) -> None:
    found = 0
    for both in written(SEARCH[method]):
        settings = SEARCH[method].model_validate(both)
        for conflict in (*settings.conflicts(), *misfits(settings)):
            places = (conflict.path, *conflict.others)
            assert {f"search.{key}" for key in both} & {*places}, (both, conflict.message)
            found += 1
    assert found

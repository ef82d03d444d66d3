"""Architectures that are remembered."""

from __future__ import annotations

import pytest
import torch

from dslnas.engines.choices import Choices
from dslnas.graph.analysis.plan import DROPPED
from dslnas.space.choice_table import choice_table
from dslnas.state import State, StateError
from tests.engines.small import UNEVEN, some_choice, space

SPACE = space(UNEVEN)
TABLES = {cell: choice_table(SPACE.cells[cell]) for cell in SPACE.searched}


@pytest.mark.parametrize("count", [0, 1, 5])
def test_some_architectures_come_back_in_their_order(count: int) -> None:
    choices = [some_choice(SPACE, seed) for seed in range(count)]
    found = Choices(TABLES, [some_choice(SPACE, 9)])
    found.take(Choices(TABLES, choices).state())
    assert found.all == choices
    assert any(DROPPED in choice["wide"] for choice in choices) == (count > 0)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"wide": torch.zeros(2, 3, dtype=torch.int64)}, "`wide` is of another space"),
        ({"wide": torch.zeros(4, dtype=torch.int64)}, "`wide` is of another space"),
        ({"wide": torch.full((2, 4), 4)}, "`wide` is of another space"),
        ({"wide": torch.full((2, 4), DROPPED - 1)}, "`wide` is of another space"),
        ({"wide": torch.zeros(3, 4, dtype=torch.int64)}, "cells are of different architectures"),
        ({"tall": torch.zeros(2, 4, dtype=torch.int64)}, "`tall` is not of this work"),
    ],
)
def test_architectures_of_another_space_are_refused(changed: State, reason: str) -> None:
    choices = Choices(TABLES, [some_choice(SPACE, seed) for seed in range(2)])
    with pytest.raises(StateError) as raised:
        choices.take({**choices.state(), **changed})
    assert str(raised.value) == reason
    assert choices.all == [some_choice(SPACE, seed) for seed in range(2)]

from __future__ import annotations

import pytest

from dslnas.space.settled import settled_choices
from tests.spaces import space_of

CELL = """use std.cnn
op nothing = none
cell one {{
    inputs  1
    {settings}
}}
network {{ cells one }}
"""


def told(settings: str) -> list[str]:
    return [note.message for note in settled_choices(space_of(CELL.format(settings=settings)))]


def test_a_choice_beside_zeros_has_one_outcome() -> None:
    (message,) = told("node a = {skip_connect, nothing}(in1) + {conv(3), conv(1), none}(in1)")
    assert message == (
        "choice of cell `one` has one outcome, `skip_connect`: without `none allowed` a derived "
        "edge is never `nothing`"
    )


def test_edges_that_choose_alike_are_told_of_once() -> None:
    assert len(told("nodes 3\n    choose {conv(3), none}")) == 1


@pytest.mark.parametrize(
    "settings",
    [
        "none allowed\n    node a = {conv(3), none}(in1)",
        "node a = {conv(3), skip_connect}(in1)",
        "node a = {conv(3), conv(1), none}(in1)",
    ],
)
def test_choices_with_several_outcomes_are_not_told_of(settings: str) -> None:
    assert told(settings) == []

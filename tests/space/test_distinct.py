"""Forms that differ are counted as many as comparing each with each finds."""

from __future__ import annotations

import pytest

from dslnas.space.canonical import CellForms, Form
from dslnas.space.count import derivable
from dslnas.space.distinct import DistinctForms
from tests.space.isomorphism import are_isomorphic
from tests.spaces import space_of

CELLS = {
    "twins": "use std.cnn\ncell one { inputs 1; nodes 3; choose relu, tanh; keep 1; output sum }",
    "zeros": "use std.cnn\ncell one { nodes 2; choose none, skip_connect, relu; none allowed }",
    "gated": "use papers.darts_rnn\ncell recurrent { nodes 3; choose tanh, relu }",
}


def classes(forms: list[Form]) -> int:
    found: list[Form] = []
    for form in forms:
        if not any(are_isomorphic(form, other) for other in found):
            found.append(form)
    return len(found)


@pytest.mark.parametrize("text", CELLS.values(), ids=CELLS)
@pytest.mark.sample(1)
def test_as_many_forms_differ_as_comparing_each_with_each_finds(text: str) -> None:
    is_recurrent = "rnn" in text
    network = "" if is_recurrent else "\nnetwork { cells one; stem conv(3, out = C) }"
    space = space_of(text + network, () if is_recurrent else (3, 8, 8))
    cell = space.cells["recurrent" if is_recurrent else "one"]
    forms = sorted({CellForms(cell).form(chosen) for chosen in derivable(cell)})
    different = DistinctForms()
    for form in forms:
        different.add(form)
    assert len(different) == classes(forms) < len(forms)

"""A found architecture, written and read again, is the same network."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dslnas.graph.lower.network import build_derived_graph
from dslnas.language.link.link import link
from dslnas.language.syntax import ast
from dslnas.source import SourceFile
from dslnas.space.derive.derive import derive
from dslnas.space.network import NETWORK
from dslnas.space.text import cell_text
from tests.examples import examples
from tests.spaces import architecture_of, random_scores, space_of
from tests.strategies import SpaceText, spaces


@given(spaces(), st.integers(0, 1000))
@settings(max_examples=examples(20))
def test_architecture_survives_being_written(made: SpaceText, seed: int) -> None:
    space = made.space()
    assume(NETWORK not in space.tables)  # what is chosen around the cells is no text of a cell
    architecture = derive(space, random_scores(space, seed))
    cells = "\n".join(cell_text(cell) for cell in architecture.cells.values())
    kept = link(SourceFile("test.nas", made.text))
    definitions: list[ast.OpDef | ast.Let] = [*kept.operations.values(), *kept.constants.values()]
    text = "\n".join(d.span.text for d in definitions if not d.span.source.library)
    sections = "\n".join(s.span.text for name, s in kept.sections.items() if name != "search")
    again = architecture_of(
        f"use std.cnn\n{text}\n{cells}\n{sections}\n", made.shape, classes=made.classes
    )
    assert build_derived_graph(again) == build_derived_graph(architecture)


def test_last_of_nodes_written_out_of_order_stays_the_last() -> None:
    text = (
        "cell c {\n    inputs 1\n    node b = conv(3)(a)\n    node a = conv(1)(in1)\n"
        "    output last(b)\n}\n"
        "network { cells c; stem conv(1); head global_avg_pool -> linear(classes) }\n"
    )
    assert "output  last(b)" in cell_text(space_of(text).cells["c"])

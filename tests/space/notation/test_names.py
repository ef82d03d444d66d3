"""Tables of names: each operation that they name is one of the library."""

from __future__ import annotations

import pytest

from dslnas.space.notation.genotype import FORMS
from dslnas.space.notation.names import operation_names
from tests.spaces import architecture_of

CELLS = {
    "darts": "use papers.darts\ncell normal { node n1 = %s(in1) + relu(in2) }",
    "nasp": "use papers.nasp\ncell normal { node n1 = %s(in1) + relu(in2) }\n"
    "cell reduction { node n1 = relu(in1) + relu(in2) }",
    "nas_bench_201": "use papers.nas_bench_201\ncell cell201 { node n1 = %s(in1) + relu(in1) }",
    "darts_rnn": "use papers.darts_rnn\ncell recurrent { node n1 = %s(first) + relu(first) }",
}


@pytest.mark.parametrize("paper", CELLS)
def test_every_operation_of_a_table_is_written_as_the_language_writes_it(paper: str) -> None:
    shape = () if paper == "darts_rnn" else (3, 32, 32)
    for text in operation_names("a test", paper).operations.values():
        architecture = architecture_of(CELLS[paper] % text, shape)
        cell = next(iter(architecture.cells.values()))
        assert text in {edge.operations[0].text for edge in cell.edges}


def test_darts_names_come_before_those_of_others() -> None:
    names = FORMS[0].names
    span = architecture_of("use rnn.gru", ()).cells["gru"].span
    assert names.operation("sep_3x3", span) == names.operation("sep_conv_3x3", span)

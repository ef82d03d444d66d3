"""Genotypes of DARTS' family: read as published, written as their programs write them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.diagnostics import UserError
from dslnas.source import SourceFile
from dslnas.space.notation import genotype
from dslnas.space.notation.cells import NumberedCell
from tests.spaces import architecture_of

SPACE = Path(__file__).resolve().parents[1]
RECURRENT = json.loads((SPACE / "fixtures" / "genotypes_recurrent.json").read_text())

DARTS_V2 = """
DARTS_V2 = Genotype(
    normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1),
            ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)],
    normal_concat=[2, 3, 4, 5],  # all nodes
    reduce=[("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1),
            ("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)],
    reduce_concat=range(2, 6),
)
"""
NODE = "normal=[('sep_conv_3x3', 0), ('skip_connect', 1)]"


def read(text: str) -> tuple[NumberedCell, ...]:
    return genotype.read(SourceFile("cell.txt", text))


def complaint_about(fields: str) -> str:
    with pytest.raises(UserError) as raised:
        read(f"Genotype({fields})")
    return raised.value.render()


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_cells_of_papers_are_written_as_published(name: str) -> None:
    pairs = [tuple(pair) for pair in RECURRENT[name]["recurrent"]]
    joined = RECURRENT[name]["concat"]
    whole = range(joined[0], joined[-1] + 1)
    shown = whole if joined == [*whole] else joined
    written = genotype.write(architecture_of(f"use rnn.{name.lower()}", ()))
    assert written == f"Genotype(recurrent={pairs}, concat={shown})"


def test_cells_of_darts_are_written_as_published() -> None:
    written = genotype.write(architecture_of("use cnn.darts_v2", (3, 32, 32)))
    assert read(written) == read(DARTS_V2)
    assert written.startswith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ")
    assert written.count("_concat=range(2, 6)") == 2


def test_line_ends_comments_and_a_name_before_it_are_read_over() -> None:
    normal, reduce = read(DARTS_V2)
    assert [(term.operation, term.source) for term in normal.nodes[3]] == [
        ("skip_connect", 0),
        ("dil_conv(3)", 2),
    ]
    assert normal.output == reduce.output == (2, 3, 4, 5)


def test_nodes_that_are_not_joined_stay_apart_from_those_that_are() -> None:
    [cell] = read(f"Genotype({NODE[:-1]}, ('none', 2), ('none', 1)], normal_concat=[3])")
    assert cell.output == (3,)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (f"{NODE}, normal_concat=[7]", "takes different numbers from 0 to 2"),
        (f"{NODE}, normal_concat=[2, 2]", "takes different numbers from 0 to 2"),
        (f"{NODE}, normal_concat=range(2, 2)", "takes different numbers from 0 to 2"),
        (f"{NODE}, normal_concat=[('none', 0)]", "`normal_concat` takes numbers of nodes"),
        ("normal=[1], normal_concat=[2]", "`normal` takes pairs of an operation and a number"),
        (f"{NODE}", "`normal` comes without `normal_concat`"),
        ("concat=[1]", "`concat` comes without `recurrent`"),
        (f"{NODE}, {NODE}, normal_concat=[2]", "field `normal` is given twice"),
        (f"{NODE}, normal_conct=[2]", "did you mean `normal_concat`?"),
        (f"{NODE[:-1]}, ('none', 0)], normal_concat=[2]", "3 operations, and every node 2"),
        ("recurrent=[('relu', 1)], concat=[1]", "node 1 cannot read 1: only 0 comes before it"),
        ("recurrent=[('skip_connect', 0)], concat=[1]", "known are `identity`, `none`, `relu`"),
    ],
)
def test_wrong_fields_are_told(fields: str, said: str) -> None:
    assert said in complaint_about(fields)


def test_all_unknown_operations_are_told_with_what_is_near() -> None:
    assert complaint_about(
        "normal=[('sep_conv_3', 0), ('skip', 1)],\nnormal_concat=range(2, 3)"
    ) == (
        "cell.txt:1:19: error[NAS812]: a genotype of DARTS' family has no operation `sep_conv_3`\n"
        "  |\n"
        "1 | Genotype(normal=[('sep_conv_3', 0), ('skip', 1)],\n"
        "  |                   ^^^^^^^^^^^^\n"
        "  = help: did you mean `sep_conv_3x3`?\n\n"
        "cell.txt:1:38: error[NAS812]: a genotype of DARTS' family has no operation `skip`\n"
        "  |\n"
        "1 | Genotype(normal=[('sep_conv_3', 0), ('skip', 1)],\n"
        "  |                                      ^^^^^^\n"
        "  = help: did you mean `skip_connect`?"
    )


def test_expressions_are_refused_where_they_stand() -> None:
    assert complaint_about("normal=[('sep_conv_3x3', 0), __import__('os')]") == (
        "cell.txt:1:39: error[NAS811]: expected `(` or `]`, found `__import__`\n"
        "  |\n"
        "1 | Genotype(normal=[('sep_conv_3x3', 0), __import__('os')])\n"
        "  |                                       ^^^^^^^^^^"
    )


def test_a_text_that_ends_early_is_told_at_its_end() -> None:
    with pytest.raises(UserError) as raised:
        read("Genotype(normal=[('none', 0), \n")
    assert "cell.txt:1:30: error[NAS811]: expected `(` or `]`, found the end" in str(raised.value)


def test_what_stands_behind_a_genotype_is_told() -> None:
    with pytest.raises(UserError) as raised:
        read("Genotype(normal=[('none', 0)]);")
    said = "cell.txt:1:31: error[NAS811]: expected the end of the text, found `;`"
    assert said in str(raised.value)


def codes_of(text: str) -> set[str]:
    try:
        read(text)
    except UserError as error:
        return {diagnostic.code for diagnostic in error.diagnostics}
    return set()


@given(st.text(alphabet="Genotype(normal=[',0]) range\n\"_#|~+1\0é", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, f"Genotype({text}", f"Genotype({NODE}, normal_concat={text}"):
        assert codes_of(whole) <= {"NAS811", "NAS812"}


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ("use papers.nas_bench_201\ncell cell201 { node n1 = none(in1) }", "be `normal`"),
        ("use rnn.gru", "be `recurrent`: a recurrent one, with `first`"),
        (
            "use papers.darts\ncell normal { node n1 = none(in1) + skip_connect(in2)\n"
            "output sum(n1) }",
            "its output is `sum(n1)`",
        ),
        (
            "use papers.darts\ncell normal { node n1 = sep_conv(3)(in1) + conv(1)(in2) }",
            "`conv(1)` has no name in a genotype of DARTS' family",
        ),
        (
            "use papers.darts\ncell normal { node n1 = sep_conv(3)(in1) }",
            "node `n1` sums 1 operation",
        ),
    ],
)
def test_architectures_of_another_form_are_told(cells: str, said: str) -> None:
    shape = () if "rnn" in cells else (3, 32, 32)
    with pytest.raises(UserError) as raised:
        genotype.write(architecture_of(cells, shape))
    assert said in raised.value.render()

"""Architectures to other notations and back: nothing is lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dslnas
from dslnas.diagnostics import UserError
from dslnas.space.architecture import Architecture
from dslnas.space.canonical import cell_hash
from dslnas.space.derive.derive import derive
from dslnas.space.notation.catalogue import usual_notation
from tests.examples import examples
from tests.spaces import architecture_of, random_scores, space_of

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS_201 = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
OPERATIONS = ("sep_conv_3x3", "dil_conv_5x5", "max_pool_3x3", "skip_connect", "conv 1x1")
ACTIVATIONS = ("tanh", "relu", "sigmoid", "identity")
BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|"


@st.composite
def strings(draw: st.DrawFn) -> str:
    """Draw a string of NAS-Bench-201 in which the last node reads the input, and all the others."""
    names = st.sampled_from(OPERATIONS_201)
    nodes = [[f"{draw(names)}~{place}|" for place in range(node)] for node in (1, 2, 3)]
    nodes[-1][0] = "nor_conv_1x1~0|"
    return "+".join("|" + "".join(node) for node in nodes)


@st.composite
def cells(draw: st.DrawFn, sources: int, terms: int, names: tuple[str, ...]) -> tuple[str, str]:
    """Draw the two fields of a cell: every node is read or joined."""
    count = draw(st.integers(1, 4))
    name = st.sampled_from(names)
    pairs = [
        (draw(name), draw(st.integers(0, sources + node - 1)))
        for node in range(count)
        for _ in range(terms)
    ]
    read = {source for _, source in pairs}
    values = range(sources, sources + count)
    joined = [value for value in values if value not in read or draw(st.booleans())]
    whole = range(joined[0], joined[-1] + 1)
    return str(pairs), str(whole if joined == [*whole] else joined)


@settings(max_examples=examples(20))
@given(strings())
def test_strings_of_nas_bench_201_come_back(text: str) -> None:
    assert dslnas.convert(text, "nas-bench-201") == f"{text}\n"


@settings(max_examples=examples(15))
@given(cells(2, 2, OPERATIONS), cells(2, 2, OPERATIONS))
def test_convolutional_genotypes_come_back(
    normal: tuple[str, str], reduce: tuple[str, str]
) -> None:
    fields = f"normal={normal[0]}, normal_concat={normal[1]}, "
    fields += f"reduce={reduce[0]}, reduce_concat={reduce[1]}"
    assert dslnas.convert(f"Genotype({fields})", "genotype") == f"Genotype({fields})\n"


@settings(max_examples=examples(15))
@given(cells(1, 1, ACTIVATIONS))
def test_recurrent_genotypes_come_back(cell: tuple[str, str]) -> None:
    text = f"Genotype(recurrent={cell[0]}, concat={cell[1]})"
    assert dslnas.convert(text, "genotype") == f"{text}\n"


@settings(max_examples=examples(15))
@given(st.sampled_from(("darts", "darts_rnn", "nas_bench_201")), st.integers(0, 2**32))
def test_what_a_search_derives_comes_back_as_the_same_network(paper: str, seed: int) -> None:
    shape = () if paper == "darts_rnn" else (1, 8, 8)
    space = space_of(f"use papers.{paper}", shape)
    found = derive(space, random_scores(space, seed))
    notation = usual_notation(found)
    assert notation is not None
    again = architecture_of(dslnas.convert(notation.write(found)), shape)
    assert hashes(again) == hashes(found)


def hashes(architecture: Architecture) -> dict[str, str]:
    return {name: cell_hash(cell) for name, cell in architecture.cells.items()}


def test_cells_are_put_into_a_spec_of_the_same_kind() -> None:
    text = dslnas.convert(BEST, spec=ROOT / "specs" / "nas_bench_201.nas")
    assert "data cifar10 {" in text
    assert "node n2 = nor_conv(3)(in1) + nor_conv(3)(n1)" in text
    assert "search" not in text


def test_a_cell_that_a_genotype_leaves_out_is_told() -> None:
    text = "Genotype(normal=[('none', 0), ('skip_connect', 1)], normal_concat=[2])"
    with pytest.raises(UserError) as raised:
        dslnas.convert(text)
    assert raised.value.render() == (
        "<text>: error[NAS813]: says nothing of cell `reduction` of papers.darts"
    )


def test_cells_of_another_kind_than_those_of_the_spec_are_told() -> None:
    spec = ROOT / "specs" / "digits_darts.nas"
    with pytest.raises(UserError) as raised:
        dslnas.convert(BEST, spec=spec)
    assert raised.value.render() == (
        f"{spec}: error[NAS813]: has no cell that could be `cell`: one of stride 1 with 1 input"
    )


def test_files_of_other_notations_and_of_architectures_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "cell.txt").write_text(f"\n{BEST}\n", encoding="utf-8")
    as_program = dslnas.convert(tmp_path / "cell.txt")
    assert as_program == dslnas.convert(BEST)
    (tmp_path / "cell.nas").write_text(as_program, encoding="utf-8")
    assert dslnas.convert(tmp_path / "cell.nas") == f"{BEST}\n"
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    with pytest.raises(UserError, match="holds no genotype of DARTS' family and no string of NAS"):
        dslnas.convert(tmp_path / "notes.txt")


def test_a_run_is_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "architecture.nas").write_text(dslnas.convert(BEST), encoding="utf-8")
    assert dslnas.convert(tmp_path) == f"{BEST}\n"


def test_cells_that_were_found_go_into_another_spec(tmp_path: Path) -> None:
    (tmp_path / "found.nas").write_text(dslnas.convert(BEST), encoding="utf-8")
    spec = ROOT / "specs" / "nas_bench_201.nas"
    origin, *lines = dslnas.convert(tmp_path / "found.nas", spec=spec).splitlines()
    assert origin == f"# Cells of {tmp_path / 'found.nas'}."
    assert lines == dslnas.convert(BEST, spec=spec).splitlines()[1:]


def test_a_text_whose_cell_has_a_useless_node_gets_advice_on_the_text() -> None:
    with pytest.raises(UserError) as useless:
        dslnas.convert("|nor_conv_3x3~0|+|none~0|")
    assert str(useless.value) == (
        "<text>: error[NAS302]: node `n1` of cell `cell201` does not reach the output\n"
        "  = help: let a later node, or the output, have an operation on it that is not zero"
    )


def test_cells_go_into_a_spec_with_a_search(tmp_path: Path) -> None:
    spec = tmp_path / "mine.nas"
    spec.write_text("use papers.nas_bench_201\nsearch darts { epochs 3 }\ndata digits\n")
    assert "node n1 = nor_conv(3)(in1)" in dslnas.convert(BEST, spec=spec)


def test_choices_are_not_converted() -> None:
    with pytest.raises(UserError, match="cannot be converted: it still has choices"):
        dslnas.convert(ROOT / "specs" / "digits_darts.nas")


def test_cells_that_no_notation_knows_are_told(tmp_path: Path) -> None:
    (tmp_path / "gru.nas").write_text("use rnn.gru\n", encoding="utf-8")
    with pytest.raises(UserError, match="has no cell that another notation knows"):
        dslnas.convert(tmp_path / "gru.nas")


def test_an_unknown_notation_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="did you mean `genotype`"):
        dslnas.convert(BEST, "genotyp")

"""Operations that read several values: joined at once, one by one, in lets and in choices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dslnas.backends.torch.network import TorchNetwork
from dslnas.diagnostics import UserError
from dslnas.exporters.export import export
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.settings.sections import ExportSettings
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.space.text import cell_text
from dslnas.tasks.catalogue import TASK_SETTINGS
from tests.backends.reference_interpreter import interpret
from tests.exporters.brief import check_briefly

SPEC = """ops joins = {{add, max, min}}
op plus = add
op halved = concat -> split(2, 0)
op turned = subtract(operand(2), operand(1))
op nested(first, second) = second(first(operand(1), operand(2)), operand(3))
op twice(f) = f -> f
cell both {{
    inputs a, b, c
    {lines}
    output n1
}}
network {{
    input  a: 3, b: 3, c: 3
    stem   a: identity, b: identity, c: identity
    cells  both
    head   linear(classes)
}}
data digits
"""


def space(lines: str) -> SearchSpace | Architecture:
    example = {"a": (3,), "b": (3,), "c": (3,)}
    source = SourceFile("several.nas", SPEC.format(lines=lines))
    return lower(check(link(source), TASK_SETTINGS), example, 3)


A, B, C = np.array([[1.0, -2.0, 3.0]]), np.array([[4.0, 5.0, -6.0]]), np.array([[7.0, 8.0, 9.0]])


def node(graph: PrimitiveGraph) -> list[float]:
    """Return what the head reads."""
    weights = {name: np.zeros(w.shape, np.float32) for name, w in graph.tensors.items()}
    weights["head/0_linear/weight"] = np.eye(3, dtype=np.float32)
    inputs = {name: value.astype(np.float32) for name, value in zip("abc", (A, B, C), strict=True)}
    return [float(number) for number in interpret(graph, weights, inputs)[0]]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("plus(a, b)", A + B),
        ("max(a, b, c)", np.maximum(np.maximum(A, B), C)),
        ("halved(a, b)", A),
        ("turned(a, b)", B - A),
        ("nested(add, multiply)(a, b, c)", (A + B) * C),
        ("nested(max, turned)(a, b, c)", C - np.maximum(A, B)),
        ("(multiply -> relu)(a, b)", np.maximum(A * B, 0)),
        ("nested(multiply, add)(a, b + c, c)", A * (B + C) + C),
        ("multiply(a, b) + plus(b, c)", A * B + B + C),
    ],
)
def test_values_are_joined_as_an_operation_says(term: str, expected: np.ndarray) -> None:
    found = space(f"node n1 = {term} + zero(a) + zero(b) + zero(c)")
    assert isinstance(found, Architecture)
    assert node(build_derived_graph(found)) == pytest.approx(expected[0].tolist())


def test_a_value_may_be_an_operation_of_several() -> None:
    found = space("let v = nested(add, turned)(a, b, c)\n let n1 = plus(v, relu(a))")
    assert isinstance(found, Architecture)
    expected = C - (A + B) + np.maximum(A, 0)
    assert node(build_derived_graph(found)) == pytest.approx(expected[0].tolist())


CHOICE = "node n1 = {plus, halved, multiply -> linear(3), nested(min, add)}(a, b, c) + tanh(c)"


@pytest.mark.parametrize("column", range(4))
def test_a_choice_is_derived_written_and_exported(
    column: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    found = space(CHOICE.replace("halved", "concat -> linear(3)"))
    assert isinstance(found, SearchSpace)
    scores = [[float(place == column) for place in range(4)]]
    architecture = derive(found, {"both": scores})
    text = cell_text(architecture.cells["both"])
    operations = ("plus", "(concat -> linear(3))", "(multiply -> linear(3))", "nested(min, add)")
    assert f"node n1 = {operations[column]}(a, b, c) + tanh(c)" in text
    lines = "\n".join(text.splitlines()[2:-2])
    again = space(lines)
    assert isinstance(again, Architecture)
    assert again.hash == architecture.hash
    graph = build_derived_graph(architecture)
    assert build_derived_graph(again) == graph
    network = TorchNetwork(graph, torch.Generator().manual_seed(0)).eval()
    settings = ExportSettings(tolerance=1e-5)
    exported = export(network, tmp_path, settings, name="several", metadata={})
    assert set(exported.differences) == {"onnx", "python"}


@pytest.mark.parametrize("joins", ["{add, max}", "(joins - min)"])
@pytest.mark.parametrize(
    ("column", "expected"),
    [(0, np.tanh(A + B)), (1, np.tanh(np.maximum(A, B)))],
)
def test_the_join_at_the_front_of_an_operation_may_be_chosen(
    joins: str, column: int, expected: np.ndarray
) -> None:
    found = space(f"node n1 = ({joins} -> tanh)(a, b) + zero(c)")
    assert isinstance(found, SearchSpace)
    ((table, choices),) = found.tables.items()
    assert choices.rows == (2,)
    architecture = derive(found, {table: [[float(place == column) for place in range(2)]]})
    assert node(build_derived_graph(architecture)) == pytest.approx(expected[0].tolist())


def test_a_choice_at_the_front_that_joins_nothing_reads_one_value() -> None:
    with pytest.raises(UserError, match="is applied to one value, found 2") as caught:
        space("node n1 = ({tanh, relu} -> linear(3))(a, b) + zero(c)")
    help = caught.value.diagnostics[0].help
    assert help is not None
    assert "as in `({tanh, relu} -> linear(3))(x + h)`" in help


def test_each_operation_of_a_choice_has_weights_of_its_own() -> None:
    found = space("node n1 = {add -> linear(3), multiply -> linear(3)}(a, b) + tanh(c)")
    assert isinstance(found, SearchSpace)
    graph = build_supernet_graph(found)
    assert sum(weight.shape == (3, 3) for weight in graph.tensors.values()) == 3
    (mix,) = (node for node in graph.nodes if node.mix is not None)
    assert len(mix.inputs) == 2

"""Division of a step: nodes that run before, in and behind the loop over time."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dslnas.backends.torch.loop import divide
from dslnas.graph.analysis.plan import Step, make_plan
from dslnas.graph.analysis.time_loop import TimeLoop, is_bound
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.traits import Trait
from dslnas.passes.manager import optimised
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.graph_text import parse_graph
from tests.primitives import with_trait
from tests.spaces import space_of

TEXT = """input = input : token
stem/e = embedding(out=4, words=9) input : 4
scope cell0 = cell "one"
cell0/h = state(out=4) : 4
cell0/x = tanh stem/e : 4
cell0/y = {bound} cell0/x : 4
cell0/a = add cell0/y, cell0/h : 4
cell0/z = relu cell0/a : 4
cell0/w = add cell0/z, cell0/x : 4
head/l = linear(out=9) cell0/w : 9
carry cell0/h = cell0/a
output head/l
"""


def wanted(graph: PrimitiveGraph) -> tuple[str, ...]:
    read = [n for node in graph.under("head") for n in node.inputs if not n.startswith("head/")]
    return (graph.output, read[0])


def divided(graph: PrimitiveGraph, *, hoist: bool = True) -> TimeLoop[Step]:
    ends = (*wanted(graph), *(state.next for state in graph.states))
    return divide(graph, make_plan(graph, ends), wanted(graph), hoist=hoist)


def names(steps: tuple[Step, ...]) -> list[str]:
    return [step.node.name for step in steps]


def stacked(graph: PrimitiveGraph) -> set[str]:
    """Return names of values in which edges stand above each other."""
    found: set[str] = set()
    ends = with_trait(Trait.ENDS_STACK)
    for node in graph.nodes:
        follows = node.primitive not in ends and not found.isdisjoint(node.inputs)
        if node.primitive == "stack" or follows:
            found.add(node.name)
    return found


def test_only_what_a_state_needs_and_depends_on_runs_in_the_loop() -> None:
    loop = divided(parse_graph(TEXT.format(bound="sigmoid")))
    assert names(loop.before) == ["stem/e", "cell0/x", "cell0/y"]
    assert names(loop.body) == ["cell0/a"]
    assert names(loop.after) == ["cell0/z", "cell0/w"]
    assert names(loop.head) == ["head/l"]
    assert loop.streams == ("cell0/y",)
    assert loop.collected == ("cell0/a",)


def test_without_hoisting_all_of_a_cell_runs_in_the_loop() -> None:
    loop = divided(parse_graph(TEXT.format(bound="sigmoid")), hoist=False)
    assert names(loop.before) == ["stem/e"]
    assert names(loop.body) == ["cell0/x", "cell0/y", "cell0/a", "cell0/z", "cell0/w"]
    assert not loop.after
    assert names(loop.head) == ["head/l"]
    assert (loop.streams, loop.collected) == (("stem/e",), ("cell0/w",))


@pytest.mark.parametrize("bound", ["batch_norm(affine=false)", "dropout", "drop_path"])
def test_what_differs_from_step_to_step_stays_in_the_loop(bound: str) -> None:
    loop = divided(parse_graph(TEXT.format(bound=bound)))
    assert names(loop.before) == ["stem/e", "cell0/x"]
    assert names(loop.body) == ["cell0/y", "cell0/a"]
    behind = TEXT.format(bound="sigmoid").replace("z = relu", f"z = {bound}")
    assert names(divided(parse_graph(behind)).body) == ["cell0/a", "cell0/z"]


def test_a_next_state_from_before_the_loop_is_kept() -> None:
    text = TEXT.format(bound="sigmoid").replace(
        "carry cell0/h = cell0/a", "carry cell0/h = cell0/x"
    )
    loop = divided(parse_graph(text))
    assert loop.streams == ("cell0/x",)
    assert loop.collected == ("cell0/h",)
    assert not loop.body
    _assert_runs(parse_graph(text), loop)


STACKED = """alpha one 4 x 2
input = input : token
stem/e = embedding(out=4, words=9) input : 4
scope cell0 = cell "one"
cell0/h = state(out=4) : 4
cell0/stack = stack cell0/h, stem/e : 4
cell0/tanh = tanh cell0/stack : 4
cell0/relu = relu cell0/stack : 4
cell0/a_mix = mix one[0:2] cell0/tanh, cell0/relu : 4
cell0/a = sum_stack(groups=2) cell0/a_mix : 4
cell0/b_mix = mix one[2:4] cell0/tanh, cell0/relu : 4
cell0/b = sum_stack(groups=2) cell0/b_mix : 4
cell0/c = relu cell0/b : 4
head/l = linear(out=9) cell0/c : 9
carry cell0/h = cell0/a
output head/l
"""


def test_a_stack_is_as_a_whole_in_the_loop_or_outside() -> None:
    loop = divided(parse_graph(STACKED))
    stack = ["stack", "tanh", "relu", "a_mix", "a", "b_mix", "b"]
    assert names(loop.body) == [f"cell0/{name}" for name in stack]
    assert names(loop.after) == ["cell0/c"]
    assert names(loop.head) == ["head/l"]
    assert loop.collected == ("cell0/b",)
    carried = STACKED.replace("carry cell0/h = cell0/a", "carry cell0/h = stem/e")
    assert not divided(parse_graph(carried)).body


GATED = """use std.cnn
gate highway(f, s) {
    let both = linear(2 * C, bias = false)(s)
    output s + sigmoid(split(2, 0)(both)) * (f(split(2, 1)(both)) - s)
}
cell a {
    inputs x
    states h
    node n1 = {tanh, relu}(x) + {tanh, relu}(h)
    edge highway
    keep all
    output mean
}
network { channels 4; stem embedding; head linear(classes); cells a * 2 }
evaluate { channels 4 }
"""
"""All edges of a node are one gate, which sums them."""


@settings(max_examples=examples(12))
@given(recurrent_spaces(), st.booleans(), st.booleans())
@example(GATED, True, False)
def test_any_loop_has_what_it_reads_and_frees_the_rest(text: str, fast: bool, hoist: bool) -> None:
    graph = build_supernet_graph(space_of(text, (), classes=5))
    graph = optimised(graph) if fast else graph
    loop = divided(graph, hoist=hoist)
    _assert_runs(graph, loop)
    assert stacked(graph).isdisjoint([*loop.streams, *loop.collected])
    outside = {step.node.name: step for step in (*loop.before, *loop.after, *loop.head)}
    assert not [
        step for name, step in outside.items() if name.startswith("cell") and is_bound(step.node)
    ]


def _assert_runs(graph: PrimitiveGraph, loop: TimeLoop[Step]) -> None:
    """Run a loop on names, with a look at what is there and what is left."""
    values = {INPUT}
    _run(loop.before, values)
    here = {*loop.streams, *(state.name for state in graph.states)}
    assert values.issuperset(loop.streams)
    _run(loop.body, here)
    assert here.issuperset(loop.collected)
    assert here.issuperset(state.next for state in graph.states)
    values.update(loop.collected)
    _run(loop.after, values)
    output, last = wanted(graph)
    assert last in values
    pieces = {last}
    _run(loop.head, pieces)
    assert pieces == {output, last}
    assert values <= {*wanted(graph), *loop.streams, *(state.next for state in graph.states), INPUT}


def _run(steps: tuple[Step, ...], values: set[str]) -> None:
    for step in steps:
        assert values.issuperset(step.inputs), step.node.name
        values.add(step.node.name)
        assert values.issuperset(step.last_use)
        values.difference_update(step.last_use)

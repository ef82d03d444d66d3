"""Gates as one piece of work: where they are found, and the formula against its gradients."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.fast import FAST_FORMS, WEIGHED_FORMS
from dslnas.backends.torch.gated import ACTIVATIONS, gated, highway_gate
from dslnas.backends.torch.kernels.gate_args import KINDS
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.primitives import FORMS
from dslnas.backends.torch.randomness import RunState
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Mix, Node
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.verify import verify_graph
from dslnas.ops.traits import Trait
from dslnas.passes.drop_identities import drop_identities
from dslnas.passes.fuse_gates import KNOWN, fuse_gates
from dslnas.passes.manager import USUAL, optimised
from tests.graph_text import parse_graph
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.passes.test_golden import GOLDEN
from tests.primitives import with_trait
from tests.spaces import architecture_of, space_of

DARTS = "use papers.darts_rnn\nnetwork { channels 4 }"
OWN = """use std.rnn
gate own(f, state, reads = state) {{
    let both = linear(2 * C, bias = false)(reads)
    output {output}
}}
cell one {{
    inputs x
    states h
    first tanh(x + h)
    nodes 2
    choose {{none, tanh, {operation}}}
    edge own
    output mean
}}
network {{ channels 4; stem embedding; head tied_linear; cells one }}
"""
HIGHWAY = "state + sigmoid(split(2, 0)(both)) * (f(split(2, 1)(both)) - state)"


def gates_of(text: str) -> list[Node]:
    graph = optimised(build_supernet_graph(space_of(text, (), classes=5)))
    verify_graph(graph)
    return [node for node in graph.nodes if node.primitive == "highway_gate"]


def operands(edges: int, activations: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    shapes = ((edges * 3, 8), (edges * 3, 4), (edges, activations))
    y, s, weights = (
        torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for shape in shapes
    )
    return y, s, weights


def run(activations: tuple[str, ...], y: Tensor, s: Tensor, weights: Tensor) -> Tensor:
    """Run a gate; activations are in the order of `KNOWN`."""
    columns = tuple(range(len(activations)))
    counts = tuple((name, activations.count(name)) for name in KNOWN)
    mix = Mix("c", 0, len(weights), columns)
    node = Node("n", "highway_gate", ("y", "s"), counts, (4,), mix=mix)
    step = Step(node, ("y", "s"), (0, 0), (0, 1), (), False, ())
    return highway_gate(step, (y, s), Weighing({"c": weights}))


# ---- where ---------------------------------------------------------------------------------------


def test_every_node_of_darts_is_a_gate() -> None:
    gates = gates_of(DARTS)
    assert [gate.parts for gate in gates] == list(range(1, 9))
    assert {gate.attributes for gate in gates} == {tuple((name, 1) for name in KNOWN)}


@pytest.mark.parametrize(
    ("output", "operation", "count"),
    [
        (HIGHWAY, "relu", 2),
        (HIGHWAY, "silu", 0),
        (HIGHWAY.replace("sigmoid", "tanh"), "relu", 0),
        (HIGHWAY.replace("split(2, 0)", "split(2, 1)"), "relu", 0),
        (HIGHWAY.replace(" - state", " - tanh(state)"), "relu", 0),
        (f"sigmoid(split(2, 0)(both)) * ({HIGHWAY})", "relu", 0),
    ],
)
def test_only_the_formula_is_a_gate(output: str, operation: str, count: int) -> None:
    assert len(gates_of(OWN.format(output=output, operation=operation))) == count


def test_operations_may_be_weighed_in_any_order() -> None:
    text = OWN.format(output=HIGHWAY, operation="relu").replace(
        "none, tanh, relu", "relu, none, tanh"
    )
    graph = build_supernet_graph(space_of(text, (), classes=5))
    (_, gate) = gates = gates_of(text)
    assert dict(gate.attributes) == {"tanh": 1, "relu": 1, "sigmoid": 0, "identity": 0}
    assert {gate.mix and gate.mix.columns for gate in gates} == {(2, 0)}
    network, alphas = network_of(graph), random_alphas(graph)
    expected = what_it_gives(network, alphas, training=True)
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, alphas, training=True), expected)


def test_gates_are_found_where_a_pass_before_has_dropped_the_identities() -> None:
    graph = build_supernet_graph(space_of(DARTS, (), classes=5))
    dropped = drop_identities(graph)
    assert "identity" not in {node.primitive for node in dropped.nodes}
    fused = [optimised(each) for each in (graph, dropped)]
    gates = [[n for n in g.nodes if n.primitive == "highway_gate"] for g in fused]
    assert len(gates[1]) == 8
    assert [(g.attributes, g.mix) for g in gates[0]] == [(g.attributes, g.mix) for g in gates[1]]


@pytest.mark.parametrize("name", ["darts_v1", pytest.param("darts_v2", marks=pytest.mark.slow)])
@pytest.mark.sample(0)
def test_every_node_of_a_found_cell_is_one_gate(name: str) -> None:
    text = f"use rnn.{name}\nnetwork {{ channels 4 }}"
    graph = build_derived_graph(architecture_of(text, (), classes=5), training=True)
    fused = optimised(graph)
    verify_graph(fused)
    assert sum(node.primitive == "single_gate" for node in fused.nodes) == 9
    plain = network_of(graph)
    with torch.inference_mode():
        network_of(fused)(torch.zeros((3, 4), dtype=torch.long))  # what is made here is kept
    fast = network_of(fused, plain.state_dict())
    found, expected = (what_it_gives(each, {}, training=True) for each in (fast, plain))
    assert_same(found, expected)


@pytest.mark.parametrize("activation", KNOWN)
def test_a_gate_alone_has_the_gradients_of_its_formula(activation: str) -> None:
    y, s, _ = operands(1, 1)
    counts = tuple((name, int(name == activation)) for name in KNOWN)
    node = Node("n", "single_gate", ("y", "s"), counts, (4,))
    results = [forms["single_gate"](node, (y, s), (), RunState()) for forms in (FAST_FORMS, FORMS)]
    found = [torch.autograd.grad(result.pow(2).sum(), (y, s)) for result in results]
    torch.testing.assert_close(*results, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(*found, rtol=1e-11, atol=1e-11)


def test_a_gate_is_left_alone_where_somebody_looks_into_it() -> None:
    before = (GOLDEN / "fuse_gates.before").read_text(encoding="utf-8")
    assert fuse_gates(parse_graph(before)) != parse_graph(before)
    for inside in ("cell0/g", "cell0/t", "cell0/m", "cell0/e"):
        looked_at = parse_graph(before.replace("out=5) cell0/n1 ", f"out=5) {inside} "))
        assert fuse_gates(looked_at) == looked_at


# ---- what ----------------------------------------------------------------------------------------


def test_every_activation_that_a_gate_takes_has_its_gradient() -> None:
    assert set(ACTIVATIONS) == set(KNOWN)
    assert len(KNOWN) + 1 == KINDS  # the loops have a weight for each, and their sum


def test_an_activation_without_a_gradient_is_refused() -> None:
    with pytest.raises(KeyError, match="silu"):
        gated(*operands(2, 2), ("tanh", "silu"))


def test_everything_that_weighs_by_alpha_has_a_form_of_its_own() -> None:
    assert set(WEIGHED_FORMS) == with_trait(Trait.WEIGHED)


@pytest.mark.parametrize("edges", [1, 3])
@pytest.mark.parametrize("activations", [KNOWN, ("relu", "identity"), ("tanh", "tanh")])
def test_gradients_by_hand_are_those_of_the_formula(
    edges: int, activations: tuple[str, ...]
) -> None:
    y, s, weights = given = operands(edges, len(activations))
    ours, formula = run(activations, *given), gated(y, s, weights, activations)
    torch.testing.assert_close(ours, formula, rtol=1e-12, atol=1e-12)
    for of in (list(given), [y, s]):
        found = [
            torch.autograd.grad(r.pow(2).sum(), of, retain_graph=True) for r in (ours, formula)
        ]
        torch.testing.assert_close(*found, rtol=1e-11, atol=1e-11)


def test_the_formula_is_what_the_paper_says() -> None:
    y, s, weights = operands(1, 2)
    c, h = y.chunk(2, 1)
    states = [torch.sigmoid(c) * f + (1 - torch.sigmoid(c)) * s for f in (torch.tanh(h), h)]
    expected = weights[0, 0] * states[0] + weights[0, 1] * states[1]
    found = gated(y, s, weights, ("tanh", "identity"))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_gradients_have_gradients_where_the_product_is_one_of_the_states() -> None:
    y, s, weights = operands(2, 4)
    matrix = y.detach()[:4]

    def of_states(s: Tensor, weights: Tensor) -> Tensor:
        return run(KNOWN, s @ matrix, s, weights)

    assert torch.autograd.gradcheck(of_states, (s, weights))
    assert torch.autograd.gradgradcheck(of_states, (s, weights))


def test_products_may_be_of_another_type() -> None:
    y, s, weights = operands(2, 4)
    exact = run(KNOWN, y, s, weights).sum()
    half = y.detach().bfloat16().requires_grad_()
    rough = run(KNOWN, half, s, weights).sum()
    assert rough.dtype == torch.float64
    torch.testing.assert_close(rough, exact, rtol=0.1, atol=0.1)
    assert torch.autograd.grad(rough, half)[0].dtype == torch.bfloat16


def test_a_network_with_gates_is_the_plain_one() -> None:
    graph = build_supernet_graph(space_of(DARTS, (), classes=5))
    network, alphas = network_of(graph), random_alphas(graph)
    assert isinstance(network, SequenceNetwork)
    expected = what_it_gives(network, alphas, training=True)
    network.plain, network.passes = False, USUAL
    assert_same(what_it_gives(network, alphas, training=True), expected)

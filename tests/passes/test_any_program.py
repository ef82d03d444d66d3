"""Every pass alone and in every pair, on random programs of all tasks, against the plain graph.

Loss, states, statistics and the gradients of alpha and of all weights are compared in float64.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from dslnas.graph.analysis.plan import Choice
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.ops.primitive import Shape
from dslnas.passes.manager import PASSES, PREDICTING, USUAL, optimised, run_passes
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.backends.recurrent_runs import random_states
from tests.backends.reference_interpreter import interpret_steps
from tests.examples import examples
from tests.graph_text import parse_graph
from tests.passes.programs import (
    Plain,
    Program,
    as_networks_run_it,
    assert_runs_as_it_is_lowered,
    images,
    programs,
)
from tests.passes.same import (
    CLASSES,
    DROPOUT,
    Reference,
    assert_same,
    network_of,
    random_alphas,
    what_it_gives,
)
from tests.spaces import random_scores

SINGLES = [(name,) for name in USUAL]
PAIRS = [*SINGLES, *combinations(USUAL, 2), USUAL]
KEEPING = [names for names in PAIRS if all(PASSES[name].keeps_choices for name in names)]


def some_passes() -> st.SearchStrategy[tuple[str, ...]]:
    """Draw any passes, in their order."""
    chosen = st.sets(st.sampled_from(USUAL))
    return chosen.map(lambda names: tuple(name for name in USUAL if name in names))


NETWORK = "\nnetwork { channels 4; cells a }\nevaluate { channels 4; auxiliary 0 }"


def choosing(
    operations: str, nodes: int = 2, definitions: str = "", shape: Shape = (2, 6, 6)
) -> Program:
    cell = f"cell a {{ nodes {nodes}; choose {operations}; preprocess preprocess }}"
    return images(definitions + cell + NETWORK, shape)


ATTENTION = """op of_heads = conv(1, out = C_in) -> reshape((2, C_in / 2, H_in * W_in))
op attended = matmul(of_heads, matmul(of_heads -> transpose(2, 3), of_heads) -> softmax(2))
    -> reshape((C_in, H_in, W_in))
op normed = layer_norm -> conv(1) -> group_norm(2) -> scale(0.5)
"""
# Gradients in front of two norms are exactly 0, and large numbers are what they are rounded from.
TWO_NORMS = """op twice = conv(1) -> batch_norm | when stride 2: conv(3, stride = 2) -> sigmoid
op thrice = conv(1) -> conv(3) -> batch_norm -> batch_norm | when stride 2: conv(3)
"""
# Nobody reads what the norm finds: passes leave it out, and its statistics stay as they were.
ZEROED = """op zeroed = batch_norm -> conv(3) -> none
"""
SHARED_SOURCE = """cell a {
    inputs 2
    preprocess preprocess
    node n1 = {bent, sep_conv(3)}(in1) + {bent, curved}(in1) + bent(in1)
    output last
}"""
# All norms of a cell's nodes move the same statistics: which comes first matters.
ONE_NORM_FOR_ALL = """use std.cnn
cell a {
    inputs x
    normalise batch_norm
    node n0 = {conv(1), tanh}(x)
    node n1 = {conv(3), tanh}(x)
    node n2 = {tanh, sep_conv(3)}(n1)
    node n3 = {conv(3), tanh}(x)
    node n4 = {skip_connect, sep_conv(3)}(n3) + {tanh, conv(1)}(n2)
    output n0 + n2 + n4
}
network { channels 4; stem conv(3, out = C); cells a; head global_avg_pool -> linear(classes) }
evaluate { channels 4; auxiliary 0 }
"""
# Gates of choices inside of choices: the outer ones can be weighed before them, once the inner are.
GATES_IN_GATES = """use std.cnn
op full = linear(C)
gate constant(f, state, reads = state) {
    let a = tanh(state)
    output a + (a * reads - (f(state) * a + a))
}
cell a {
    inputs x
    states h
    node n1 = {identity, ({full, relu} -> {tanh, relu})}(h) + identity(x)
    edge constant
    keep all
    output mean
}
network { channels 4; stem embedding; head tied_linear; cells a }
evaluate { channels 4 }
"""
# What the head computes of a value of the cell, the cell computes of it, too.
LIKE_ITS_HEAD = """use std.cnn
cell a {
    inputs x
    states h
    node n1 = {tanh, relu}(x)
    let both = n1 + h
    let bent = tanh(both)
    next bent
    output both
}
network { channels 4; stem embedding; head multiply(identity, tanh) -> tied_linear; cells a }
evaluate { channels 4 }
"""
# Kinds that were wrong once, or are at the edge of what there is.
FIXED = {
    "row-wise": choosing("bent, skip_connect"),
    "row-wise, one node": choosing("bent, curved, none", nodes=1),
    "one operation": choosing("sep_conv(3)"),
    "no weights": choosing("max_pool(3), moved, none"),
    "shared source": images(SHARED_SOURCE + NETWORK),
    "signals": choosing("sep_conv(3), dil_conv(5), max_pool(3), skip_connect", shape=(2, 12)),
    "attention": choosing("attended, normed, max_pool(3)", definitions=ATTENTION),
    "norm behind norm": choosing("twice, thrice, skip_connect", definitions=TWO_NORMS),
    "one norm for all": Program(ONE_NORM_FOR_ALL, (2, 6, 5), 3, training=True),
    "gates in gates": Program(GATES_IN_GATES, (), CLASSES, training=True),
    "zeros behind a norm": choosing("zeroed, conv(3), relu", definitions=ZEROED),
    "cell like its head": Program(LIKE_ITS_HEAD, (), CLASSES, training=False),
}


def rewritten(graph: PrimitiveGraph, names: Iterable[str]) -> PrimitiveGraph:
    """Return a graph behind some passes; every graph on the way is sound and as it is printed."""
    for name in names:
        rewrite = PASSES[name].rewrite
        graph = rewrite(graph)
        verify_graph(graph)
        assert parse_graph(print_graph(graph)) == graph
        assert rewrite(graph) == graph, f"{name} changes something the second time"
    return graph


def assert_all_keep(program: Program, all_names: Sequence[tuple[str, ...]]) -> None:
    plain, seen = Plain(program), [program.graph]
    for names in all_names:
        changed = rewritten(program.graph, names)
        if changed not in seen:
            seen.append(changed)
            plain.assert_kept_by(changed)


@pytest.mark.parametrize("program", FIXED.values(), ids=FIXED)
@pytest.mark.sample(4)
def test_a_program_at_the_edge_computes_the_same_behind_every_pass(program: Program) -> None:
    assert_all_keep(program, [*SINGLES, USUAL])


@settings(max_examples=examples(10))
@given(programs(), st.sampled_from(PAIRS) | some_passes())
def test_any_program_computes_the_same_behind_any_passes_in_their_order(
    program: Program, names: tuple[str, ...]
) -> None:
    changed = rewritten(program.graph, names)
    if changed != program.graph:
        Plain(program).assert_kept_by(changed)


@pytest.mark.slow
@settings(max_examples=10)
@given(programs())
def test_any_program_computes_the_same_behind_all_pairs_of_passes(program: Program) -> None:
    assert_all_keep(program, PAIRS)


@settings(max_examples=examples(8))
@given(programs())
@example(FIXED["gates in gates"])
def test_any_program_computes_the_same_as_networks_run_it(program: Program) -> None:
    once = optimised(program.graph)
    assert optimised(once) == once
    assert_runs_as_it_is_lowered(program)


@pytest.mark.slow
@settings(max_examples=300)
@given(programs())
def test_hundreds_of_programs_compute_the_same_as_networks_run_them(program: Program) -> None:
    assert_runs_as_it_is_lowered(program)


@settings(max_examples=examples(10))
@given(programs(), st.sampled_from(KEEPING), st.integers(0, 9), st.booleans())
@example(FIXED["row-wise"], KEEPING[-1], 0, True)
def test_a_sampled_architecture_computes_the_same_behind_passes_that_keep_choices(
    program: Program, names: tuple[str, ...], seed: int, observe: bool
) -> None:
    network = network_of(program.graph)
    chosen, hard = sampled(program.space, random_alphas(program.graph), seed)
    reference = Reference(network, hard, training=False, chosen=chosen, observe=observe)
    expected = reference.expected
    with as_networks_run_it(network, names):
        ours = reference.gives()
    assert_same(ours, expected, reference)


@settings(max_examples=examples(8))
@given(programs(), st.integers(0, 9), st.sampled_from(PAIRS) | some_passes())
def test_a_derived_network_drops_and_computes_the_same_behind_any_passes(
    program: Program, seed: int, names: tuple[str, ...]
) -> None:
    architecture = derive(program.space, random_scores(program.space, seed))
    graph = build_derived_graph(architecture, training=True)
    changed = rewritten(graph, names)
    plain = network_of(graph)
    network = network_of(changed, plain.state_dict())
    for one in (plain, network):
        one.run_state.dropout, one.run_state.drop_path_rate = DROPOUT, 0.4
    reference = Reference(plain, {}, program.training)
    ours = what_it_gives(network, {}, training=program.training)
    assert_same(ours, reference.expected, reference)


def sampled(
    space: SearchSpace, alphas: dict[str, Tensor], seed: int
) -> tuple[Choice, dict[str, Tensor]]:
    """Return an alternative of every choice, and alphas in which all others weigh nothing."""
    random = Random(seed)
    chosen = {
        name: tuple(random.randrange(size) for size in table.rows)
        for name, table in space.tables.items()
    }
    hard = {
        name: torch.nn.functional.one_hot(torch.tensor(row), alphas[name].shape[1])
        .to(torch.float64)
        .requires_grad_()
        for name, row in chosen.items()
    }
    return chosen, hard


def predictions(graph: PrimitiveGraph, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what a network gives; of one that reads text the logits and states alone.

    Behind passes for exports its head may read any values of the last cell.
    """
    if not graph.is_sequence:
        return what_it_gives(network_of(graph, tensors), {}, training=False)
    weights = {name: tensor.numpy() for name, tensor in tensors.items()}
    tokens = np.random.default_rng(1).integers(CLASSES, size=(4, 3))
    logits, last = interpret_steps(graph, weights, tokens, random_states(graph, 3))
    named = {f"state {number}": torch.from_numpy(state) for number, state in enumerate(last)}
    return {"logits": torch.from_numpy(logits), **named}


@settings(max_examples=examples(10))
@given(programs(), st.integers(0, 9), st.integers(1, len(PREDICTING)))
@example(FIXED["cell like its head"], 0, len(PREDICTING))
def test_a_derived_network_predicts_the_same_behind_the_passes_for_exports(
    program: Program, seed: int, count: int
) -> None:
    architecture = derive(program.space, random_scores(program.space, seed))
    graph = build_derived_graph(architecture, training=True)
    changed = graph
    for passed in run_passes(graph, PREDICTING[:count]):
        changed = passed.graph
        assert parse_graph(print_graph(changed)) == changed
        assert PASSES[passed.name].rewrite(changed) == changed
    tensors = network_of(graph).state_dict()
    ours, expected = predictions(changed, tensors), predictions(graph, tensors)
    for name in ours:
        assert_same({name: ours[name]}, {name: expected[name]})


# ---- the comparison itself ----------------------------------------------------------------------


def test_the_comparison_sees_a_weight_of_alpha_that_is_off_a_little() -> None:
    for plain in map(Plain, (p for p in FIXED.values() if p.graph.alphas)):
        wrong = {n: (a * (1 + 1e-5)).detach().requires_grad_() for n, a in plain.alphas.items()}
        ours = what_it_gives(plain.network, wrong, training=plain.training)
        with pytest.raises(AssertionError, match="is off by"):
            assert_same(ours, plain.expected, plain)


def test_rounding_that_norms_amplify_is_no_fault() -> None:
    plain = Plain(FIXED["norm behind norm"])
    rounded = dict(plain.expected)
    name = min(
        (n for n in rounded if n.startswith("gradient of") and n.endswith("conv/weight")),
        key=lambda n: float(rounded[n].abs().max()),
    )
    answer = float((plain.moved[name] - rounded[name]).abs().max())
    rounded[name] = rounded[name] + answer * 1e-4
    assert_same(rounded, plain.expected, plain)


def test_statistics_that_are_read_may_not_be_missing_or_wrong() -> None:
    plain = Plain(FIXED["norm behind norm"])
    name = next(n for n in plain.expected if n.endswith("running_var"))
    missing = {n: t for n, t in plain.expected.items() if n != name}
    with pytest.raises(AssertionError, match="is gone, and is read"):
        assert_same(missing, plain.expected, plain)
    with pytest.raises(AssertionError, match="is off by"):
        assert_same({**missing, name: plain.expected[name] + 0.01}, plain.expected, plain)

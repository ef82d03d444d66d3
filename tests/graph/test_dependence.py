"""Networks that depend on what they read, and those that do not."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dslnas.backends.torch.network import TorchNetwork
from dslnas.diagnostics import UserError
from dslnas.graph.analysis.dependence import check_dependence
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.derive.derive import derive
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.graph_text import parse_graph
from tests.spaces import architecture_of, random_scores, space_of
from tests.strategies import SpaceText, spaces

SMALL = "network { channels 8; repeat 1 }\nevaluate { channels 8; repeat 1 }\n"
DEAD = f"""use papers.nas_bench_201
cell cell201 {{
    inputs  1
    node n1 = none(in1)
    node n2 = none(in1) + nor_conv(3)(n1)
    node n3 = none(in1) + none(n1) + nor_conv(1)(n2)
    output  last
}}
{SMALL}"""


def complaint(graph: PrimitiveGraph) -> str:
    try:
        check_dependence(graph, "spec")
    except UserError as error:
        return error.render()
    return ""


def test_a_dead_cell_is_named_with_its_edges() -> None:
    dead = DEAD.replace("nor_conv(1)(n2)", "none(n2)")
    assert complaint(build_derived_graph(architecture_of(dead))) == (
        "spec: error[NAS704]: output of the network does not depend on what it reads: cell "
        "`cell201` hands on nothing, with zeros on in1 -> n1, in1 -> n2, in1 -> n3, n1 -> n3, "
        "n2 -> n3\n"
        "  = help: let operations that give more than zeros lead from the inputs to the output"
    )


def test_a_cell_may_be_dead_behind_a_gap() -> None:
    assert "cell `cell201` hands on nothing" in complaint(
        build_derived_graph(architecture_of(DEAD))
    )
    alive = DEAD.replace("node n1 = none", "node n1 = skip_connect")
    assert not complaint(build_derived_graph(architecture_of(alive)))


@pytest.mark.parametrize(
    ("line", "is_alive"),
    [
        ("multiply input/a, stem", True),
        ("multiply input/a, gone", False),
        ("add input/a, gone", True),
        ("add gone, gone", False),
        ("max input/a, gone", True),
        ("min gone, gone", False),
        ("multiply gone, stem", False),
    ],
)
def test_products_with_zeros_are_zeros(line: str, is_alive: bool) -> None:
    graph = parse_graph(
        "input/a = input : 4\nstem = relu input/a : 4\n"
        f"gone = zero(stride=1) stem : 4\nlast = {line} : 4\noutput last"
    )
    assert bool(complaint(graph)) is not is_alive


def test_an_input_that_is_cut_is_named() -> None:
    graph = parse_graph(
        "input/user = input : 4\ninput/item = input : 4\n"
        "gone = zero(stride=1) input/item : 4\nlast = add input/user, gone : 4\noutput last"
    )
    assert "does not depend on what it reads as `item`" in complaint(graph)


def test_an_input_may_be_carried_by_a_state() -> None:
    text = (
        "use std.rnn\ncell one {\ninputs x; states h\nlet after = tanh(x + h)\n"
        "let shown = OPERATION(h)\nnext after\noutput shown\n}\nnetwork { channels 4; cells one }\n"
        "evaluate { channels 4 }"
    )
    for operation, is_alive in (("sigmoid", True), ("zero", False)):
        space = architecture_of(text.replace("OPERATION", operation), (), classes=5)
        assert bool(complaint(build_derived_graph(space))) is not is_alive


@given(spaces(), st.integers(0, 99))
@settings(max_examples=examples(12))
def test_whatever_is_derived_depends_on_what_it_reads(text: SpaceText, seed: int) -> None:
    space = text.space()
    assume(all(space.cells[name].choices for name in space.final.layout))  # others may be dead
    random = Random(seed)
    scores = {  # with many ties, and `none` the best of many edges
        name: [
            [2.0 if o.is_zero else random.randrange(3) / 2 for o in e.operations]
            for e in space.cells[name].choices
        ]
        for name in space.searched
    }
    scores = random_scores(space, seed) | scores
    assert not complaint(build_derived_graph(derive(space, scores, seed=seed)))


@given(recurrent_spaces(), st.integers(0, 99))
@settings(max_examples=examples(12))
def test_recurrent_networks_that_are_derived_depend_on_what_they_read(text: str, seed: int) -> None:
    space = space_of(text, (), classes=5)
    assert not complaint(build_derived_graph(derive(space, random_scores(space, seed), seed=seed)))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_said_is_what_a_network_computes(seed: int) -> None:
    space = space_of(f"use papers.nas_bench_201\n{SMALL}")
    random = Random(seed)
    sources = {"n1": ["in1"], "n2": ["in1", "n1"], "n3": ["in1", "n1", "n2"]}
    nodes = "\n".join(
        f"node {node} = "
        + " + ".join(f"{random.choice(['none', 'none', 'skip_connect'])}({s})" for s in read)
        for node, read in sources.items()
    )
    text = f"use papers.nas_bench_201\ncell cell201 {{\ninputs 1\n{nodes}\noutput last\n}}\n{SMALL}"
    for graph in (
        build_derived_graph(architecture_of(text)),
        build_derived_graph(derive(space, random_scores(space, seed))),
    ):
        network = TorchNetwork(graph, torch.Generator().manual_seed(seed)).eval()
        with torch.no_grad():
            logits = network(torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)))[0]
        assert torch.equal(logits[0], logits[1]) is bool(complaint(graph))

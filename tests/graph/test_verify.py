"""One broken graph per law of the primitive graph."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.diagnostics import InternalError
from dslnas.graph.graph import Mix, Node, PrimitiveGraph, State
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.graph.verify import LAWS, NO_CHOICES, verify_graph
from dslnas.ops.primitive import Weight
from dslnas.space.derive.derive import derive
from tests.examples import examples
from tests.graph_text import parse_graph
from tests.spaces import random_scores
from tests.strategies import SpaceText, spaces

SOUND = """\
alpha one 2 x 3
input = input : 4 x 6 x 6
a = conv(kernel=3, out=4, stride=2) input : 4 x 3 x 3
b = max_pool2d(kernel=3, stride=2) input : 4 x 3 x 3
c = mix one[1] a, b : 4 x 3 x 3
d = linear(out=5) c : 5
e = relu d : 5
output d, e
"""
STEP = """\
alpha cell 2 x 3
input = input : token
a = embedding(out=4, words=5) input : 4
cell/h = state(out=4) : 4
b = linear(out=4) cell/h : 4
c = linear(out=4) a : 4 with weight = b/weight
d = mix cell[1]{0, 2} b, c : 4
e = share cell[1]{0, 2} d : 4
f = tied_linear(out=5) e : 5 with weight = a/weight
carry cell/h = e
output f
"""
GATE = """\
alpha cell 2 x 2
input = input : 4
a = linear(out=8) input : 8
b = highway_gate(tanh=1, relu=1) cell[0]{1} a, input : 4
output b
"""
STACK = """\
alpha cell 2 x 2
input = input : 4
a = relu input : 4
b = stack input, a : 4
c = tanh b : 4
x = add c, b : 4
d = mix cell[0:2] c, x : 4
e = sum_stack(groups=2) d : 4
f = linear(out=5) e : 5
output f
"""
FOLDED = """\
input = input : 2 x 3 x 3
a = folded_norm(affine=false) input : 2 x 3 x 3
b = linear(out=5) a : 5
output b
"""
FOLDED_TWICE = """\
input = input : 2 x 3 x 3
a = relu input : 2 x 3 x 3
b = folded_drop a : 2 x 3 x 3
c = folded_drop b : 2 x 3 x 3
d = add a, c : 2 x 3 x 3
e = linear(out=5) d : 5
output e
"""
ABSORBED = """\
input = input : 2 x 3 x 3
a = conv(kernel=3, out=2) input : 2 x 3 x 3
b = absorbed_norm(affine=false) a : 2 x 3 x 3
c = add a, b : 2 x 3 x 3
d = linear(out=5) c : 5
output d
"""
BUNDLE = """\
input = input : 2 x 6 x 6
a = separable_conv(kernel=3, out=2, bundle=1) input : 2 x 6 x 6
b = separable_conv(kernel=5, out=2, bundle=1) input : 2 x 6 x 6
c = concat a, b : 4 x 6 x 6
d = linear(out=5) c : 5
output d
"""
TWO_NORMS = """\
alpha one 1 x 2
input = input : 2 x 3 x 3
a = folded_norm(affine=false) input : 2 x 3 x 3
b = folded_norm(affine=false, eps=0.5) input : 2 x 3 x 3
c = mix one[0] a, b : 2 x 3 x 3
d = linear(out=5) c : 5
output d
"""
POOL = "max_pool2d(kernel=3, stride=2) input : 4 x 3 x 3"


def written(old: str, new: str) -> PrimitiveGraph:
    """Return the sound graph with a piece of its text replaced."""
    assert SOUND.count(old) == 1
    return parse_graph(SOUND.replace(old, new))


def stepped(old: str, new: str) -> PrimitiveGraph:
    """Return the sound recurrent graph with a piece of its text replaced."""
    assert STEP.count(old) == 1
    return parse_graph(STEP.replace(old, new))


def stacked(old: str, new: str) -> PrimitiveGraph:
    """Return a sound graph with a stack with a piece of its text replaced."""
    assert STACK.count(old) == 1
    return parse_graph(STACK.replace(old, new))


def bundled(old: str, new: str) -> PrimitiveGraph:
    """Return a sound graph with a bundle with a piece of its text replaced."""
    assert BUNDLE.count(old) == 1
    return parse_graph(BUNDLE.replace(old, new))


def changed(which: str, /, text: str = SOUND, **fields: object) -> PrimitiveGraph:
    """Return a sound graph with fields of one node replaced."""
    graph = parse_graph(text)
    node = replace(graph.by_name[which], **fields)  # type: ignore[arg-type]
    return replace(graph, nodes=tuple(node if n.name == which else n for n in graph.nodes))


def nodes(graph: PrimitiveGraph, *names: str) -> tuple[Node, ...]:
    return tuple(graph.by_name[name] for name in names)


SOUND_GRAPH, STEP_GRAPH = parse_graph(SOUND), parse_graph(STEP)
NO_WEIGHT = Weight("weight", (4, 4, 3, 3))

TWO_INPUTS = [replace(SOUND_GRAPH.nodes[0], name=name) for name in ("input", "input/more")]

BROKEN = {
    "names are paths and unique": [
        (changed("b", name="a"), "`a` has the name of an earlier node"),
        (changed("b", name="a b"), "`a b` has a name that is no path of words"),
        (changed("b", name="a//b"), "`a//b` has a name that is no path of words"),
    ],
    "inputs come first": [
        (replace(SOUND_GRAPH, nodes=()), "`input` is missing"),
        (replace(SOUND_GRAPH, nodes=SOUND_GRAPH.nodes[1:]), "`a` is first but no input"),
        (changed("b", primitive="input", inputs=()), "`b` is an input but not first"),
        (changed("input", name="image"), "`image` is an input but not called so"),
        (
            replace(SOUND_GRAPH, nodes=(*TWO_INPUTS, *SOUND_GRAPH.nodes[1:])),
            "`input` has no name, but is not the only input",
        ),
    ],
    "primitives are known": [
        (changed("b", primitive="max_pool"), "`b` is an unknown primitive `max_pool`"),
    ],
    "nodes come after what they read": [
        (
            replace(SOUND_GRAPH, nodes=nodes(SOUND_GRAPH, "input", "a", "c", "b", "d", "e")),
            "`c` reads `b`, which does not come before it",
        ),
        (changed("b", inputs=("b",)), "`b` reads `b`, which does not come before it"),
        (changed("b", inputs=("gone",)), "`b` reads `gone`, which does not come before it"),
    ],
    "numbers of inputs fit": [
        (changed("b", inputs=()), "`b` reads 0 nodes, not 1 to 1"),
        (changed("e", primitive="add"), "`e` reads 1 nodes, not 2 to 64"),
        (changed("c", inputs=("a",) * 4097), "`c` reads 4097 nodes, not 1 to 4096"),
    ],
    "arguments are complete and of their kind": [
        (changed("d", attributes=()), "`d` has the arguments [], not ['out', 'bias']"),
        (
            changed("d", attributes=(("bias", True), ("out", 5))),
            "`d` has the arguments ['bias', 'out'], not ['out', 'bias']",
        ),
        (
            changed("d", attributes=(("out", 0), ("bias", True))),
            "`d` is wrong: `out` of `linear` must be a whole number of at least 1, not 0",
        ),
        (
            changed("b", attributes=(("kernel", 3), ("stride", (2, 2)), ("padding", (1, 1)))),
            "`b` has kernel=3, which is written (3, 3)",
        ),
    ],
    "mixes read rows of alpha": [
        (written("mix one[1] a", "mix a"), "`c` has no row of alpha"),
        (written("relu d", "relu one[0] d"), "`e` is no mix but has a row"),
        (written("one[1]", "one[2]"), "`c` reads row 2 of `one`, which has 2"),
        (changed("c", mix=Mix("one", -1)), "`c` reads row -1 of `one`, which has 2"),
        (written("one[1]", "two[0]"), "`c` reads row 0 of `two`, which has 0"),
        (written("2 x 3", "2 x 1"), "`c` mixes 2 nodes with 1 columns of alpha"),
        (stepped("mix cell[1]", "mix cell[1:3]"), "`d` reads rows 1 to 2 of `cell`, which has 2"),
        (stepped("mix cell[1]{0, 2}", "mix cell[1]{0, 3}"), "`d` mixes 2 nodes with 3 columns"),
        (changed("d", STEP, mix=Mix("cell", 0, 1, (0, -1))), "`d` mixes 2 nodes with 3 columns"),
        (stepped("mix cell[1]{0, 2}", "mix cell[1]{0}"), "`d` names 1 columns for 2 nodes"),
        (stepped("share cell[1]{0, 2}", "share cell[1]"), "`e` is a share of no columns"),
        (stepped("share cell[1]{0, 2}", "share"), "`e` has no row of alpha"),
        (parse_graph(GATE), "`b` names 1 columns of alpha, not 2"),
        (written("one[1]", "one[1, 2]"), "`c` reads rows [1, 2] of `one`, which has 2"),
        (written("one[1]", "one[1, 0]"), "`c` does not name a row and a column for every node"),
    ],
    "what is folded is read by one sum": [
        (parse_graph(FOLDED), "`a` is folded into a sum, but not read by one sum alone"),
        (parse_graph(FOLDED_TWICE), "`b` is folded into a sum, but not read by one sum alone"),
        (parse_graph(TWO_NORMS), "`c` takes over norms of different arguments"),
    ],
    "absorbed norms stand behind layers": [
        (parse_graph(ABSORBED), "`b` is absorbed, but not by layers that it alone reads"),
    ],
    "bundles stand side by side": [
        (bundled("b =", "x = relu input : 2 x 6 x 6\nb ="), "`b` stands apart from its bundle"),
        (bundled("5, out=2, b", "5, stride=2, out=2, b"), "`b` is of another kind than its bundle"),
        (bundled("input : 2 x 6 x 6\nc", "a : 2 x 6 x 6\nc"), "`b` reads another node of its"),
    ],
    "stacks are handled by part and summed": [
        (stacked("mix cell[0:2]", "mix cell[0]"), "`d` reads 2 parts of a stack, not 1"),
        (stacked("groups=2", "groups=3"), "`e` reads 2 parts of a stack, not 3"),
        (stacked("tanh b", "dropout b"), "`c` reads 2 parts of a stack, not 1"),
        (stacked("add c, b", "add c, a"), "`x` reads 1 and 2 parts of a stack, not 2"),
        (stacked("linear(out=5) e", "linear(out=5) d"), "`f` is an output or a next state, but a"),
        (stacked("mix cell[0:2] c", "mix cell[0:2] a"), "`d` reads 1 and 2 parts of a stack"),
    ],
    "shapes follow the rules": [
        (written("d : 5", "d : 6"), "`e` has shape 6, not 5"),
        (
            written(POOL, POOL.replace(", stride=2", "").replace("3 x 3", "6 x 6")),
            "`c` cannot read its inputs: branches have different shapes: 4 x 3 x 3 and 4 x 6 x 6",
        ),
        (written("out=4, stride=2", "out=4, stride=1"), "`a` has shape 4 x 3 x 3, not 4 x 6 x 6"),
        (changed("input", shape=()), "`a` cannot read its inputs: `conv` cannot read tokens"),
        (changed("input", STEP, shape=(3,)), "`a` cannot read its inputs: `embedding` reads"),
        (changed("cell/h", STEP, shape=(3,)), "`cell/h` has shape 3, not 4"),
    ],
    "weights follow the rules": [
        (changed("input", weights=(NO_WEIGHT,)), "`input` is an input but has weights"),
        (changed("b", weights=(NO_WEIGHT,)), f"`b` has the weights {(NO_WEIGHT,)}, not ()"),
        (changed("d", weights=()), "`d` has the weights (), not (Weight("),
    ],
    "borrowed tensors exist and fit": [
        (
            stepped("with weight = b/weight", "with scale = b/weight"),
            "`c` borrows `scale`, which it does not need",
        ),
        (
            stepped("with weight = b/weight", "with weight = b/scale"),
            "`c` borrows `b/scale`, which no node owns",
        ),
        (
            changed("c", STEP, borrowed=(("weight", "c/weight"),)),
            "`c` borrows `c/weight`, which no node owns",
        ),
        (
            changed("b", STEP, borrowed=(("weight", "c/weight"),)),
            "`b` borrows `c/weight`, which no node owns",
        ),
        (
            changed("a", STEP, borrowed=(("weight", "b/weight"),)),
            "`a` borrows `b/weight` of 4 x 4 for a `weight` of 5 x 4",
        ),
    ],
    "states are carried on": [
        (stepped("carry cell/h = e\n", ""), "`cell/h` is a state 1 times and carried 0"),
        (
            stepped("carry cell/h = e\n", "carry cell/h = e\ncarry cell/h = d\n"),
            "`cell/h` is a state 1 times and carried 2",
        ),
        (stepped("carry cell/h", "carry b"), "`cell/h` is a state 1 times and carried 0"),
        (
            replace(STEP_GRAPH, states=(State("cell/h", "e"), State("e", "e"))),
            "`e` is a state 0 times and carried 1",
        ),
        (
            replace(STEP_GRAPH, states=(State("cell/h", "gone"),)),
            "`gone` is carried to `cell/h` but not in the graph",
        ),
        (stepped("carry cell/h = e", "carry cell/h = f"), "`cell/h` is a state that becomes 5"),
    ],
    "outputs are vectors": [
        (replace(SOUND_GRAPH, output="gone"), "`gone` is an output but not in the graph"),
        (replace(SOUND_GRAPH, auxiliary="gone"), "`gone` is an output but not in the graph"),
        (
            replace(SOUND_GRAPH, output="c"),
            "`c` is an output of shape 4 x 3 x 3, not a vector",
        ),
        (
            written("e = relu d : 5", "e = linear(out=6) d : 6"),
            "`e` is an output of shape 6, not 5",
        ),
    ],
    "every node reaches an output": [
        (written("output d, e", "output d"), "`e` has no path to an output"),
        (written("mix one[1] a, b", "mix one[1] a"), "`b` has no path to an output"),
        (
            stepped("carry cell/h = e\n", "g = relu e : 4\ncarry cell/h = e\n"),
            "`g` has no path to an output",
        ),
    ],
}


@pytest.mark.parametrize(
    "graph", [SOUND_GRAPH, STEP_GRAPH, parse_graph(STACK)], ids=["images", "text", "stack"]
)
def test_a_sound_graph_breaks_no_law(graph: PrimitiveGraph) -> None:
    verify_graph(graph)


def test_a_node_may_be_needed_by_a_state_alone() -> None:
    verify_graph(stepped("carry cell/h = e\n", "g = relu e : 4\ncarry cell/h = g\n"))


@pytest.mark.parametrize(
    ("law", "graph", "message"),
    [
        pytest.param(law, graph, message, id=f"{law}-{number}")
        for law, cases in BROKEN.items()
        for number, (graph, message) in enumerate(cases)
    ],
)
def test_a_broken_law_is_named_with_the_node(law: str, graph: PrimitiveGraph, message: str) -> None:
    with pytest.raises(InternalError) as caught:
        verify_graph(graph)
    assert str(caught.value).startswith(f"graph breaks the law `{law}`: node {message}")


def test_every_law_is_broken_by_a_test() -> None:
    assert [law.name for law in LAWS] == list(BROKEN)


def test_a_network_that_predicts_has_no_choices() -> None:
    verify_graph(STEP_GRAPH)
    with pytest.raises(InternalError, match="no choices are left`: node `d` is a choice"):
        verify_graph(STEP_GRAPH, [NO_CHOICES])


def test_the_input_needs_no_reader() -> None:
    # A network of zeros alone has no path from the input once dead code is gone.
    verify_graph(parse_graph("input = input : 4\noutput input"))


@settings(max_examples=examples(12))
@given(spaces(), st.integers(0, 100))
def test_lowering_makes_sound_graphs(text: SpaceText, seed: int) -> None:
    space = text.space()
    verify_graph(build_supernet_graph(space))
    architecture = derive(space, random_scores(space, seed))
    verify_graph(build_derived_graph(architecture))
    verify_graph(build_derived_graph(architecture, training=True))

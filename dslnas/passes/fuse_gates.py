"""Fusion of highway gates: all gates into a node of a recurrent cell run as one.

With highway gates (DARTS, arXiv:1806.09055, appendix A.1.2), a node behind `stack_edges`,
`share_equal` and `distribute_mix` is computed from a product y and the states s of all edges,

    c, h = split(y)
    sum over edges of  A * s + sigmoid(c) * (sum over k of a_k * f_k(h) - A * s),  A = sum of a_k

with a row of alpha for every edge:

    c = split(parts=2, index=0) y
    h = split(parts=2, index=1) y
    g = sigmoid c
    t = tanh h
    r = relu h
    m = mix cell[0:2]{1, 2} t, r
    A = share cell[0:2]{1, 2} s      =>     n1 = highway_gate(tanh=1, relu=1) cell[0:2]{1, 2} y, s
    d = subtract m, A
    p = multiply g, d
    e = add A, p
    n1 = sum_stack(groups=2) e

A gate that alpha does not weigh, as those of derived cells, is `single_gate(tanh=1) y, s`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Mix, Node, PrimitiveGraph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.passes.pattern import Either, Match, Op, Value, match
from dslnas.passes.rewrite import Pass

KNOWN = tuple(argument.name for argument in PRIMITIVES["highway_gate"].arguments)
"""Activations that f can be, in the order in which a gate weighs them."""


def _half(index: int) -> Op:
    halves = (("parts", 2), ("index", index))
    return Op(("split",), (Value("y"),), where=lambda node: node.attributes == halves)


_TERM = Either((Op(KNOWN, (_half(1),)), _half(1)))  # an identity may be gone
_MIX = Op(("mix",), every=_TERM)
_SHARE = Op(("share",), (Value("s"),))
_OPENED = Op(("sigmoid",), (_half(0),))
_CHANGE = Op(("multiply",), (_OPENED, Op(("subtract",), (_MIX, _SHARE))))
_EDGE = Op(("add",), (_SHARE, _CHANGE))
_NODE = Op(("sum_stack",), (_EDGE,))
_STATE = Value("s")
_ALONE = Op(
    ("add",),
    (_STATE, Op(("multiply",), (_OPENED, Op(("subtract",), (_TERM, _STATE))))),
)


def fuse_gates(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which highway gates are one primitive, where nobody looks into them."""
    nodes = (_gate(graph, node) or _alone(graph, node) or node for node in graph.nodes)
    return without_unread(replace(graph, nodes=tuple(nodes)))


def _gate(graph: PrimitiveGraph, end: Node) -> Node | None:
    """Return the gate that a node is the end of, if it is."""
    for pattern in (_NODE, _EDGE):
        found = match(graph, end, pattern)
        if found is not None:
            edges = end.attribute("groups") if pattern is _NODE else 1
            weighed = {node.mix for part in (_MIX, _SHARE) for node in found.nodes[part]}
            (weighing, *others) = weighed
            if weighing is not None and weighing.rows == edges and not others:
                return _fused(end, found, weighing)
    return None


def _alone(graph: PrimitiveGraph, end: Node) -> Node | None:
    """Return the gate without alpha that a node is the end of, if it is."""
    found = match(graph, end, _ALONE)
    if found is None:
        return None
    (name,) = _activations(found)
    counts = tuple((known, int(known == name)) for known in KNOWN)
    return Node(end.name, "single_gate", (found.values["y"], found.values["s"]), counts, end.shape)


def _activations(found: Match) -> list[str]:
    """Return what is done to h, term by term."""
    terms = (term.primitive for term in found.nodes[_TERM])
    return [name if name in KNOWN else "identity" for name in terms]


def _fused(end: Node, found: Match, weighing: Mix) -> Node:
    """Return a gate; columns of alpha are ordered by what they weigh."""
    names = _activations(found)
    columns = weighing.columns or tuple(range(len(names)))
    ordered = sorted(zip(names, columns, strict=True), key=lambda pair: KNOWN.index(pair[0]))
    counts = Counter(names)
    return Node(
        end.name,
        "highway_gate",
        (found.values["y"], found.values["s"]),
        tuple((name, counts[name]) for name in KNOWN),
        end.shape,
        mix=replace(weighing, columns=tuple(column for _, column in ordered)),
    )


FUSE_GATES = Pass(
    fuse_gates,
    "the highway gates into a node of a recurrent cell run as one",
    after=("stack_edges", "share_equal", "distribute_mix"),
)

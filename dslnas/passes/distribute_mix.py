"""Weighing operations before what is done alike to all of them.

A gate does the same to every operation of an edge, and is affine in what the operation gives. With
weights a_k of the operations and A their sum,

    sum_k a_k * (u + v_k) = A * u + sum_k a_k * v_k
    sum_k a_k * (c * v_k) = c * sum_k a_k * v_k

so the gate runs once on the weighted sum instead of once per operation. A is not always 1: the
share of `none` is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dslnas.graph.analysis.dead_code import without_unread
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait
from dslnas.passes.rewrite import Pass


def distribute_mix(graph: PrimitiveGraph) -> PrimitiveGraph:
    """Return a graph in which every `mix` stands as far in front as it can.

    Of mixes of mixes the outer ones follow, once the inner ones have made room.
    """
    while (changed := _all_distributed(graph)) != graph:
        graph = changed
    return graph


def _all_distributed(graph: PrimitiveGraph) -> PrimitiveGraph:
    nodes: list[Node] = []
    shares: dict[object, str] = {}
    for node in graph.nodes:
        if node.primitive == "mix":
            nodes.extend(_distributed(graph, node, shares))
        else:
            nodes.append(node)
    return without_unread(replace(graph, nodes=tuple(nodes)))


def _distributed(graph: PrimitiveGraph, mix: Node, shares: dict[object, str]) -> list[Node]:
    """Return what stands for a mix: its parts, each behind what it reads; `shares` grows."""
    assert mix.mix is not None
    if len(mix.inputs) < 2 or mix.mix.edges:
        return [mix]
    if not mix.mix.columns:
        mix = replace(mix, mix=replace(mix.mix, columns=tuple(range(len(mix.inputs)))))
    ends = [graph.by_name[name] for name in mix.inputs]
    found = _common(ends)
    if found is None or any(len(set(graph.readers[end.name])) > 1 for end in ends):
        return [mix]
    primitive, place, common = found
    varying = tuple(end.inputs[1 - place] for end in ends)
    shapes = {graph.by_name[name].shape for name in (*varying, common)}
    # only the innermost of mixes in mixes, so that a second time changes nothing
    is_outer = any(graph.by_name[name].mix is not None for name in varying)
    if is_outer or shapes != {mix.shape}:
        return [mix]
    inner = replace(mix, name=f"{mix.name}/{primitive}_mix", inputs=varying)
    parts = _distributed(graph, inner, shares)
    if _is_linear(primitive):
        key = (common, mix.mix)
        if key not in shares:
            shares[key] = f"{mix.name}/{primitive}_share"
            parts.append(Node(shares[key], "share", (common,), (), mix.shape, mix=mix.mix))
        common = shares[key]
    inputs = (common, inner.name) if place == 0 else (inner.name, common)
    return [*parts, Node(mix.name, primitive, inputs, (), mix.shape)]


def _common(ends: Sequence[Node]) -> tuple[str, int, str] | None:
    """Return the join that all ends are, and where and what they have in common."""
    primitive = ends[0].primitive
    alike = all(end.primitive == primitive and _is_plain_pair(end) for end in ends)
    if not alike or not (_is_linear(primitive) or has_trait(primitive, Trait.MULTILINEAR)):
        return None
    for place in (0, 1):
        common = {end.inputs[place] for end in ends}
        if len(common) == 1:
            return primitive, place, common.pop()
    return None


def _is_plain_pair(node: Node) -> bool:
    """Whether a node joins two values, and nothing but its primitive says how."""
    return len(node.inputs) == 2 and not (node.attributes or node.weights or node.mix)


def _is_linear(primitive: str) -> bool:
    return has_trait(primitive, Trait.LINEAR)


DISTRIBUTE_MIX = Pass(
    distribute_mix,
    "operations are weighed before what is done alike to all",
    after=("drop_zeros", "stack_edges", "share_equal"),
)

"""Layers that can take a scale and an offset of every channel, and tensors that nodes share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set
from itertools import chain

from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait


def shared_tensors(graph: PrimitiveGraph) -> frozenset[str]:
    """Return the full names of the tensors that more than one node computes with."""
    uses = Counter(chain.from_iterable(node.tensors for node in graph.nodes))
    return frozenset(name for name, count in uses.items() if count > 1)


def shared_statistics(graph: PrimitiveGraph) -> frozenset[str]:
    """Return the full names of the running statistics that several nodes move, one after the other.

    In another order of these nodes they would come to something else.
    """
    trained = {name for name, weight in graph.tensors.items() if weight.trained}
    return shared_tensors(graph) - trained


def absorbed_norms(graph: PrimitiveGraph) -> frozenset[str]:
    """Return the names of the norms that are absorbed."""
    return frozenset(node.name for node in graph.nodes if node.primitive == "absorbed_norm")


def layers_in_front(
    graph: PrimitiveGraph, name: str, absorbed: Set[str], shared: Set[str]
) -> tuple[Node, ...]:
    """Return the layers whose outputs, one after another, are the channels of a value.

    There are none if other things make the value, or if anything is used a second time. Norms that
    are absorbed are looked through; `shared` is as `shared_tensors` gives it.
    """
    node = graph.by_name[name]
    if len(graph.readers[name]) != 1:
        return ()
    if has_trait(node.primitive, Trait.SCALABLE):
        return () if not shared.isdisjoint(node.tensors) else (node,)
    if name in absorbed:
        return layers_in_front(graph, node.inputs[0], absorbed, shared)
    if node.primitive != "concat":
        return ()
    branches = [layers_in_front(graph, source, absorbed, shared) for source in node.inputs]
    return tuple(chain.from_iterable(branches)) if all(branches) else ()

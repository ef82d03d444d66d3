"""Laws of what passes make: folded and absorbed norms, stacks, and bundles of convolutions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from dslnas.graph.analysis.folding import sum_behind
from dslnas.graph.analysis.scalable import absorbed_norms, layers_in_front, shared_tensors
from dslnas.graph.analysis.time_loop import is_bound
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.ops.catalogue import has_trait
from dslnas.ops.traits import Trait

Finding: TypeAlias = tuple[str, str]
"""The name of a node, and what is wrong with it."""


def folded(graph: PrimitiveGraph) -> Iterator[Finding]:
    """Folded norms and drop paths are read by one sum alone, a norm perhaps through a drop path."""
    arguments: dict[str, object] = {}
    for node in graph.nodes:
        is_norm = node.primitive == "folded_norm"
        if not is_norm and node.primitive != "folded_drop":
            continue
        reader = sum_behind(graph, node)
        if reader is None:
            yield node.name, "is folded into a sum, but not read by one sum alone"
        elif is_norm and arguments.setdefault(reader.name, node.attributes) != node.attributes:
            yield reader.name, "takes over norms of different arguments"


def stacks(graph: PrimitiveGraph) -> Iterator[Finding]:
    """Parts of a stack are handled one by one until a sum."""
    parts: dict[str, int] = {}
    for node in graph.nodes[len(graph.inputs) :]:
        read = {parts.get(name, 1) for name in node.inputs} or {1}
        if node.primitive == "stack":
            parts[node.name] = len(node.inputs)
            expected = {1}
        elif has_trait(node.primitive, Trait.ENDS_STACK) or node.mix is not None:
            parts[node.name] = 1 if has_trait(node.primitive, Trait.ENDS_STACK) else node.parts
            expected = {node.parts}
        else:
            parts[node.name] = max(read)
            expected = {1} if is_bound(node) else {max(read)}
        if read != expected:
            counts = " and ".join(map(str, sorted(read)))
            yield node.name, f"reads {counts} parts of a stack, not {min(expected)}"
    for name in graph.ends:
        if parts.get(name, 1) > 1:
            yield name, "is an output or a next state, but a stack"


def absorbed(graph: PrimitiveGraph) -> Iterator[Finding]:
    """An absorbed norm stands behind layers that it alone reads."""
    names, shared = absorbed_norms(graph), shared_tensors(graph)
    for node in graph.nodes:
        alone = node.name not in names or layers_in_front(graph, node.inputs[0], names, shared)
        if not alone:
            yield node.name, "is absorbed, but not by layers that it alone reads"


def bundled(graph: PrimitiveGraph) -> Iterator[Finding]:
    """Convolutions of a bundle are equal, and stand side by side."""
    bundles: dict[object, list[Node]] = {}
    before: object = None
    for node in graph.nodes:
        number = node.arguments.get("bundle") or None
        if number is not None:
            bundle = bundles.setdefault(number, [])
            if bundle and number != before:
                yield node.name, "stands apart from its bundle"
            if bundle and kind_of_bundle(graph, node) != kind_of_bundle(graph, bundle[0]):
                yield node.name, "is of another kind than its bundle"
            if any(member.name in node.inputs for member in bundle):
                yield node.name, "reads another node of its bundle"
            bundle.append(node)
        before = number


def kind_of_bundle(graph: PrimitiveGraph, conv: Node) -> object:
    """Return what convolutions must share to run in one call: all but kernels, if they have some.

    Those of single pixels read the same inputs, others inputs of one shape.
    """
    own = ("kernel", "padding", "dilation", "bundle")
    alike = tuple(given for given in conv.attributes if given[0] not in own)
    read: object = (
        graph.by_name[conv.inputs[0]].shape if "kernel" in conv.arguments else conv.inputs
    )
    return conv.primitive, read, conv.shape, alike

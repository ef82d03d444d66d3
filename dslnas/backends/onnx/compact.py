"""The smallest file of a model: what is equal once, short names, nothing that is understood.

Of a small network in whole numbers, names and attributes would be half of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count, product
from string import ascii_letters, digits

from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, helper

from dslnas.backends.onnx.repeats import without_repeats
from dslnas.backends.onnx.versions import check_whole

LETTERS = ascii_letters + digits

DEFAULTS: Mapping[str, int] = {
    "dilations": 1,
    "strides": 1,
    "pads": 0,
    "group": 1,
    "count_include_pad": 0,
}
"""Attributes that say nothing where they have this value, all of it."""


def compact(model: ModelProto) -> ModelProto:
    """Return a model that computes the same, checked.

    Inputs, outputs and properties keep their names.
    """
    made = ModelProto()
    made.CopyFrom(model)
    made.ClearField("doc_string")
    graph = made.graph
    _rename(graph, _shared_constants(graph))
    for part in graphs(graph):
        results = {value.name for value in part.output}
        operators = without_repeats(part.node, graph.initializer, results)
        del part.node[:]
        part.node.extend(operators)
    uses: Counter[str] = Counter(tensor.name for tensor in graph.initializer)
    for part in graphs(graph):
        uses.update(value.name for value in (*part.input, *part.output))
        for node in part.node:
            uses.update((*node.input, *node.output))
    kept = {value.name for value in (*graph.input, *graph.output)}
    fresh = (name for name in _names() if name not in kept)
    short = {name: next(fresh) for name, _ in uses.most_common() if name and name not in kept}
    _rename(graph, short)
    for tensor in graph.initializer:
        tensor.name = short[tensor.name]
    for part in graphs(graph):
        for node in part.node:
            _strip(node)
    check_whole(made)
    return made


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """Yield a graph, and the bodies of the loops in it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == AttributeProto.GRAPH:
                yield from graphs(attribute.g)


def _shared_constants(graph: GraphProto) -> dict[str, str]:
    """Leave of equal constants the first, and return its name by those of the others."""
    first: dict[object, str] = {}
    kept, stands = [], {}
    for tensor in graph.initializer:
        key = (tensor.data_type, tuple(tensor.dims), tensor.raw_data)
        if first.setdefault(key, tensor.name) == tensor.name:
            kept.append(tensor)
        else:
            stands[tensor.name] = first[key]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return stands


def _rename(graph: GraphProto, names: Mapping[str, str]) -> None:
    """Give values other names wherever operators read or give them."""
    for part in graphs(graph):
        inner = () if part is graph else (*part.input, *part.output)
        for value in inner:
            value.name = names.get(value.name, value.name)
        for node in part.node:
            node.input[:] = [names.get(name, name) for name in node.input]
            node.output[:] = [names.get(name, name) for name in node.output]


def _names() -> Iterator[str]:
    """Yield names, the shortest first."""
    for length in count(1):
        yield from map("".join, product(LETTERS, repeat=length))


def _strip(node: NodeProto) -> None:
    """Take away a node's name, and attributes that say what holds without them."""
    node.ClearField("name")
    kept = [a for a in node.attribute if not _says_nothing(node, a)]
    del node.attribute[:]
    node.attribute.extend(kept)


def _says_nothing(node: NodeProto, attribute: AttributeProto) -> bool:
    if attribute.name == "kernel_shape" and node.op_type == "Conv":
        return True  # that of its weight
    if attribute.name not in DEFAULTS:
        return False
    value = helper.get_attribute_value(attribute)
    values = value if attribute.type == AttributeProto.INTS else [value]
    return all(each == DEFAULTS[attribute.name] for each in values)

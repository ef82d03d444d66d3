"""A derived network as a readable Python module that needs torch and safetensors alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2

from dslnas.backends.python.forms import HELPERS
from dslnas.backends.python.plan import Plan, make_plan
from dslnas.backends.python.render import (
    ClassText,
    cell_summary,
    class_text,
    operation_summary,
    shape_text,
)
from dslnas.backends.python.text import Call, docstring, lay_out, literal
from dslnas.graph.graph import PrimitiveGraph
from dslnas.primitives.rules import show_shape


@dataclass(frozen=True)
class PythonModule:
    """A generated module.

    Attributes:
        source: Its text.
        weight_names: Where its `state_dict` has the tensors of the graph: from
            `stem/0_conv/weight` to `stem.0.weight`. A file of these names loads strictly; the
            counters `num_batches_tracked` of batch norms are not in it and start at zero.
    """

    source: str
    weight_names: Mapping[str, str]


def to_python(
    graph: PrimitiveGraph,
    *,
    name: str,
    metadata: Mapping[str, str],
    class_names: Sequence[str] = (),
) -> PythonModule:
    """Return the Python module of a derived network.

    The weights belong into a `.safetensors` file beside it, of the same name, under the names that
    `weight_names` gives. Nothing but the arguments goes into the text, so equal networks give
    equal modules.

    Args:
        graph: From `build_derived_graph`, without drop path and auxiliary head.
        name: Of the network, for people.
        metadata: What the docstring lists: the spec, its hash, results. Any text is safe.
        class_names: Of the logits in order; empty if they have none.

    Raises:
        ValueError: The graph is not one of a derived network.
    """
    plan = make_plan(graph)
    keys = dict(plan.network.instances[0].keys)
    weight_names = {
        f"{node.name}/{weight.name}": f"{keys[node.name]}.{weight.name}"
        for node in graph.nodes
        for weight in node.weights
    }
    callees = {
        piece.callee
        for made in plan.classes
        for _, pieces in made.body.children
        for piece in pieces
    }
    source = (
        _templates()
        .get_template("module.py.j2")
        .render(
            docstring=docstring(_description(graph, name, metadata)),
            labels=_labels(class_names),
            helpers=[helper for helper in HELPERS if helper in callees],
            classes=_class_texts(graph, plan),
            shape=", ".join(map(str, graph.input_shape)),
        )
    )
    return PythonModule(source, weight_names)


def _description(graph: PrimitiveGraph, name: str, metadata: Mapping[str, str]) -> list[str]:
    images = f"float32 {shape_text(graph.input_shape)}"
    facts = {
        **metadata,
        "parameters": f"{graph.params():,}",
        "multiply-adds": f"{graph.flops():,} for one image",
        "reads": f"images, {images}, normalised as in training",
        "gives": f"logits, float32 {shape_text(graph.by_name[graph.output].shape)}",
    }
    return [
        f"Image classifier `{name}`, written by dslnas.",
        "",
        *(f"- {key}: {value}" for key, value in facts.items()),
        "",
        "It needs torch and safetensors. The weights lie in a `.safetensors` file beside this one.",
        "",
        "    model = load()",
        "    with torch.inference_mode():",
        "        logits = model(images)",
    ]


def _class_texts(graph: PrimitiveGraph, plan: Plan) -> list[ClassText]:
    shape = graph.by_name[graph.output].shape
    network = f"The network: images of {show_shape(graph.input_shape)} to {shape[0]} logits."
    return [
        *(
            class_text(made, operation_summary(made), "Apply the operation.")
            for made in plan.blocks
        ),
        *(
            class_text(made, cell_summary(made), "Return the output of the cell.")
            for made in plan.cells
        ),
        class_text(
            plan.network, [network], f"Return logits {shape_text(shape)} of normalised images."
        ),
    ]


def _labels(class_names: Sequence[str]) -> list[str]:
    """Return the lines of the tuple of class names."""
    if not class_names:
        return []
    items = tuple(literal(name) for name in class_names)
    lines = lay_out(Call("CLASSES = (", items), "")
    if len(items) == 1 and len(lines) == 1:
        return [f"CLASSES = ({items[0]},)"]
    return lines


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("dslnas.backends.python", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

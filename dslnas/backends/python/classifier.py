"""A network of images as a Python module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.backends.python.generated import (
    PythonModule,
    description,
    helpers,
    template,
    weight_names,
)
from dslnas.backends.python.plan import Plan, make_plan
from dslnas.backends.python.render import (
    ClassText,
    cell_summary,
    class_text,
    operation_summary,
    shape_text,
)
from dslnas.backends.python.text import Call, lay_out, literal
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.shapes import show_shape


def classifier_module(
    graph: PrimitiveGraph, name: str, metadata: Mapping[str, str], class_names: Sequence[str]
) -> PythonModule:
    """Return the module of a derived network of images; arguments as of `to_python`."""
    plan = make_plan(graph)
    facts = {
        **metadata,
        "parameters": f"{graph.params():,}",
        "multiply-adds": f"{graph.flops():,} for one image",
        "reads": f"images, float32 {shape_text(graph.input_shape)}, normalised as in training",
        "gives": f"logits, float32 {shape_text(graph.by_name[graph.output].shape)}",
    }
    source = template("classifier").render(
        docstring=description(f"Image classifier `{name}`", facts, ["logits = model(images)"]),
        labels=_labels(class_names),
        helpers=helpers(plan.classes),
        classes=_class_texts(graph, plan),
        shape=", ".join(map(str, graph.input_shape)),
    )
    return PythonModule(source, weight_names(graph, plan.network))


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

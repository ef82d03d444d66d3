"""A derived network as a readable Python module that needs torch and safetensors alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2

from dslnas.backends.python import render
from dslnas.backends.python.layers import HELPERS
from dslnas.backends.python.plan import Plan, make_plan
from dslnas.backends.python.text import Call, docstring, lay_out, literal, plain
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.shapes import show_shape


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
        name: Name of the network, for people.
        metadata: Facts for the docstring: the spec, its hash, results. Any text is safe.
        class_names: Names of the logits of images, in order; empty if they have none.

    Raises:
        ValueError: The graph is not one of a derived network.
    """
    plan = make_plan(graph)
    template = "classifier" if plan.loop is None else "language_model"
    source = (
        _templates()
        .get_template(f"{template}.py.j2")
        .render(
            name=name,
            metadata=metadata,
            params=graph.params(),
            flops=graph.flops(),
            plan=plan,
            outputs=graph.by_name[graph.output].shape[0],
            labels=_labels(class_names),
            sizes=_sizes(graph),
            helpers=_helpers(plan),
        )
    )
    return PythonModule(source, _weight_names(graph, plan))


def _helpers(plan: Plan) -> list[str]:
    """Return the layers that are used and that torch does not have."""
    used = {
        layer.callee
        for made in plan.classes
        for _, layers in made.body.attributes
        for layer in layers
    }
    return [helper for helper in HELPERS if helper in used]


def _labels(class_names: Sequence[str]) -> list[str]:
    """Return the lines of the tuple of class names."""
    if not class_names:
        return []
    items = tuple(map(literal, class_names))
    lines = lay_out(Call("CLASSES = (", items))
    return [f"CLASSES = ({items[0]},)"] if len(items) == len(lines) == 1 else lines


def _sizes(graph: PrimitiveGraph) -> list[str]:
    """Return the lines of the table of states; a single cell needs no name in it."""
    is_single = len({state.name.partition("/")[0] for state in graph.states}) == 1
    names = {s.name: s.name.partition("/")[2] if is_single else s.name for s in graph.states}
    sizes = (f"{literal(name)}: {graph.by_name[key].shape[0]}" for key, name in names.items())
    return lay_out(Call("SIZES = {", tuple(sizes)))


def _weight_names(graph: PrimitiveGraph, plan: Plan) -> dict[str, str]:
    """Return where the state of a network has the tensors of its graph."""
    keys = dict(plan.network.body.keys)
    return {
        f"{node.name}/{weight.name}": f"{keys[node.name]}.{weight.name}"
        for node in graph.nodes
        for weight in node.owned
    }


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("dslnas.backends.python", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        {
            "docstring": docstring,
            "plain": plain,
            "shape": show_shape,
            "summary": render.summary,
            "returned": render.returned,
            "meaning": render.meaning,
            "constructor": render.constructor,
            "attributes": render.attributes,
            "signature": render.signature,
            "forward": render.forward,
            "assignments": render.assignments,
        }
    )
    return environment

"""A derived network as a readable Python module that needs torch and safetensors alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2

from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.layers import HELPERS
from dslnas.backends.python.plan import IMAGES, CellCall, Loop, Plan, make_plan
from dslnas.backends.python.render import (
    ClassText,
    assignments,
    cell_summary,
    class_text,
    operation_summary,
)
from dslnas.backends.python.text import INDENT, Call, docstring, lay_out, lay_out_sum, literal
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.primitive import Shape
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
    facts = {**metadata, "parameters": f"{graph.params():,}"}
    if plan.loop is None:
        source = _classifier(graph, plan, name, facts, class_names)
    else:
        source = _language_model(graph, plan, name, facts)
    return PythonModule(source, _weight_names(graph, plan.network))


def _classifier(
    graph: PrimitiveGraph,
    plan: Plan,
    name: str,
    facts: Mapping[str, str],
    class_names: Sequence[str],
) -> str:
    """Return the text of a network without a loop."""
    logits = graph.by_name[graph.output].shape
    sizes = {name: show_shape(shape) for name, shape in plan.inputs.items()}
    arguments = ", ".join(plan.inputs)
    is_of_images = [*plan.inputs] == [IMAGES]
    described = "normalised images" if is_of_images else " and ".join(plan.inputs)
    facts = {
        **facts,
        "multiply-adds": f"{graph.flops():,} for one {'image' if is_of_images else 'example'}",
        "reads": "; ".join(_described_input(*each) for each in plan.inputs.items()),
        "gives": f"logits, float32 {_batch(logits)}",
    }
    title = f"{'Image classifier' if is_of_images else 'Classifier'} `{name}`"
    return _template("classifier").render(
        docstring=_description(title, facts, [f"logits = model({arguments})"]),
        labels=_labels(class_names),
        helpers=_helpers(plan.classes),
        classes=_class_texts(plan),
        network=class_text(
            plan.network,
            f"The network: {' and '.join(map(' of '.join, sizes.items()))} to {logits[0]} logits.",
            f"Return logits {_batch(logits)} of {described}.",
        ),
        examples=", ".join(map(_example, plan.inputs.values())),
    )


def _described_input(name: str, shape: Shape) -> str:
    if not shape:
        return f"{name}, whole numbers, int64 (batch)"
    of_training = ", normalised as in training" if len(shape) == 3 else ""
    return f"{name}, float32 {_batch(shape)}{of_training}"


def _example(shape: Shape) -> str:
    """Return an expression for a batch of one."""
    if not shape:
        return "torch.zeros(1, dtype=torch.int64)"
    return f"torch.rand(1, {', '.join(map(str, shape))})"


def _language_model(graph: PrimitiveGraph, plan: Plan, name: str, facts: Mapping[str, str]) -> str:
    """Return the text of a network with a loop over time."""
    assert plan.loop is not None
    vocabulary = graph.by_name[graph.output].shape[0]
    facts = {
        **facts,
        "multiply-adds": f"{graph.flops():,} for one token",
        "reads": f"tokens, int64 (time, batch), whole numbers below {vocabulary}",
        "gives": f"logits of the next tokens, float32 (time, batch, {vocabulary}), and the states",
    }
    use = ["logits, states = model(tokens)", "logits, states = model.step(token, states)"]
    summary = f"The network: every token to {vocabulary} logits of the next one."
    return _template("language_model").render(
        docstring=_description(f"Language model `{name}`", facts, use),
        sizes=_sizes(graph),
        helpers=_helpers(plan.classes),
        classes=_class_texts(plan),
        network=class_text(plan.network, summary),
        loop=plan.loop,
        **_loop(plan.loop),
        vocabulary=vocabulary,
    )


def _loop(loop: Loop) -> dict[str, list[str]]:
    """Return the lines of a loop over time: before it, in it and behind it."""
    states = [call.states for call in loop.calls]
    joined = lay_out_sum("states = ", states, " + ", 2 * INDENT) if len(states) > 1 else []
    return {
        "before": assignments(loop.before),
        "calls": [line for call in loop.calls for line in _call(call)],
        "after": [*assignments(loop.after), *joined],
    }


def _call(call: CellCall) -> list[str]:
    targets = ", ".join(filter(None, (call.gives, call.states)))
    return lay_out(Call(f"{targets} = self.{call.cell}(", (*call.reads, call.states)), 3 * INDENT)


def _class_texts(plan: Plan) -> list[ClassText]:
    return [
        *(
            class_text(made, operation_summary(made), "Apply the operation.")
            for made in plan.blocks
        ),
        *(class_text(made, cell_summary(made), _returns(made)) for made in plan.cells),
    ]


def _returns(made: PythonClass) -> str:
    """Return the docstring of the `forward` of a cell."""
    output = "the output of the cell" if made.body.result else ""
    states = "the states after the step" if made.body.states else ""
    return f"Return {' and '.join(filter(None, (output, states)))}."


def _helpers(classes: Iterable[PythonClass]) -> list[str]:
    """Return the layers used by some classes that torch does not have."""
    callees = {
        piece.callee for made in classes for _, pieces in made.body.children for piece in pieces
    }
    return [helper for helper in HELPERS if helper in callees]


def _labels(class_names: Sequence[str]) -> list[str]:
    """Return the lines of the tuple of class names."""
    if not class_names:
        return []
    items = tuple(literal(name) for name in class_names)
    lines = lay_out(Call("CLASSES = (", items), "")
    if len(items) == 1 and len(lines) == 1:
        return [f"CLASSES = ({items[0]},)"]
    return lines


def _sizes(graph: PrimitiveGraph) -> list[str]:
    """Return the lines of the table of states; a single cell needs no name in it."""
    is_single = len({state.name.partition("/")[0] for state in graph.states}) == 1
    items = []
    for state in graph.states:
        name = state.name.partition("/")[2] if is_single else state.name
        items.append(f"{literal(name)}: {graph.by_name[state.name].shape[0]}")
    return lay_out(Call("SIZES = {", tuple(items)), "")


def _description(title: str, facts: Mapping[str, str], use: Sequence[str]) -> str:
    """Return the docstring of a module.

    Args:
        title: Its first line.
        facts: Facts about the network; any text is safe.
        use: Lines of code that use it, in inference mode.
    """
    return docstring(
        [
            f"{title}, written by dslnas.",
            "",
            *(f"- {key}: {value}" for key, value in facts.items()),
            "",
            "It needs torch and safetensors. The weights lie in a `.safetensors` file beside this "
            "one.",
            "",
            "    model = load()",
            "    with torch.inference_mode():",
            *(f"        {line}" for line in use),
        ]
    )


def _batch(shape: Shape) -> str:
    """Return a shape with the batch axis: `(batch, 3, 32, 32)`."""
    return f"(batch, {', '.join(map(str, shape))})"


def _weight_names(graph: PrimitiveGraph, network: PythonClass) -> dict[str, str]:
    """Return where the state of a network has the tensors of its graph."""
    keys = dict(network.instances[0].keys)
    return {
        f"{node.name}/{weight.name}": f"{keys[node.name]}.{weight.name}"
        for node in graph.nodes
        for weight in node.owned
    }


def _template(name: str) -> jinja2.Template:
    return _templates().get_template(f"{name}.py.j2")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("dslnas.backends.python", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

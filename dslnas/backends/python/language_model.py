"""A recurrent network as a Python module."""

from __future__ import annotations

from collections.abc import Mapping

from dslnas.backends.python.generated import (
    PythonModule,
    description,
    helpers,
    template,
    weight_names,
)
from dslnas.backends.python.recurrent import make_recurrent_plan
from dslnas.backends.python.render_recurrent import recurrent_cell_text, recurrent_network_text
from dslnas.backends.python.text import Call, lay_out, literal
from dslnas.graph.graph import PrimitiveGraph


def language_model_module(
    graph: PrimitiveGraph, name: str, metadata: Mapping[str, str]
) -> PythonModule:
    """Return the module of a derived recurrent network; arguments as of `to_python`."""
    plan = make_recurrent_plan(graph)
    vocabulary = graph.by_name[graph.output].shape[0]
    facts = {
        **metadata,
        "parameters": f"{graph.params():,}",
        "multiply-adds": f"{graph.flops():,} for one token",
        "reads": f"tokens, int64 (time, batch), whole numbers below {vocabulary}",
        "gives": f"logits of the next tokens, float32 (time, batch, {vocabulary}), and the states",
    }
    use = ["logits, states = model(tokens)", "logits, states = model.step(token, states)"]
    source = template("language_model").render(
        docstring=description(f"Language model `{name}`", facts, use),
        sizes=_sizes(graph),
        helpers=helpers([*plan.cells, plan.network]),
        classes=[recurrent_cell_text(made) for made in plan.cells],
        network=recurrent_network_text(
            plan, f"The network: every token to {vocabulary} logits of the next one."
        ),
        vocabulary=vocabulary,
    )
    return PythonModule(source, weight_names(graph, plan.network))


def _sizes(graph: PrimitiveGraph) -> list[str]:
    """Return the lines of the table of states; a single cell needs no name in it."""
    is_single = len({state.name.partition("/")[0] for state in graph.states}) == 1
    items = []
    for state in graph.states:
        name = state.name.partition("/")[2] if is_single else state.name
        items.append(f"{literal(name)}: {graph.by_name[state.name].shape[0]}")
    return lay_out(Call("SIZES = {", tuple(items)), "")

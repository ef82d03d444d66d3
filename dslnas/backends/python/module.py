"""A derived network as a readable Python module that needs torch and safetensors alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import jinja2

from dslnas.backends.python.class_model import Statement
from dslnas.backends.python.layers import HELPERS
from dslnas.backends.python.plan import Plan, make_plan
from dslnas.backends.python.text import (
    INDENT,
    WIDTH,
    Call,
    Form,
    docstring,
    lay_out,
    literal,
    plain,
)
from dslnas.graph.graph import PrimitiveGraph
from dslnas.ops.shapes import show_shape
from dslnas.templates import templates


class PythonModule:
    """The Python module of a derived network: its text, and its names for the network's weights.

    The weights belong into a `.safetensors` file beside it, of the same name.
    """

    def __init__(self, graph: PrimitiveGraph) -> None:
        """Find the classes.

        Args:
            graph: From `build_derived_graph`, without drop path and auxiliary head.

        Raises:
            ValueError: The graph is not one of a derived network.
        """
        self._graph, self._plan = graph, make_plan(graph)

    def source(
        self,
        *,
        name: str,
        metadata: Mapping[str, str],
        class_names: Sequence[str] = (),
        preprocessing: str = "",
        goal: str = "",
    ) -> str:
        """Return the text of the module.

        Nothing but the arguments and the graph goes into it, so equal networks give equal modules.

        Args:
            name: Name of the network, for people.
            metadata: Facts for the docstring: the spec, its hash, results. Any text is safe.
            class_names: Names of the logits of images, in order; empty if they have none.
            preprocessing: How pictures are read, in JSON; "" where no file can be.
            goal: Kind of what is predicted, `classification` and others.
        """
        graph, plan = self._graph, self._plan
        template = "classifier" if plan.loop is None else "language_model"
        return (
            _templates()
            .get_template(f"{template}.py.j2")
            .render(
                name=name,
                metadata=metadata,
                params=graph.params(),
                flops=graph.flops(),
                plan=plan,
                outputs=graph.by_name[graph.output].shape[0],
                class_names=class_names,
                preprocessing=preprocessing,
                goal=goal,
                sizes=_sizes(graph),
                helpers=_helpers(plan),
            )
        )

    @property
    def weight_names(self) -> dict[str, str]:
        """Where the module's `state_dict` has the tensors of the graph.

        `stem/0_conv/weight` may be `stem.0.weight`. A file of these names loads strictly; the
        counters `num_batches_tracked` of batch norms are not in it and start at zero.
        """
        keys = dict(self._plan.network.body.keys)
        nodes = self._graph.nodes
        return {f"{n.name}/{w.name}": f"{keys[n.name]}.{w.name}" for n in nodes for w in n.owned}


def _sizes(graph: PrimitiveGraph) -> dict[str, int]:
    """Return the sizes of the states by name; those of a single cell need no path."""
    is_single = len({state.name.partition("/")[0] for state in graph.states}) == 1
    names = {s.name: s.name.partition("/")[2] if is_single else s.name for s in graph.states}
    return {names[key]: graph.by_name[key].shape[0] for key in names}


def _helpers(plan: Plan) -> list[str]:
    """Return the layers that are used and that torch does not have."""
    classes = (*plan.operations, *plan.cells, plan.network)
    used = {layer.callee for c in classes for _, layers in c.body.attributes for layer in layers}
    return [helper for helper in HELPERS if helper in used]


def _assign(statement: Statement, prefix: str = "", indent: str = 2 * INDENT) -> str:
    """Return the lines of a statement; a prefix stands for its target and `=`."""
    lines = _lines(statement.value, indent, prefix or f"{statement.target} = ")
    is_commented = statement.comment and "\n" not in lines
    return f"{lines}  # {statement.comment}" if is_commented else lines


def _lines(form: Form, indent: str = "", prefix: str = "", suffix: str = "") -> str:
    return "\n".join(lay_out(form, indent, prefix, suffix))


@cache
def _templates() -> jinja2.Environment:
    environment = templates("dslnas.backends.python")
    environment.globals["WIDTH"] = WIDTH
    environment.filters.update(
        assign=_assign,
        call=lambda items, head: Call(head, tuple(items)),
        docstring=docstring,
        each=lambda items, form: [form.format(item) for item in items],
        lay_out=_lines,
        literal=literal,
        plain=plain,
        shape=show_shape,
    )
    return environment

"""What all generated modules have: their docstring, the names of their weights, templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import jinja2

from dslnas.backends.python.classes import PythonClass
from dslnas.backends.python.forms import HELPERS
from dslnas.backends.python.text import docstring
from dslnas.graph.graph import PrimitiveGraph


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


def description(title: str, facts: Mapping[str, str], use: Sequence[str]) -> str:
    """Return the docstring of a module.

    Args:
        title: What it is.
        facts: What is known of it; any text is safe.
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


def weight_names(graph: PrimitiveGraph, network: PythonClass) -> dict[str, str]:
    """Return where the state of a network has the tensors of its graph."""
    keys = dict(network.instances[0].keys)
    return {
        f"{node.name}/{weight.name}": f"{keys[node.name]}.{weight.name}"
        for node in graph.nodes
        for weight in node.owned
    }


def helpers(classes: Iterable[PythonClass]) -> list[str]:
    """Return the layers used by some classes that torch does not have."""
    callees = {
        piece.callee for made in classes for _, pieces in made.body.children for piece in pieces
    }
    return [helper for helper in HELPERS if helper in callees]


def template(name: str) -> jinja2.Template:
    """Return the template of a kind of module."""
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

"""A derived network as a readable Python module that needs torch and safetensors alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.backends.python.classifier import classifier_module
from dslnas.backends.python.generated import PythonModule
from dslnas.backends.python.language_model import language_model_module
from dslnas.graph.graph import PrimitiveGraph


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
        class_names: Of the logits of images, in order; empty if they have none.

    Raises:
        ValueError: The graph is not one of a derived network.
    """
    if graph.is_sequence:
        return language_model_module(graph, name, metadata)
    return classifier_module(graph, name, metadata, class_names)

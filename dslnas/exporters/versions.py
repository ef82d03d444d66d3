"""Versions that a spec wants to be declared, checked before anything is trained."""

from __future__ import annotations

import numpy as np
import onnxruntime

from dslnas.backends.onnx.latency import graph_of
from dslnas.backends.onnx.model import to_onnx
from dslnas.backends.onnx.runtimes import oldest_runtime, release
from dslnas.backends.onnx.versions import OLDEST, Versions
from dslnas.diagnostics import UserError, user_error
from dslnas.exporters.onnx import OnnxExporter
from dslnas.graph.analysis.costs import Cost, cost_table
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.graph.lower.op_body import OpBody
from dslnas.graph.lower.subgraph import Applied
from dslnas.ops.primitive import Shape
from dslnas.settings.rule import Rule
from dslnas.settings.sections import ExportSettings
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace


def check_versions(graph: PrimitiveGraph, settings: ExportSettings) -> None:
    """Check that a network can declare the versions that settings name.

    Raises:
        UserError: NAS713 if its nodes, or what is installed, do not allow them.
    """
    versions = Versions(settings.opset, settings.ir_version)
    if versions == OLDEST or OnnxExporter.name not in settings.formats:
        return
    zeros = {name: np.zeros(weight.shape, np.float32) for name, weight in graph.tensors.items()}
    model = to_onnx(graph, zeros, "checked", {}, versions=versions)
    needed = oldest_runtime(model)
    if release(onnxruntime.__version__) < release(needed):
        raise user_error(
            "NAS713",
            f"opset {model.opset_import[0].version} in format {model.ir_version} needs ONNX "
            f"Runtime {needed}, and {onnxruntime.__version__} is installed",
            where="export",
            help="declare older versions, or install a newer ONNX Runtime",
        )


def check_space_versions(space: SearchSpace, rule: Rule, settings: ExportSettings) -> None:
    """Check that some network of a space can declare the versions that settings name.

    That is the one with the fewest operations that do not allow them. What is searched may need
    others still, and is checked again.

    Raises:
        UserError: NAS713 if it cannot.
    """
    if settings.opset is None and settings.ir_version is None:
        return
    scores = {name: [[0.0] * size for size in table.rows] for name, table in space.tables.items()}
    costs = cost_table(space, _refused(settings)).by_cell
    for cell, rows in costs.items():
        scores[cell] = [[-cost for cost in row] for row in rows]
    check_versions(build_derived_graph(derive(space, scores, rule)), settings)


def _refused(settings: ExportSettings) -> Cost:
    """Return a cost of 1 for operations that do not allow versions, and of 0 for the others."""
    known: dict[tuple[OpBody, tuple[Shape, ...]], float] = {}

    def cost(item: Applied) -> float:
        if item.body.is_identity:
            return 0.0
        key = item.body, tuple(part.shape for part in item.source.parts)
        if key not in known:
            try:
                check_versions(graph_of(item), settings)
            except UserError:
                known[key] = 1.0
            else:
                known[key] = 0.0
        return known[key]

    return cost

"""All export targets, by the names that `export.formats` takes."""

from __future__ import annotations

from dslnas.exporters.exporter import Exporter
from dslnas.exporters.onnx import OnnxExporter
from dslnas.exporters.python import PythonExporter

EXPORTERS: dict[str, Exporter] = {
    exporter.name: exporter
    for exporter in (
        OnnxExporter(),
        PythonExporter(),
    )
}

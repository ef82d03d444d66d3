"""Passes know graphs only: no backend, nothing large."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import pkgutil, sys
import dslnas.passes
for module in pkgutil.iter_modules(dslnas.passes.__path__):
    __import__(f"dslnas.passes.{module.name}")
print(*sys.modules)
"""


def test_passes_import_no_backend_and_no_torch() -> None:
    result = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True
    )
    imported = set(result.stdout.split())
    assert "dslnas.passes.stack_edges" in imported
    assert not {"torch", "onnx", "onnxruntime", "numpy"} & imported
    assert not [name for name in imported if name.startswith(("dslnas.backends", "dslnas.engines"))]

"""The front end starts fast: it imports only what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GRAPH = """
import sys
from dslnas.graph.build import build_supernet_graph
from dslnas.language.check import check
from dslnas.language.link import link
from dslnas.source import SourceFile
from dslnas.space.lower import lower
text = "use papers.darts\\ndata digits\\nsearch darts"
build_supernet_graph(lower(check(link(SourceFile("spec.nas", text))), (1, 8, 8), 10))
"""
COMMAND = """
import sys
from dslnas.cli.main import run
assert run(["check", sys.argv[1]]) == 0
"""
PRINT = "print('modules', *sorted({name.partition('.')[0] for name in sys.modules}))"
LARGE = {"torch", "onnx", "onnxruntime", "sklearn", "numpy", "networkx", "pydantic"}


def imported(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code + PRINT, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_making_a_graph_imports_no_large_library() -> None:
    assert not imported(GRAPH) & LARGE


def test_checking_a_spec_imports_no_large_library(tmp_path: Path) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text("use papers.darts\ndata digits\nsearch darts\n", encoding="utf-8")
    assert not imported(COMMAND, str(spec)) & LARGE

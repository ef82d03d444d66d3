"""The front end starts fast: it imports only what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

GRAPH = """
import sys
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.source import SourceFile
from dslnas.space.lower import lower
text = "use papers.darts\\ndata digits\\nsearch darts"
program = check(link(SourceFile("spec.nas", text)), TASK_SETTINGS)
build_supernet_graph(lower(program, (1, 8, 8), 10))
"""
COMMAND = """
import sys
from dslnas.cli.main import run
assert run(["check", sys.argv[1]]) == 0
"""
FORMAT = """
import sys
from dslnas.cli.main import run
assert run(["fmt", sys.argv[1]]) == 0
"""
PRINT = "print('modules', *sorted({name.partition('.')[0] for name in sys.modules}))"
LARGE = {"torch", "onnx", "onnxruntime", "sklearn", "numpy"}
SLOW = {"networkx", "pydantic"}


def imported(code: str, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", code + PRINT, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(result.stdout.splitlines()[-1].split())


def test_making_a_graph_imports_no_large_library() -> None:
    assert not imported(GRAPH) & LARGE


@pytest.mark.parametrize(
    "text",
    ["use papers.darts\ndata digits\nsearch darts\n", "use papers.darts_rnn\nsearch darts\n"],
)
def test_checking_a_spec_imports_no_large_library(text: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text(text, encoding="utf-8")
    assert not imported(COMMAND, str(spec)) & LARGE


@pytest.mark.parametrize("command", [COMMAND, FORMAT], ids=["check", "fmt"])
def test_syntax_errors_are_told_without_schemas_and_graphs(command: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text("use papers.darts\n\nsearch {{\n", encoding="utf-8")
    assert not imported(command.replace("== 0", "== 1"), str(spec)) & (LARGE | SLOW)


def test_formatting_a_spec_imports_no_schemas_and_no_graphs(tmp_path: Path) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text("use papers.darts\n\nsearch darts\n", encoding="utf-8")
    assert not imported(FORMAT, str(spec)) & (LARGE | SLOW)

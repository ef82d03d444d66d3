"""The front end starts fast: it imports only what it needs."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
from dslnas.graph.build import build_supernet_graph
from dslnas.language.check import check
from dslnas.language.link import link
from dslnas.source import SourceFile
from dslnas.space.lower import lower
text = "use papers.darts\\ndata digits\\nsearch darts"
build_supernet_graph(lower(check(link(SourceFile("spec.nas", text))), (1, 8, 8), 10))
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_checking_a_spec_imports_no_large_library() -> None:
    command = [sys.executable, "-c", CODE]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = set(result.stdout.split())
    assert not imported & {"torch", "onnx", "onnxruntime", "sklearn", "numpy", "networkx"}

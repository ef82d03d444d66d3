"""The module that is kept as text. `python -m tests.backends.python_golden` writes it again."""

from __future__ import annotations

from pathlib import Path

from dslnas.backends.python.module import PythonModule
from tests.backends.reference_graphs import network

GOLDEN = Path(__file__).parent / "golden" / "attentive_network.py"

TEXT = """use std.cnn
op attention = multiply(identity, global_avg_pool -> conv(1, out = C/2) -> relu -> conv(1))
cell normal {
    inputs 2
    preprocess preprocess
    node a = sep_conv(3)(in1) + attention(in2)
    node b = sep_conv(5)(a) + skip_connect(in1)
}
cell reduction {
    inputs 2
    stride 2
    widen 2
    preprocess preprocess
    node a = max_pool(3)(in1) + skip_connect(in2)
    output last
}
network { cells normal, reduction, normal * 2 }
"""


def golden_source() -> str:
    """Return what the file should hold."""
    graph = network(TEXT, overrides=("evaluate.channels=4",))
    metadata = {"spec": "specs/attentive.nas", "spec hash": "sha256:0123456789abcdef"}
    classes = ("cat", "dog", *(str(digit) for digit in range(8)))
    return PythonModule(graph).source(name="attentive", metadata=metadata, class_names=classes)


if __name__ == "__main__":
    GOLDEN.write_text(golden_source(), encoding="utf-8")

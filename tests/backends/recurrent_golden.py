"""The language model kept as text; `python -m tests.backends.recurrent_golden` writes it again."""

from __future__ import annotations

from pathlib import Path

from dslnas.backends.python.module import PythonModule
from tests.backends.recurrent_networks import graph_of_text

GOLDEN = Path(__file__).parent / "golden" / "recurrent_network.py"

TEXT = """use rnn.lstm
cell found {
    inputs  x
    states  h
    first   highway(tanh, h, concat(drop_input(x), drop_state(h)))
    edge    highway
    node n1 = relu(first)
    node n2 = sigmoid(n1) + tanh(first)
    output  mean
}
network { cells  lstm, found }
"""


def golden_source() -> str:
    """Return what the file should hold."""
    metadata = {"spec": "specs/found.nas", "spec hash": "sha256:0123456789abcdef"}
    return PythonModule(graph_of_text(TEXT)).source(name="found", metadata=metadata)


if __name__ == "__main__":
    GOLDEN.write_text(golden_source(), encoding="utf-8")

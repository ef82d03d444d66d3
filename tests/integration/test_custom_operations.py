"""One line of the language adds an operation to supernet, ONNX model and Python module."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dslnas.app.compile import compile_spec, without_choices
from dslnas.app.compiled import CompiledSpace
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.exporters.export import export
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.sections import ExportSettings
from dslnas.training.train import fresh_network

OPERATIONS = {
    "gated": "op gated = multiply(conv(3) -> tanh, conv(3) -> sigmoid) -> batch_norm",
    "halves": (
        "op halves = concat(split(2, 0) -> conv(3, out = C/2), split(2, 1) -> "
        "avg_pool2d(3) -> conv(1, out = C/2)) -> gelu"
    ),
    "several": (
        "op several = mean(shift(1) -> conv(5, groups = C/2), leaky_relu(0.2) -> "
        "conv((1, 7), dilation = 1, bias = true), max_pool2d(3)) -> elu"
    ),
}


def spec(tmp_path: Path, name: str, cell: str) -> Path:
    path = tmp_path / f"{name}.nas"
    path.write_text(
        f"""
use std.cnn
{OPERATIONS[name]}
cell c {{
    inputs      2
    preprocess  preprocess
    {cell}
}}
cell r like c {{ stride 2; widen 2 }}
network {{ channels 4; cells c, r, c }}
evaluate {{ channels 4 }}
data digits
"""
    )
    return path


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_runs_in_the_supernet(tmp_path: Path, name: str) -> None:
    compiled = compile_spec(spec(tmp_path, name, f"nodes 2; choose {name}, skip_connect; keep 1"))
    assert isinstance(compiled, CompiledSpace)
    supernet = Supernet(
        compiled.space,
        build_supernet_graph(compiled.space),
        torch.Generator().manual_seed(0),
        Runtime(torch.device("cpu")),
    )
    alphas = {
        cell: torch.zeros(len(t.rows), t.width, requires_grad=True)
        for cell, t in supernet.tables.items()
    }
    loss = supernet.loss(
        Batch({"image": torch.randn(4, 1, 8, 8)}, torch.arange(4)),
        Mixing({cell: alpha.softmax(-1) for cell, alpha in alphas.items()}),
    )
    gradients = torch.autograd.grad(loss, list(alphas.values()))
    assert all(bool((g != 0).any()) for g in gradients)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
@pytest.mark.sample(1)
def test_operation_is_exported_to_onnx_and_python(tmp_path: Path, name: str) -> None:
    cell = f"node n1 = {name}(in1) + {name}(in2)\n    node n2 = skip_connect(n1) + {name}(in1)"
    compiled = without_choices(compile_spec(spec(tmp_path, name, cell)), "exported")
    network = fresh_network(compiled.architecture, seed=0)
    assert network.graph == compiled.graph
    out = tmp_path / "out"
    real = np.random.default_rng(1).random((3, 1, 8, 8), dtype=np.float32)
    exported = export(network, out, ExportSettings(), name=name, metadata={}, real={"image": real})
    assert exported.differences.keys() == {"onnx", "python"}
    assert max(exported.differences.values()) < 1e-4
    assert sorted(p.name for p in out.iterdir()) == ["model.onnx", "model.py", "model.safetensors"]

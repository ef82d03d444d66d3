"""Runs generated modules: in this process, and alone in one that cannot import dslnas."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from torch import nn

from dslnas.backends.python import module
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.reference_interpreter import RUN, interpret, random_images, random_weights

REPOSITORY = Path(__file__).resolve().parents[2]
METADATA = {"spec": "specs/small.nas", "spec hash": "sha256:0123456789abcdef"}
BATCHES = (1, 7)

Arrays = Mapping[str, NDArray[Any]]

# Loads every module of a folder, in evaluation and in training mode, and writes what it computes.
ALONE = """
import contextlib, io, pathlib, runpy, sys
sys.modules["dslnas"] = None
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
import torch
from safetensors.torch import load_file, save_file
results = {}
for path in sorted(folder.glob("*.py")):
    model = __import__(path.stem).load()
    images = load_file(folder / "images" / path.with_suffix(".safetensors").name)
    assert not model.training
    with torch.inference_mode():
        for key, batch in images.items():
            results[f"{path.stem}/eval/{key}"] = model(batch)
        results[f"{path.stem}/train/7"] = model.train()(images["7"])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        runpy.run_path(str(path), run_name="__main__")
    results[f"{path.stem}/said"] = torch.tensor(list(said.getvalue().encode()))
save_file(results, sys.argv[2])
"""


@dataclass(frozen=True)
class PythonModule:
    """A generated module, and where its state has the tensors of the graph."""

    source: str
    weight_names: Mapping[str, str]


def generate(graph: PrimitiveGraph, name: str = "small") -> PythonModule:
    """Return the module of a graph."""
    made = module.PythonModule(graph)
    return PythonModule(made.source(name=name, metadata=METADATA), made.weight_names)


def named_weights(module: PythonModule, weights: Arrays) -> dict[str, NDArray[Any]]:
    """Return weights of a graph as the module calls them."""
    return {module.weight_names[key]: array for key, array in weights.items()}


def network_of(module: PythonModule, weights: Arrays) -> nn.Module:
    """Return the network of a module, in this process and in evaluation mode."""
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(module.source, "generated.py", "exec", dont_inherit=True), namespace)
    network: nn.Module = namespace["Network"]()
    named = named_weights(module, weights)
    network.load_state_dict({key: torch.from_numpy(array) for key, array in named.items()})
    return network.eval()


def write_modules(folder: Path, graphs: Mapping[str, PrimitiveGraph]) -> None:
    """Write modules, their weights and images to try them on."""
    (folder / "images").mkdir()
    for name, graph in graphs.items():
        module = generate(graph, name)
        (folder / f"{name}.py").write_text(module.source, encoding="utf-8")
        weights = named_weights(module, random_weights(graph))
        save_file(weights, folder / f"{name}.safetensors")
        images = {str(batch): random_images(graph, batch) for batch in BATCHES}
        save_file(images, folder / "images" / f"{name}.safetensors")


def run_alone(folder: Path) -> dict[str, NDArray[Any]]:
    """Return what the modules in a folder compute where dslnas cannot be imported."""
    results = folder / "results.safetensors"
    command = [sys.executable, "-I", "-W", "error", "-c", ALONE, str(folder), str(results)]
    # One thread: small networks gain nothing from more, and wait for them where cores are busy.
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return load_file(results)


def interpret_training(
    graph: PrimitiveGraph, weights: Arrays, images: NDArray[Any]
) -> NDArray[np.float32]:
    """Return the output in training mode, without dropout: statistics are those of the batch."""
    values = {graph.nodes[0].name: torch.from_numpy(images)}
    for node in graph.nodes[1:]:
        own = {
            weight.name: torch.from_numpy(weights[tensor])
            for weight, tensor in zip(node.weights, node.tensors, strict=True)
        }
        inputs = [values[source] for source in node.inputs]
        named: dict[str, Any] = dict(node.attributes)
        if node.primitive == "batch_norm":
            mean, variance = own["running_mean"].clone(), own["running_var"].clone()
            scale, offset = own.get("weight"), own.get("bias")
            values[node.name] = nn.functional.batch_norm(
                inputs[0], mean, variance, scale, offset, training=True, eps=named["eps"]
            )
        else:
            values[node.name] = RUN[node.primitive](node, inputs, named, own)
    result: NDArray[np.float32] = values[graph.output].numpy()
    return result


def assert_same(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Fail unless logits agree to 1e-5 of the largest: threads change the order of sums."""
    assert np.abs(expected - found).max() < 1e-5 * max(1, np.abs(expected).max())


def assert_computes_the_same(graph: PrimitiveGraph) -> None:
    """Fail unless the module of a graph computes, in this process, what the graph says."""
    weights, images = random_weights(graph), random_images(graph, 3)
    with torch.inference_mode():
        found = network_of(generate(graph), weights)(torch.from_numpy(images)).numpy()
    assert_same(found, interpret(graph, weights, images))


def check_style(paths: Iterable[Path]) -> None:
    """Fail unless `ruff format` and `ruff check` of this repository leave files as they are."""
    files = [str(path) for path in paths]
    options = ["--config", str(REPOSITORY / "pyproject.toml"), "--no-cache"]
    for command in (["format", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, *files],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

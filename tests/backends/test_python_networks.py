"""Generated modules compute what the graph says, in a process that has torch and safetensors."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from numpy.typing import NDArray
from safetensors.numpy import load_file

from dslnas.backends.python.expressions import JOINS
from dslnas.backends.python.layers import HAND_ON, LAYERS
from dslnas.graph.lower.network import build_derived_graph
from dslnas.ops.catalogue import PRIMITIVES
from dslnas.space.derive.derive import derive
from tests.backends.python_modules import (
    BATCHES,
    assert_computes_the_same,
    assert_same,
    generate,
    interpret_training,
    network_of,
    run_alone,
    write_modules,
)
from tests.backends.python_networks import NETWORKS, graph_of
from tests.backends.recurrent_networks import NETWORKS as RECURRENT
from tests.backends.recurrent_networks import recurrent_graph
from tests.backends.reference_interpreter import interpret, random_images, random_weights
from tests.examples import examples
from tests.primitives import OF_PASSES
from tests.spaces import random_scores
from tests.strategies import SpaceText, spaces

WITH_DROPOUT = "everything"

Arrays = Mapping[str, NDArray[Any]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    write_modules(folder, {name: graph_of(name) for name in NETWORKS})
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> Arrays:
    return run_alone(folder)


def test_every_primitive_of_a_derived_network_has_one_form_and_is_tried() -> None:
    forms = [*LAYERS, *JOINS, *HAND_ON]
    assert len(forms) == len(set(forms))
    gone = OF_PASSES | {"mix", "drop_path", "state"}
    assert set(forms) == set(PRIMITIVES) - gone
    graphs = [*map(graph_of, NETWORKS), *map(recurrent_graph, RECURRENT)]
    tried = {node.primitive for graph in graphs for node in graph.nodes}
    assert tried - {"input", "state"} == set(forms)
    joins = {name for name, primitive in PRIMITIVES.items() if primitive.joins}
    assert joins - gone == {*JOINS}


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", NETWORKS)
def test_module_alone_computes_what_the_graph_says(results: Arrays, name: str, batch: int) -> None:
    graph = graph_of(name)
    expected = interpret(graph, random_weights(graph), random_images(graph, batch))
    assert_same(results[f"{name}/eval/{batch}"], expected)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != WITH_DROPOUT])
def test_module_alone_trains_on_the_statistics_of_the_batch(results: Arrays, name: str) -> None:
    graph = graph_of(name)
    expected = interpret_training(graph, random_weights(graph), random_images(graph, 7))
    assert_same(results[f"{name}/train/7"], expected)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.sample(2)
def test_module_run_as_a_script_says_shape_and_parameters(results: Arrays, name: str) -> None:
    said = bytes(results[f"{name}/said"].astype(np.uint8)).decode()
    assert said == f"output (1, 10), {graph_of(name).params():,} parameters\n"


@pytest.mark.parametrize("name", NETWORKS)
def test_weights_file_is_the_state_but_for_the_counters_of_batches(folder: Path, name: str) -> None:
    graph = graph_of(name)
    module = generate(graph, name)
    assert set(module.weight_names) == set(graph.tensors)
    state = network_of(module, random_weights(graph)).state_dict()
    kept = {key: tuple(tensor.shape) for key, tensor in state.items() if "num_batches" not in key}
    stored = load_file(folder / f"{name}.safetensors")
    assert {key: array.shape for key, array in stored.items()} == kept


@pytest.mark.parametrize("change", ["missing", "unknown", "shape"])
def test_weights_of_another_network_are_refused(change: str) -> None:
    graph = graph_of("nas_bench_201")
    weights = random_weights(graph)
    module = generate(graph)
    if change == "missing":
        del weights["stem/0_conv/weight"]
    elif change == "unknown":
        module = type(module)(module.source, {**module.weight_names, "new": "stem.9.weight"})
        weights["new"] = np.zeros(1, np.float32)
    else:
        weights["stem/0_conv/weight"] = np.zeros((1, 1, 3, 3), np.float32)
    with pytest.raises(RuntimeError, match=r"stem\.[09]\.weight"):
        network_of(module, weights)


def test_every_trained_weight_gets_a_gradient() -> None:
    graph = graph_of("squeeze_excite")
    network = network_of(generate(graph), random_weights(graph)).train()
    network(torch.from_numpy(random_images(graph, 4))).square().sum().backward()
    silent = [key for key, p in network.named_parameters() if p.grad is None]
    assert silent == []


@pytest.mark.parametrize("name", NETWORKS)
def test_module_imports_torch_and_safetensors_alone(name: str) -> None:
    imported = set()
    for statement in ast.walk(ast.parse(generate(graph_of(name)).source)):
        if isinstance(statement, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            imported.add(str(statement.module).partition(".")[0])
    assert imported == {"__future__", "pathlib", "safetensors", "torch"}


@given(spaces())
@settings(max_examples=examples(10))
def test_any_derived_network_computes_what_the_graph_says(text: SpaceText) -> None:
    space = text.space()
    assert_computes_the_same(build_derived_graph(derive(space, random_scores(space, 0))))

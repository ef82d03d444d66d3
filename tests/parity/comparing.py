"""Compares all that computes a random network with the reference interpreter of graphs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from packaging.version import Version

from dslnas.backends.onnx.runtimes import FIRST_WITH_OPSET
from dslnas.backends.onnx.versions import Versions, declare
from dslnas.backends.torch.sequence import make_network
from dslnas.graph.graph import PrimitiveGraph
from tests.backends.onnx_run import emit, run
from tests.backends.onnx_soundness import evaluator
from tests.backends.python_modules import generate, network_of
from tests.backends.recurrent_runs import random_states, random_tokens, weights_of
from tests.backends.reference_interpreter import (
    Arrays,
    interpret,
    interpret_steps,
    random_images,
    random_weights,
)
from tests.backends.test_any_network import derived
from tests.backends.test_onnx_sequence import models_of, run_stepwise, session_of
from tests.backends.test_onnx_sequence import run as run_session
from tests.backends.test_onnx_versions import opset_of
from tests.strategies import SpaceText

READS_OUTSIDE = (1, 22)
"""First version of onnx whose reference evaluator lets a Scan read weights outside of it."""

LATER = ", a later opset"

Outputs = dict[str, NDArray[Any]]


def differences(space: SpaceText | str, seed: int) -> dict[str, float]:
    """Return how far each backend is from the reference on an architecture derived at random.

    Args:
        space: Space of images, signals or rows, or the text of one of recurrent cells.
        seed: Seed of the architecture, and of the later opset that its model declares once more.

    Returns:
        By backend the largest difference of an output, over the largest output or 1.
    """
    drawn = random.Random(seed)
    if isinstance(space, SpaceText):
        graph = derived(space.text, space.shape, space.classes, seed)
        expected, found = _of_examples(graph, drawn)
    else:
        expected, found = _of_steps(derived(space, (), 10, seed), drawn)
    return {backend: _relative(outputs, expected) for backend, outputs in found.items()}


def _of_examples(graph: PrimitiveGraph, drawn: random.Random) -> tuple[NDArray[Any], Outputs]:
    """Return the outputs of the reference, and of every backend, for two examples."""
    weights, images = random_weights(graph), random_images(graph, 2)
    given, model = torch.from_numpy(images), emit(graph, weights)
    with torch.inference_mode():
        found = {
            "PyTorch": _torch_network(graph, weights)(given)[0].numpy(),
            "model.py": network_of(generate(graph), weights)(given).numpy(),
        }
    for opset in ("", LATER):
        if opset:
            declare_later(model, drawn)
        found[f"ONNX Runtime{opset}"] = run(model, images)
        inputs = {model.graph.input[0].name: images}
        (found[f"onnx.reference{opset}"],) = evaluator(model).run(None, inputs)
    return interpret(graph, weights, images), found


def _of_steps(graph: PrimitiveGraph, drawn: random.Random) -> tuple[NDArray[Any], Outputs]:
    """Return the outputs of the reference, and of every backend, for 5 tokens of 3 texts."""
    weights, tokens = weights_of(graph), random_tokens(5, 3)
    states = [np.zeros_like(state) for state in random_states(graph, 3)]
    given, models = torch.from_numpy(tokens), models_of(graph, weights)
    with torch.inference_mode():
        found = {
            "PyTorch": _torch_network(graph, weights)(given)[0].numpy(),
            "model.py": network_of(generate(graph), weights)(given)[0].numpy(),
        }
    found["ONNX Runtime"] = run_session(session_of(models.sequence), tokens, *states)[0]
    found["ONNX Runtime, step by step"] = run_stepwise(session_of(models.step), tokens, states)[0]
    if tuple(map(int, onnx.__version__.split(".")[:2])) >= READS_OUTSIDE:
        names = [value.name for value in models.sequence.graph.input]
        inputs = dict(zip(names, [tokens, *states], strict=True))
        found["onnx.reference"], *_ = evaluator(models.sequence).run(None, inputs)
    declare_later(models.sequence, drawn)
    found[f"ONNX Runtime{LATER}"] = run_session(session_of(models.sequence), tokens, *states)[0]
    return interpret_steps(graph, weights, tokens, states)[0], found


def declare_later(model: ModelProto, drawn: random.Random) -> None:
    """Let a model declare any opset from the oldest that has its nodes to what is known here."""
    known = onnx.defs.onnx_opset_version()
    runtime = Version(onnxruntime.__version__)
    opsets = [
        opset
        for opset, release in FIRST_WITH_OPSET.items()
        if opset_of(model) < opset <= known and Version(release) <= runtime
    ]
    declare(model, Versions(drawn.choice(opsets)))


def _torch_network(graph: PrimitiveGraph, weights: Arrays) -> torch.nn.Module:
    network = make_network(graph, torch.Generator()).eval()
    network.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
    return network


def _relative(found: NDArray[Any], expected: NDArray[Any]) -> float:
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / max(1.0, np.abs(expected).max()))

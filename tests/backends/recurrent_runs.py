"""Data that recurrent networks are run on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dslnas.graph.graph import PrimitiveGraph
from tests.backends.recurrent_networks import VOCABULARY
from tests.backends.reference_interpreter import random_weights


def weights_of(graph: PrimitiveGraph) -> dict[str, NDArray[np.float32]]:
    """Return weights so small that differences do not grow from step to step."""
    weights = random_weights(graph)
    small = {f"{n.name}/weight" for n in graph.nodes if n.primitive == "linear"}
    return {key: value * np.float32(0.3 if key in small else 1) for key, value in weights.items()}


def random_tokens(steps: int, batch: int, seed: int = 1) -> NDArray[np.int64]:
    """Return tokens (time, batch)."""
    return np.random.default_rng(seed).integers(VOCABULARY, size=(steps, batch))


def random_states(graph: PrimitiveGraph, batch: int, seed: int = 2) -> list[NDArray[np.float32]]:
    """Return states (batch, C) each, as large as cells give them."""
    random = np.random.default_rng(seed)
    sizes = [graph.by_name[state.name].shape[0] for state in graph.states]
    return [random.uniform(-1, 1, (batch, n)).astype(np.float32) for n in sizes]

"""Written files against their network: whether they agree, and how fast they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.threads import threads
from dslnas.exporters.exporter import Exporter
from dslnas.exporters.parity import Inputs, compare, network_run
from dslnas.exporters.sequence_parity import (
    BATCHES,
    LENGTH,
    compare_sequences,
    sequence_network_run,
)
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.timing import median_seconds

BATCH = 7
"""Random examples to compare on."""

WARM_UP, RUNS = 5, 30
"""Runs before a latency is measured, and runs whose median it is."""


@dataclass(frozen=True)
class Checks:
    """Agreement and speed.

    Attributes:
        differences: By target, the largest difference of a number from PyTorch's.
        latency_ms: By target and for PyTorch, the median time of one example on the CPU.
    """

    differences: Mapping[str, float]
    latency_ms: Mapping[str, float]


def check_files(
    network: TorchNetwork,
    exporters: Sequence[Exporter],
    folder: Path,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Checks:
    """Compare what lies in a folder with a network.

    Args:
        network: On the CPU, in evaluation mode.
        exporters: The targets whose files are there.
        folder: Where they are.
        tolerance: The largest difference allowed.
        real: Inputs to compare on besides random ones, by name.
        seed: Seed of the random inputs.

    Raises:
        UserError: NAS711 if they differ.
    """
    if isinstance(network, SequenceNetwork):
        return _check_sequences(network, exporters, folder, tolerance, real, seed)
    others = {exporter.name: exporter.run(folder) for exporter in exporters}
    inputs = _inputs(network, real, seed)
    reference = network_run(network)
    differences = compare(reference, others, inputs, tolerance)
    one = {name: values[:1] for name, values in inputs["random"].items()}
    timed = {e.name: others[e.name] for e in exporters if e.is_timed}
    works = {name: _bound(run, one) for name, run in {"torch": reference, **timed}.items()}
    return Checks(differences, _latencies(works))


def _check_sequences(
    network: SequenceNetwork,
    exporters: Sequence[Exporter],
    folder: Path,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Checks:
    """Compare over 200 steps, all on one thread."""
    others = {exporter.name: exporter.sequence_runs(folder) for exporter in exporters}
    reference = sequence_network_run(network)
    streams = _streams(network, real, seed)
    token = streams["random"][:1]
    # Steps of a text are too small to share out: threads would wait much longer than they compute.
    with threads(1):
        differences = compare_sequences(reference, others, streams, tolerance)
        states = reference(token[None], None)[1]
        works = {"torch": _bound(reference, token[None], states)}
        for exporter in exporters:
            step = exporter.step_run(folder)
            if step is not None:
                works[exporter.name] = _bound(step, token, states)
        return Checks(differences, _latencies(works))


def _bound(run: Callable[..., object], *inputs: object) -> Callable[[], object]:
    return lambda: run(*inputs)


def _latencies(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the milliseconds that each takes."""
    return {
        name: 1000 * median_seconds(work, RUNS, warm_up=WARM_UP) for name, work in works.items()
    }


def _inputs(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, Inputs]:
    """Return inputs by what they are: random ones, and real ones if there are any."""
    generator, graph = np.random.default_rng(seed), network.graph
    random = {name: _random(graph, node, generator) for name, node in graph.inputs.items()}
    return {"random": random} if real is None else {"random": random, "real": real}


def _random(graph: PrimitiveGraph, node: Node, generator: np.random.Generator) -> np.ndarray:
    """Return a batch of random values, or of tokens that the tables they are looked up in have."""
    if node.shape:
        return generator.standard_normal((BATCH, *node.shape)).astype(np.float32)
    tables = (graph.by_name[reader].weights[0] for reader in graph.readers[node.name])
    return generator.integers(min(table.shape[0] for table in tables), size=BATCH)


def _streams(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, np.ndarray]:
    """Return tokens by what they are, in the order of a text."""
    generator = np.random.default_rng(seed)
    (tokens,) = network.graph.by_name[network.graph.output].shape
    streams = {"random": generator.integers(tokens, size=LENGTH * max(BATCHES))}
    if real is not None:
        (table,) = real.values()
        streams["real"] = np.ascontiguousarray(table.T, np.int64).ravel()
    return streams

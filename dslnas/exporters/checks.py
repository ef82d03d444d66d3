"""Written files against their network: whether they agree, and how fast they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.threads import threads
from dslnas.exporters.exporter import Exporter
from dslnas.exporters.parity import Inputs, compare, network_run
from dslnas.exporters.sequence_parity import (
    BATCHES,
    LENGTH,
    STEPWISE,
    SequenceRun,
    compare_sequences,
    sequence_network_run,
)
from dslnas.graph.graph import Node, PrimitiveGraph
from dslnas.timing import median_seconds

BATCH = 7
"""Random examples to compare on."""

WARM_UP, RUNS = 0.2, 30
"""Seconds of runs before a latency is measured, and runs whose median it is."""


Measured: TypeAlias = tuple[dict[str, float], dict[str, float]]
"""By target the largest difference of a number from PyTorch's, and by target and for PyTorch the
median milliseconds of one example on the CPU."""


def check_files(
    network: TorchNetwork,
    exporters: Sequence[Exporter],
    folder: Path,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Measured:
    """Compare what exporters wrote to a folder with a network on the CPU, in evaluation mode.

    Inputs are random ones, and real ones if there are any. NAS711 if a number differs by more than
    the tolerance.
    """
    timed = [exporter.name for exporter in exporters if exporter.is_timed]
    if isinstance(network, SequenceNetwork):
        others = {exporter.name: exporter.sequence_runs(folder) for exporter in exporters}
        return _check_sequences(network, others, timed, tolerance, _streams(network, real, seed))
    runs = {exporter.name: exporter.run(folder) for exporter in exporters}
    inputs = _inputs(network, real, seed)
    reference = network_run(network)
    differences = compare(reference, runs, inputs, tolerance)
    one = {name: values[:1] for name, values in inputs["random"].items()}
    return differences, _latencies({"torch": reference, **{n: runs[n] for n in timed}}, one)


def _check_sequences(
    network: SequenceNetwork,
    others: Mapping[str, Mapping[str, SequenceRun]],
    timed: Sequence[str],
    tolerance: float,
    streams: Mapping[str, np.ndarray],
) -> Measured:
    """Compare over 200 steps, all on one thread."""
    reference = sequence_network_run(network)
    token = streams["random"][None, :1]
    # Steps of a text are too small to share out: threads would wait much longer than they compute.
    with threads(1):
        differences = compare_sequences(reference, others, streams, tolerance)
        states = reference(token, None)[1]
        steps = {name: others[name][STEPWISE] for name in timed}
        return differences, _latencies({"torch": reference, **steps}, token, states)


def _latencies(runs: Mapping[str, Callable[..., object]], *inputs: object) -> dict[str, float]:
    """Return the milliseconds that each takes, on one thread.

    One example is too small to share out: threads would wait much longer than they compute.
    """
    with threads(1):
        return {
            name: 1000 * median_seconds(partial(run, *inputs), RUNS, warm_up=WARM_UP)
            for name, run in runs.items()
        }


def _inputs(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, Inputs]:
    """Return inputs by what they are: random ones, and real ones if there are any."""
    generator, graph = np.random.default_rng(seed), network.graph
    random = {name: _random(graph, node, generator) for name, node in graph.inputs.items()}
    return {"random": random} if real is None else {"random": random, "real": real}


def _random(graph: PrimitiveGraph, node: Node, generator: np.random.Generator) -> np.ndarray:
    """Return a batch of random values, or of tokens that the tables they are looked up in have.

    An architecture may have chosen to read nothing of an input: its token is 0.
    """
    if node.shape:
        return generator.standard_normal((BATCH, *node.shape)).astype(np.float32)
    tables = (graph.by_name[reader].weights[0] for reader in graph.readers[node.name])
    return generator.integers(min((table.shape[0] for table in tables), default=1), size=BATCH)


def _streams(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, np.ndarray]:
    """Return tokens by what they are, in the order of a text."""
    generator = np.random.default_rng(seed)
    (tokens,) = network.graph.by_name[network.graph.output].shape
    streams = {"random": generator.integers(tokens, size=LENGTH * max(BATCHES))}
    if real is not None:
        (table,) = real.values()
        streams["real"] = np.ascontiguousarray(table.T, np.int64).ravel()
    return streams

"""Written files against their network: whether they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.threads import threads, threads_for
from dslnas.exporters.agreement import Agreement, off_by_a_bit
from dslnas.exporters.exporter import Exporter
from dslnas.exporters.parity import Inputs, compare, network_run
from dslnas.exporters.sequence_parity import (
    BATCHES,
    CALLS,
    LENGTH,
    STEPWISE,
    WHOLE,
    Calls,
    SequenceRun,
    compare_sequences,
    sequence_network_run,
)
from dslnas.exporters.written import Written
from dslnas.graph.graph import Node, PrimitiveGraph

BATCH = 7
"""Random examples to compare on."""

WORK, LEAST = 4_000_000_000, 50
"""Multiply-adds beyond which fewer real examples do, but as many as there are random ones, or fewer
steps of a text, but so many."""


@dataclass(frozen=True)
class Compared:
    """Exporters' files beside their network.

    Attributes:
        agreements: By target, how its logits and states agree with PyTorch's.
        inputs: Words for what they were compared on.
    """

    agreements: dict[str, Agreement]
    inputs: str


def check_files(
    network: TorchNetwork,
    exporters: Sequence[Exporter],
    written: Written,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Compared:
    """Compare what exporters wrote with a network on the CPU, in evaluation mode.

    Inputs are random ones, and real ones if there are any.

    Raises:
        UserError: NAS711 if they do not agree, see `dslnas.exporters.agreement`.
    """
    if isinstance(network, SequenceNetwork):
        others = {exporter.name: exporter.sequence_runs(written) for exporter in exporters}
        streams, calls = _streams(network, real, seed), calls_compared(network.graph)
        agreements = _check_sequences(network, others, tolerance, streams, calls)
        told = f"{sum(calls[WHOLE])} steps of {' and '.join(streams)} tokens"
        return Compared(agreements, told)
    runs = {exporter.name: exporter.run(written) for exporter in exporters}
    inputs = _inputs(network, real, seed)
    reference, shaken = network_run(network), network_run(off_by_a_bit(network))
    counts = (f"{len(next(iter(given.values())))} {kind}" for kind, given in inputs.items())
    with threads_for(network.graph.flops() * BATCH):
        agreements = compare(reference, shaken, runs, inputs, tolerance)
    return Compared(agreements, f"{' and '.join(counts)} examples")


def most_compared(graph: PrimitiveGraph) -> int:
    """Return the most real examples that a network is compared on: fewer of a larger one."""
    return max(BATCH, WORK // max(1, graph.flops()))


def calls_compared(graph: PrimitiveGraph) -> Calls:
    """Return the steps on which a recurrent network is compared: fewer of a larger one."""
    steps = max(LEAST, WORK // max(1, graph.flops() * sum(BATCHES)))
    if steps >= LENGTH:
        return CALLS
    first = steps * 3 // 5
    return {WHOLE: (first, steps - first), STEPWISE: (1,) * steps}


def _check_sequences(
    network: SequenceNetwork,
    others: Mapping[str, Mapping[str, SequenceRun]],
    tolerance: float,
    streams: Mapping[str, np.ndarray],
    calls: Calls,
) -> dict[str, Agreement]:
    """Compare all on one thread."""
    # Steps of a text are too small to share out: threads would wait much longer than they compute.
    runs = sequence_network_run(network), sequence_network_run(off_by_a_bit(network))
    with threads(1):
        return compare_sequences(*runs, others, streams, tolerance, calls)


def _inputs(network: TorchNetwork, real: Inputs | None, seed: int) -> dict[str, Inputs]:
    """Return inputs by what they are: random ones, and real ones if there are any."""
    generator, graph = np.random.default_rng(seed), network.graph
    random = {name: _random(graph, node, generator) for name, node in graph.inputs.items()}
    if real is None:
        return {"random": random}
    most = most_compared(graph)
    return {"random": random, "real": {name: array[:most] for name, array in real.items()}}


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

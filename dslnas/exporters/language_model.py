"""Export of a recurrent network: its ONNX models, what is needed to write text, the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dslnas.backends.onnx.sequence import to_onnx_sequence
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.threads import threads
from dslnas.exporters.candidate import ONNX, ONNX_STEP, PYTHON, Checks, Inputs
from dslnas.exporters.latency import latency_ms
from dslnas.exporters.sequence_parity import (
    BATCHES,
    LENGTH,
    SequenceRun,
    compare_sequences,
    module_runs,
    network_run,
    onnx_run,
    onnx_runs,
)


def onnx_files(
    network: SequenceNetwork, name: str, metadata: Mapping[str, str]
) -> dict[str, bytes]:
    """Return the ONNX models of a sequence and of a step, by the names of their files."""
    models = to_onnx_sequence(network.graph, network.arrays(), name=name, metadata=metadata)
    return {
        ONNX: models.sequence.SerializeToString(deterministic=True),
        ONNX_STEP: models.step.SerializeToString(deterministic=True),
    }


def check_language_model(
    network: SequenceNetwork,
    stage: Path,
    tolerance: float,
    real: Inputs | None,
    seed: int,
) -> Checks:
    """Compare what lies in a folder with the network, over 200 steps, all on one thread.

    Args:
        network: On the CPU, in evaluation mode.
        stage: With both ONNX models, a Python module or all three.
        tolerance: The largest difference allowed.
        real: Tokens of a text, int64 (time, batch), by the name of the input.
        seed: Seed of the random tokens.

    Raises:
        UserError: NAS711 if they differ.
    """
    others: dict[str, dict[str, SequenceRun]] = {}
    reference = network_run(network)
    timed = {"torch": reference}
    if (stage / ONNX).exists():
        sequence, step = (stage / ONNX).read_bytes(), (stage / ONNX_STEP).read_bytes()
        others["onnx"] = onnx_runs(sequence, step)
        timed["onnx"] = onnx_run(step)
    if (stage / PYTHON).exists():
        others["python"] = module_runs(stage / PYTHON)
    streams = _streams(network, real, seed)
    token = {"torch": streams["random"][:1, None], "onnx": streams["random"][:1]}
    # Steps of a text are too small to share out: threads would wait much longer than they compute.
    with threads(1):
        differences = compare_sequences(reference, others, streams, tolerance)
        states = reference(token["torch"], None)[1]
        latency = {key: latency_ms(run, token[key], states) for key, run in timed.items()}
    return Checks(differences, latency)


def _streams(network: SequenceNetwork, real: Inputs | None, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    tokens = network.graph.by_name[network.graph.output].shape[0]
    streams = {"random": generator.integers(tokens, size=LENGTH * max(BATCHES))}
    if real is not None:
        (tokens_read,) = real.values()
        streams["real"] = np.ascontiguousarray(tokens_read.T, np.int64).ravel()
    return streams

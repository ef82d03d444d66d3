"""From a network to the files that are deployed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.compile import Compiled, compile_spec

if TYPE_CHECKING:
    import numpy as np

    from dslnas.backends.torch.network import TorchNetwork
    from dslnas.data.dataset import Data
    from dslnas.data.tokens import TextFacts
    from dslnas.export.export import Exported
    from dslnas.runs.origin import Origin

REAL_IMAGES = 32
"""Test images on which the exported backends are compared."""

REAL_STEPS, REAL_COLUMNS = 200, 7
"""Tokens of the test part on which they are compared, (time, batch)."""


def export_untrained(compiled: Compiled, folder: Path, seed: int) -> Exported:
    """Export an architecture with random weights, to look at it or to time it.

    Raises:
        UserError: The folder cannot be written to.
    """
    import torch

    from dslnas.runs.origin import Origin
    from dslnas.training.constraints import check_limits
    from dslnas.training.train import fresh_network

    check_limits(compiled.graph, compiled.program.derivation.limits, torch.device("cpu"))
    network = fresh_network(compiled.space, seed)
    origin = Origin(spec=compiled.name, spec_hash=compiled.hash)
    return export_network(compiled, network, folder, seed, origin)


def export_run(run: Path, folder: Path, overrides: Sequence[str] = ()) -> Exported:
    """Export the network of a run again, from its architecture and weights.

    Args:
        run: A run folder in which the training is finished.
        folder: Where the files go; may be the run itself.
        overrides: Arguments of `--set` for the export section.

    Raises:
        UserError: NAS023 if it is no run, NAS024 if its network is missing or does not fit.
    """
    import torch

    from dslnas.runs.folder import ARCHITECTURE
    from dslnas.runs.network import load_network
    from dslnas.runs.origin import read_origin
    from dslnas.training.constraints import check_limits

    origin = read_origin(run)
    compiled = compile_spec(run / ARCHITECTURE, overrides)
    origin.check_classes(compiled.space.network.classes, run)
    network = load_network(compiled.graph, run)
    check_limits(compiled.graph, compiled.program.derivation.limits, torch.device("cpu"))
    text = origin.text(run, compiled.space.network.classes)
    return export_network(compiled, network, folder, 0, origin, text=text)


def export_network(
    compiled: Compiled,
    network: TorchNetwork,
    folder: Path,
    seed: int,
    origin: Origin,
    *,
    text: TextFacts | None = None,
    real: np.ndarray | None = None,
) -> Exported:
    """Write a network as ONNX model and Python module, compared with each other.

    Args:
        compiled: Where the network comes from.
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        seed: Of the random inputs to compare on.
        origin: What the files say of where they come from.
        text: How the text became numbers, for a network that reads text.
        real: What to compare on: normalised images (batch, channels, height, width), or tokens
            (time, batch).

    Raises:
        UserError: NAS711 if the backends differ, NAS021 if the folder cannot be written to.
    """
    from dslnas.export.export import export

    return export(
        network,
        folder,
        compiled.program.export,
        name=origin.spec,
        metadata=origin.metadata(),
        class_names=origin.class_names,
        text=text,
        real=real,
        seed=seed,
    )


def real_inputs(data: Data) -> np.ndarray:
    """Return some of the test part, for comparing the backends; see `export_network`."""
    from dslnas.data.batches import ImagePart

    if isinstance(data.test, ImagePart):
        return data.test.images[:REAL_IMAGES].float().cpu().numpy()
    tokens = data.test.tokens.cpu().numpy()
    columns = min(REAL_COLUMNS, len(tokens))
    steps = min(REAL_STEPS, len(tokens) // columns)
    return tokens[: steps * columns].reshape(columns, steps).T

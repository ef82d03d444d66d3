"""From a network to the files that are deployed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.compiler import Compiled, compile_spec

if TYPE_CHECKING:
    import numpy as np

    from dslnas.backends.torch.network import TorchNetwork
    from dslnas.export.export import Exported
    from dslnas.runs.origin import Origin


def export_untrained(compiled: Compiled, folder: Path, seed: int) -> Exported:
    """Export an architecture with random weights, to look at it or to time it.

    Raises:
        UserError: The folder cannot be written to.
    """
    import torch

    from dslnas.runs.origin import Origin
    from dslnas.training.constraints import check_limits
    from dslnas.training.retrain import fresh_network

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
    return export_network(compiled, network, folder, 0, origin)


def export_network(
    compiled: Compiled,
    network: TorchNetwork,
    folder: Path,
    seed: int,
    origin: Origin,
    *,
    real: np.ndarray | None = None,
) -> Exported:
    """Write a network as ONNX model and Python module, compared with each other.

    Args:
        compiled: Where the network comes from.
        network: On the CPU, in evaluation mode.
        folder: Where the files go.
        seed: Of the random images to compare on.
        origin: What the files say of where they come from.
        real: Normalised images to compare on, (batch, channels, height, width).

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
        real=real,
        seed=seed,
    )

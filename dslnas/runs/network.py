"""The network of a run, read back from its architecture and weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from dslnas.backends.python.module import PythonModule
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import make_network
from dslnas.diagnostics import command, user_error
from dslnas.exporters.weights import WEIGHTS
from dslnas.graph.graph import PrimitiveGraph
from dslnas.regular import reason_of, regular
from dslnas.runs.folder import ARCHITECTURE


def load_network(graph: PrimitiveGraph, run: Path) -> TorchNetwork:
    """Return the network of a run, of which this is the graph, on the CPU in evaluation mode.

    Raises:
        UserError: NAS024 if the weights are missing, damaged, or of another architecture.
    """
    path = run / WEIGHTS
    try:
        stored = load_file(regular(path))
    except (OSError, SafetensorError) as error:
        reason = "is damaged"
        if isinstance(error, OSError) and error.strerror:  # of the system, not of the parser
            is_missing = isinstance(error, FileNotFoundError)
            reason = "does not exist" if is_missing else f"cannot be read: {reason_of(error)}"
        help_ = f"train the architecture again: `{command('train', run / ARCHITECTURE)}`"
        raise user_error("NAS024", reason, where=str(path), help=help_) from None
    names = PythonModule(graph).weight_names
    network = make_network(graph, torch.Generator()).eval()
    shapes = {names[key]: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    for key, shape in shapes.items():
        if key not in stored or stored[key].shape != shape:
            found = "is missing" if key not in stored else f"has shape {stored[key].shape}"
            raise user_error(
                "NAS024",
                f"weights are not those of architecture.nas: `{key}` {found}, needs {shape}",
                where=str(path),
                help="keep both files of the same run together",
            )
    network.load_arrays({key: stored[names[key]] for key in network.state_dict()})
    return network

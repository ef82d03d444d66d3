"""Exporting DARTS' network for CIFAR-10: this tool beside the two exporters of PyTorch.

20 cells of DARTS V2 from 36 channels on, untrained. This tool emits model.onnx and model.py, then
compares both with PyTorch and measures latency; `torch.onnx.export` writes the network as
published, and compares nothing. All take turns in one process. Then both files run in ONNX Runtime,
one image on one thread, in turns.

    python benchmarks/exporting.py
    python benchmarks/exporting.py --cells 8 --channels 16 --turns 3
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from torch import Tensor, nn

from contest import OURS, Reached, print_reached
from dslnas.backends.onnx.session import session
from dslnas.backends.torch.network import TorchNetwork
from dslnas.diagnostics import UserError
from dslnas.exporters.export import export
from dslnas.exporters.onnx import MODEL
from dslnas.settings.sections import ExportSettings
from dslnas.training.train import fresh_network
from measuring import machine, spent_in_turns
from published.derived import DARTS_V2, DerivedNetwork
from training import CLASSES, checked, program_of
from workloads import CIFAR, count

TORCHSCRIPT, DYNAMO = "torch.onnx.export, TorchScript", "torch.onnx.export, dynamo"
NEEDED = "onnxscript"
RUNS = 20


class Ours:
    """Exports of this tool, and what their parts took.

    Attributes:
        emitted: Seconds until both models were written, of every export.
        compared: Seconds of comparisons and latencies.
    """

    def __init__(self, network: TorchNetwork, folder: Path) -> None:
        self.network, self.folder = network, folder
        self.emitted: list[float] = []
        self.compared: list[float] = []

    def __call__(self, turn: int) -> None:
        """Export once."""
        begin = time.perf_counter()
        told: list[float] = []
        export(
            self.network,
            self.folder,
            ExportSettings(),
            name="benchmark",
            metadata={},
            tell=lambda line: told.append(time.perf_counter() - begin),
        )
        self.emitted.append(told[0])
        self.compared.append(time.perf_counter() - begin - told[0])


class Logits(nn.Module):
    """The published network without its second output, which is for training."""

    def __init__(self, network: DerivedNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Return logits."""
        logits: Tensor = self.network(image)[0]
        return logits


def torch_export(network: nn.Module, path: Path, dynamo: bool, turn: int) -> None:
    """Write a network by one of PyTorch's exporters."""
    image = torch.zeros(1, *CIFAR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (image,), str(path), dynamo=dynamo, verbose=False)


def walls_in_turns(works: Mapping[str, Callable[[int], object]], turns: int) -> dict[str, float]:
    """Return the median seconds of several works by the clock."""
    spent = spent_in_turns(works, turns)
    return {name: statistics.median(each.wall for each in times) for name, times in spent.items()}


def latencies(models: Mapping[str, Path], turns: int) -> dict[str, float]:
    """Return the median milliseconds of one image on one thread, each model in turns."""
    image = np.random.default_rng(0).standard_normal((1, *CIFAR), np.float32)

    def runs(path: Path) -> Callable[[int], None]:
        runner = session(path.read_bytes(), 1)
        given = {runner.get_inputs()[0].name: image}

        def run(turn: int) -> None:
            for _ in range(RUNS):
                runner.run(None, given)

        return run

    found = walls_in_turns({name: runs(path) for name, path in models.items()}, turns)
    return {name: 1e3 * seconds / RUNS for name, seconds in found.items()}


def measure(given: argparse.Namespace, folder: Path) -> list[Reached]:
    """Return what was reached."""
    cells, channels, turns = given.cells, given.channels, given.turns
    theirs = Logits(DerivedNetwork(DARTS_V2, channels, cells, CLASSES, auxiliary=False)).eval()
    network = fresh_network(checked(program_of(cells, channels, 2))[1], 0)
    network.plain = True  # as a user's export runs it
    ours = Ours(network, folder / "ours")
    ours.folder.mkdir()
    file = folder / "torch.onnx"
    others = {TORCHSCRIPT: partial(torch_export, theirs, file, False)}
    if given.dynamo and find_spec(NEEDED):
        others[DYNAMO] = partial(torch_export, theirs, folder / "dynamo.onnx", True)
    elif given.dynamo:
        print(f"{DYNAMO}: not measured, {NEEDED} is not installed: pip install 'dslnas[bench]'")
    seconds = walls_in_turns({**others, OURS: ours}, turns)
    emitted, compared = (statistics.median(x[1:]) for x in (ours.emitted, ours.compared))
    work = f"export, {cells} cells x {channels} channels"
    found = [
        Reached(work, "emitting model.onnx and model.py", emitted, "< 0.5 s", " s"),
        Reached(work, "comparisons and latency", compared, "< 3 s", " s"),
    ]
    for name in others:
        bound = f"it takes {seconds[name]:.2f} s"
        measured = f"emitting, times less than {name}"
        found.append(Reached(work, measured, seconds[name] / emitted, "5", bound=bound))
    ran = latencies({TORCHSCRIPT: file, OURS: folder / "ours" / MODEL}, turns)
    bound = f"ours {ran[OURS]:.2f} ms, torch's {ran[TORCHSCRIPT]:.2f} ms"
    measured = "ONNX Runtime, times less than torch's file"
    return [*found, Reached(work, measured, ran[TORCHSCRIPT] / ran[OURS], "1", bound=bound)]


def main(arguments: Sequence[str] | None = None) -> list[Reached]:
    """Print what an export takes, and return what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=count, default=20, help="of the network")
    parser.add_argument("--channels", type=count, default=36, help="of its first cell")
    parser.add_argument("--turns", type=count, default=5, help="timed exports of every way")
    parser.add_argument(
        "--no-dynamo", dest="dynamo", action="store_false", help="which takes most of the time"
    )
    given = parser.parse_args(arguments)
    print(f"{machine()}\n", flush=True)
    try:
        with TemporaryDirectory() as folder:
            reached = measure(given, Path(folder))
    except UserError as error:
        raise SystemExit(error.render()) from None
    print_reached(reached)
    return reached


if __name__ == "__main__":
    main()

"""Runtime of networks: device, passes, execution and precision."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from dslnas.backends.torch.cuda_graphs import CudaRecorder
from dslnas.backends.torch.kernels.availability import has_loops
from dslnas.backends.torch.loss_graphs import LossGraphs
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.tensor_float import EVERYTHING, NOTHING
from dslnas.passes.manager import PASSES, USUAL
from dslnas.ranks import ALONE, Ranks
from dslnas.settings.precision import AnyExecution, AnyPrecision


@dataclass(frozen=True)
class Runtime:
    """Settings under which the networks of a run are executed.

    Where one of them is `auto`, they are not settled: networks would run in the plainest way.

    Attributes:
        device: Device of all tensors.
        passes: Names of the passes that rewrite every graph before it runs; none of them: run the
            graph as it is, by the library's functions alone.
        execution: How training steps run: cells by torch.compile, see
            `dslnas.backends.torch.torch_compile`, or as CUDA graphs, see
            `dslnas.backends.torch.loss_graphs`, or both.
        precision: Type of the arithmetic. With `bfloat16`, products and convolutions have that type
            while a network trains; weights, alpha, statistics of batch norm, losses and gradients
            of weights and alpha stay float32. With `tf32` a GPU rounds what they read.
        ranks: The processes that train a network together, each on its own device.
    """

    device: torch.device
    passes: tuple[str, ...] = USUAL
    execution: AnyExecution = "eager"
    precision: AnyPrecision = "float32"
    ranks: Ranks = ALONE

    @property
    def dtype(self) -> torch.dtype:
        """Type of weights, alpha and images."""
        return torch.float64 if self.precision == "float64" else torch.float32

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be measured."""
        return "auto" not in (self.execution, self.precision)

    @property
    def compiles(self) -> bool:
        """Whether cells run by torch.compile."""
        return self.execution in ("compile", "compile+graphs")

    @property
    def records(self) -> bool:
        """Whether steps run as CUDA graphs."""
        return self.execution in ("graphs", "compile+graphs")

    @property
    def paying(self) -> tuple[str, ...]:
        """The passes without those that pay only where there are loops of our own for them."""
        needed = {name: PASSES[name].loops for name in self.passes}
        return tuple(n for n, loops in needed.items() if loops is None or self.runs_loops(loops))

    def runs_loops(self, kernel: str) -> bool:
        """Whether loops of our own run a kernel while a network trains; not in compiled cells."""
        on_cpu = self.device.type == "cpu" and self.precision != "bfloat16"
        return on_cpu and not self.compiles and has_loops(kernel)

    def place(self, network: TorchNetwork) -> TorchNetwork:
        """Move a network to the device, to run from now on as is said here; return it."""
        network.passes, network.torch_compile = self.paying, self.compiles
        network.plain = not self.passes or self.ranks.norm_together
        network.run_state.ranks = self.ranks if self.ranks.norm_together else ALONE
        network.is_mixed = self.precision == "bfloat16"
        network.graphs = LossGraphs(CudaRecorder(self.device)) if self.records else None
        if self.device.type == "cuda":
            (EVERYTHING if self.precision == "tf32" else NOTHING).apply()
        return network.to(self.device, self.dtype)

    def facts(self) -> dict[str, object]:
        """Return all of it as a manifest has it."""
        return {
            "device": str(self.device) if self.ranks.is_alone else self.device.type,
            "passes": self.passes,
            "execution": self.execution,
            "precision": self.precision,
            "batch_norm": "together" if self.ranks.synchronised else "apart",
            "processes": self.ranks.size,
        }


def mixed(network: TorchNetwork, device: torch.device) -> AbstractContextManager[object]:
    """Run the body in bfloat16 where a network says so and the type is precise enough."""
    return torch.autocast(device.type, torch.bfloat16, enabled=network.is_mixed)

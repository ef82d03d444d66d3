"""Networks in the state of a reference file: every test gets a fresh one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.primitive import Shape
from dslnas.settings.values import Adam, Sgd
from dslnas.space.search_space import SearchSpace
from tests.reference.load import ALPHAS, facts, tensors
from tests.reference.names import load_reference
from tests.spaces import space_of

CPU = torch.device("cpu")

RATE = 0.025
SGD = Sgd(lr=RATE, momentum=0.9, weight_decay=3e-4, clip=5.0)
ADAM = Adam(lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)

LAYOUTS = {
    3: "normal, reduction, reduction",
    4: "normal, reduction, reduction, normal",
    5: "normal, reduction, normal, reduction, normal",
}


@dataclass(frozen=True)
class Case:
    """A supernet and what its file holds.

    Attributes:
        name: Name of the file.
        space: Space of the supernet.
        supernet: In training mode.
        weights: By the reference's names, in its order.
        state: All tensors of the file's network.
        train: The batch that trains the weights.
        valid: The batch that trains alpha.
    """

    name: str
    space: SearchSpace
    supernet: Supernet
    weights: Mapping[str, nn.Parameter]
    state: Mapping[str, Tensor]
    train: Batch
    valid: Batch

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        return tensors(self.name)

    @property
    def facts(self) -> Any:
        return facts(self.name)

    def alphas(self) -> dict[str, Tensor]:
        """Return a copy of the file's alphas by cell."""
        return {cell: self.tensors[f"in/{theirs}"].clone() for cell, theirs in ALPHAS.items()}

    def relaxation(self) -> Relaxation:
        """Return the relaxation at the file's alphas."""
        relaxation = Relaxation(self.supernet, torch.Generator())
        self.put_alphas(relaxation.alphas)
        return relaxation

    def put_alphas(self, alphas: Mapping[str, Tensor]) -> None:
        """Write the file's alphas into those of an engine."""
        for cell, alpha in self.alphas().items():
            alphas[cell].data.copy_(alpha)

    def optimiser(self, *, momentum: bool = True) -> WeightOptimiser:
        """Return the optimiser of the weights, with the file's momentum buffers or without any."""
        optimiser = WeightOptimiser(self.supernet.weights(), SGD, 1)
        if momentum:
            self.put_momentum(optimiser)
        return optimiser

    def put_momentum(self, optimiser: WeightOptimiser) -> None:
        """Give an optimiser the file's momentum buffers."""
        for name, weight in self.weights.items():
            buffer = self.tensors[f"momentum/{name}"].clone()
            optimiser._descent.buffers[weight] = {"momentum_buffer": buffer}

    def norms(self, gradients: Iterable[Tensor | None] | None = None) -> Tensor:
        """Return the norm of every weight, or of its gradient in `weights()`, in their order."""
        ours = self.supernet.weights()
        own = {weight: g for weight, g in zip(ours, gradients or ours, strict=True)}
        found = (own[weight] for weight in self.weights.values())
        zero = torch.zeros((), dtype=torch.float64)
        return torch.stack([zero if g is None else g.detach().norm() for g in found])


def fresh(name: str) -> Case:
    """Return the supernet of a file, in the file's state whatever was done with it before."""
    case = _case(name)
    case.supernet.network.load_state_dict(case.state)
    case.supernet.network.train()
    return case


def image_shape(name: str) -> Shape:
    """Return the shape of a file's images."""
    side = facts(name)["config"]["image"]
    return 3, side, side


@cache
def _case(name: str) -> Case:
    config, stored = facts(name)["config"], tensors(name)
    paper = "papers.nasp" if name.startswith("nasp") else "papers.darts"
    search = "search pc_darts { partial 4 }" if name.startswith("pcdarts") else ""
    space = space_of(
        f"use {paper}\n"
        f"network {{ channels {config['channels']}; cells {LAYOUTS[config['layers']]} }}\n"
        f"{search}\n"
        "evaluate { channels 12 }  # where NASP counts what operations cost",
        image_shape(name),
    )
    graph = build_supernet_graph(space)
    assert graph.params() == facts(name)["param_count"]
    supernet = Supernet(space, graph, torch.Generator(), Runtime(CPU, precision="float64"))
    weights = load_reference(supernet.network, stored, space, space.network.layout)
    assert weights.keys() == set(facts(name)["param_names"])
    return Case(
        name,
        space,
        supernet,
        {theirs: weights[theirs] for theirs in facts(name)["param_names"]},
        {k: v.clone() for k, v in supernet.network.state_dict().items()},
        Batch({"image": stored["in/x_train"]}, stored["in/y_train"]),
        Batch({"image": stored["in/x_valid"]}, stored["in/y_valid"]),
    )


def statistics(network: TorchNetwork) -> dict[str, float]:
    """Return the sums of all running statistics."""
    state = network.state_dict()
    return {
        f"sum_{kind}": sum(float(v.sum()) for k, v in state.items() if k.endswith(kind))
        for kind in ("running_mean", "running_var")
    }


def layer_outputs(network: TorchNetwork, *args: object) -> dict[str, dict[str, object]]:
    """Return shape and norms of the output of the stem and of every cell, as the files have them.

    Args:
        network: Running statistics stay as they are.
        args: Inputs of the network.
    """
    graph, state = network.graph, network.run_state
    ends = {"stem": [node.name for node in graph.under("stem")][-1]}
    cells = [scope.path for scope in graph.scopes if scope.kind == "cell"]
    ends |= {f"cells.{index}": f"{path}/output" for index, path in enumerate(cells)}
    found: dict[str, dict[str, object]] = {}
    state.tracking, network.plain = False, True
    try:
        for layer, end in ends.items():
            network.graph = replace(graph, output=end)
            with torch.no_grad():
                output = network(*args)[0]
            norms = {"l1": float(output.abs().sum()), "l2": float(output.norm())}
            found[layer] = {"shape": list(output.shape), **norms}
    finally:
        network.graph, state.tracking, network.plain = graph, True, False
    return found

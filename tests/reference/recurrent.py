"""Recurrent networks in the state of a reference file: every test gets a fresh one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.settings.values import Adam, Sgd
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.reference.load import facts, tensors
from tests.spaces import space_of

FILES = ("darts_rnn_a", "darts_rnn_b")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Case:
    """A recurrent supernet and what its file holds.

    Attributes:
        name: Name of the file.
        supernet: In training mode.
        train: The segment that trains the weights.
        valid: The segment that trains alpha.
    """

    name: str
    supernet: Supernet
    train: Batch
    valid: Batch

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        return tensors(self.name)

    @property
    def facts(self) -> Any:
        return facts(self.name)

    @property
    def network(self) -> SequenceNetwork:
        assert isinstance(self.supernet.network, SequenceNetwork)
        return self.supernet.network

    def relaxation(self) -> Relaxation:
        """Return the relaxation at the file's alpha."""
        relaxation = Relaxation(self.supernet, torch.Generator())
        relaxation.alphas["recurrent"].data.copy_(self.tensors["in/alphas"])
        return relaxation

    def optimiser(self) -> WeightOptimiser:
        """Return the optimiser of the weights."""
        return WeightOptimiser(self.supernet.weights(), sgd(self.name), 1)

    def in_their_order(self, ours: Sequence[Tensor]) -> dict[str, Tensor]:
        """Return one tensor per weight by the reference's names, in its layout."""
        names = [name for name, _ in self.network.named_parameters()]
        found = zip(names, ours, strict=True)
        return {theirs(name): laid_out(name, tensor) for name, tensor in found}


def sgd(name: str) -> Sgd:
    """Return the settings of the weights' optimiser of a file."""
    hyper = facts(name)["hyper"]
    return Sgd(lr=hyper["lr"], momentum=0.0, weight_decay=hyper["wdecay"], clip=hyper["clip"])


def adam(name: str) -> Adam:
    """Return the settings of alpha's optimiser of a file."""
    hyper = facts(name)["hyper"]
    betas = (hyper["alpha_betas"][0], hyper["alpha_betas"][1])
    return Adam(lr=hyper["alpha_lr"], betas=betas, weight_decay=hyper["alpha_weight_decay"])


def fresh(name: str) -> Case:
    """Return the supernet of a file, in the file's state."""
    config, stored = facts(name)["config"], tensors(name)
    space = recurrent_space("use papers.darts_rnn", config["nhid"], config["ntoken"])
    graph = build_supernet_graph(space)
    supernet = Supernet(
        space,
        graph,
        torch.Generator(),
        Runtime(CPU, precision="float64"),
        slowness=facts(name)["hyper"]["slowness_beta"],
    )
    load(supernet.network, stored)
    supernet.network.train()
    return Case(name, supernet, segment(stored, "train"), segment(stored, "valid"))


def recurrent_space(text: str, width: int, words: int) -> SearchSpace:
    """Return the space of a recurrent program for a vocabulary of some size."""
    program = f"{text}\nnetwork {{ channels {width} }}\nevaluate {{ channels {width} }}\ndata text"
    return space_of(program, (), classes=words)


def derived_network(cell: str, name: str, width: int, words: int) -> SequenceNetwork:
    """Return a published cell's network with the weights of a file, in evaluation mode."""
    space = recurrent_space(f"use {cell}", width, words)
    network = (
        SequenceNetwork(build_derived_graph(derive(space, {})), torch.Generator()).double().eval()
    )
    load(network, tensors(name))
    return network


def segment(stored: Mapping[str, Tensor], kind: str) -> Batch:
    """Return a segment of a file with the hidden state before it."""
    tokens = stored[f"in/x_{kind}"]
    targets = stored[f"in/y_{kind}"].view(tokens.shape)
    return Batch({"token": tokens}, targets, (stored[f"in/hidden_{kind}"][0],), axis=1)


def load(network: TorchNetwork, stored: Mapping[str, Tensor]) -> None:
    """Give a network the weights and the statistics of a file."""
    state = {}
    for name in network.state_dict():
        kind = "bn" if name.endswith(("running_mean", "running_var")) else "w"
        key = f"{kind}/{theirs(name)}"
        found = stored[key] if key in stored else stored[f"w_extra/{theirs(name)}"]
        state[name] = laid_out(name, found)
    network.load_state_dict(state)


def theirs(name: str) -> str:
    """Return the reference's name of one of our tensors."""
    part, place, *_ = name.split("/")
    if part == "stem":
        return "encoder.weight"
    if part == "head":
        return "decoder.bias"
    if name.endswith(("running_mean", "running_var")):
        return f"rnns.0.bn.{name.rpartition('/')[2]}"
    if place.startswith("n"):
        return f"rnns.0._Ws.{int(place.split('_')[0][1:]) - 1}"
    return "rnns.0._W0"


def laid_out(name: str, tensor: Tensor) -> Tensor:
    """Return a tensor as the other side has it: matrices in the cell multiply from the right."""
    return tensor.t() if "linear/weight" in name and name.startswith("cell") else tensor


def global_norm(gradients: Sequence[Tensor]) -> float:
    """Return the Euclidean norm of all gradients laid end to end."""
    return float(nn.utils.get_total_norm(list(gradients)))

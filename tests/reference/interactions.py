"""SIF's supernets in the state of a reference file: pairs, and triples of 53 operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dslnas.backends.torch.constraints import constrain
from dslnas.backends.torch.losses import BatchOutput, embedding_norms
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.ops.primitive import Token
from dslnas.source import SourceFile
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.ratings import RatingPrediction
from tests.reference.load import facts, tensors

PAIRS = ("sif_a", "sif_b")
TRIPLES = "sif_triple_a"
CPU = torch.device("cpu")

_WORDS = {"plus": "add", "multiply": "multiply", "max": "max", "min": "min", "concat": "concat"}
_GROUPS = ("first_two", "first_and_last", "last_two")


@dataclass(frozen=True)
class Side:
    """One of the values that are read: our names of it, and theirs."""

    name: str
    value: str
    table: str
    rows: str


SIDES = {
    2: (
        Side("user", "p", "_UsersEmbedding", "users"),
        Side("item", "q", "_ItemsEmbedding", "items"),
    ),
    3: (
        Side("user", "p", "_PsEmbedding", "ps"),
        Side("item", "q", "_QsEmbedding", "qs"),
        Side("tag", "r", "_RsEmbedding", "rs"),
    ),
}


# Their fault: the product of three is a sum.
_SUMS = """op summed = add -> bounded_linear(1)
cell triple { node given = {sif_triples - rated(multiply) + summed}(p, q, r) }
"""


def batch_of(name: str, part: str, number: int = 0) -> Batch:
    """Return a batch of a file, of `train` or `valid`."""
    found, sides = tensors(name), SIDES[len(facts(name)["config"]["sizes"])]
    rows = found[f"in/{part}_rows"][number]
    inputs = {side.name: found[f"in/all_{side.rows}"][rows] for side in sides}
    return Batch(inputs, found["in/all_labels"][rows])


def loss_of(name: str, network: TorchNetwork, batch: Batch) -> Tensor:
    """Return the loss that the weights of a network without choices lower."""
    (output,) = network(batch.inputs)
    found = RatingPrediction().loss(BatchOutput((output,)), batch)
    penalty: Tensor = facts(name)["config"]["reg"] * embedding_norms(network, batch)
    return found + penalty


def projected(theirs: str, weight: Tensor) -> Tensor:
    """Return a parameter of theirs as the next pass will have it: they project before it."""
    return weight / weight.norm().clamp(min=1) if theirs.startswith("_FC") else weight


def operation(theirs: str, *, sums: bool) -> str:
    """Return our name of one of their operations."""
    if sums and theirs == "multiply_multiply":
        return "summed"
    first, *others = theirs.split("_")
    if first.isdecimal():
        inner, outer = (_WORDS[word] for word in others)
        return f"{_GROUPS[int(first)]}({inner}, {outer})"
    return f"rated({_WORDS[first]})"


@dataclass(frozen=True)
class Case:
    """A supernet and its file.

    Attributes:
        columns: Our column of every operation of theirs, in their order.
        weights: Parameters by their names.
    """

    name: str
    space: SearchSpace
    supernet: Supernet
    sides: Sequence[Side]
    columns: Sequence[int]
    weights: Mapping[str, nn.Parameter]

    @property
    def facts(self) -> Any:
        return facts(self.name)

    @property
    def tensors(self) -> Mapping[str, Tensor]:
        return tensors(self.name)

    @property
    def cell(self) -> str:
        return self.space.network.layout[0]

    def batch(self, part: str, number: int = 0) -> Batch:
        """Return a batch of `train` or `valid`."""
        return batch_of(self.name, part, number)

    def in_our_order(self, values: Tensor) -> Tensor:
        """Return what they have for every operation, in the order of our columns."""
        ours = torch.empty_like(values)
        ours[list(self.columns)] = values
        return ours

    def only(self, theirs: int) -> Mixing:
        """Return the mixing that runs one of their operations."""
        return Mixing(None, {self.cell: (self.columns[theirs],)})


def fresh(name: str, *, sums: bool = False) -> Case:
    """Return the supernet of a file in the file's state, its rows projected as before a pass.

    Where it `sums`, their fault is put in.
    """
    config = facts(name)["config"]
    sides = SIDES[len(config["sizes"])]
    cell = "interaction" if len(sides) == 2 else "triple"
    stems = ", ".join(f"{side.name}: embedding" for side in sides)
    text = (
        f"use papers.sif\n{_SUMS if sums else ''}"
        f"network {{ channels {config['embedding_dim']}; cells {cell}\n"
        f"stem {stems} }}\nevaluate {{ channels {config['embedding_dim']} }}\n"
        "data simulated_ratings\n"
    )
    example = {side.name: Token(size) for side, size in zip(sides, config["sizes"], strict=True)}
    space = lower(check(link(SourceFile("sif.nas", text)), TASK_SETTINGS), example, 1)
    assert isinstance(space, SearchSpace)
    graph = build_supernet_graph(space)
    supernet = Supernet(
        space,
        graph,
        torch.Generator(),
        Runtime(CPU, precision="float64"),
        loss_of=RatingPrediction().loss,
        norms=config["reg"],
    )
    (edge,) = space.cells[cell].choices
    ours = [found.text for found in edge.operations]
    columns = [ours.index(operation(theirs, sums=sums)) for theirs in facts(name)["operations"]]
    weights = _weights(supernet, sides, cell, [ours[column] for column in columns])
    assert set(weights) == set(facts(name)["param_names"])
    for theirs, weight in weights.items():
        weight.data.copy_(tensors(name)[f"w/{theirs}"].view(weight.shape))
    constrain(weights.values())
    return Case(name, space, supernet, sides, columns, weights)


def _weights(
    supernet: Supernet, sides: Sequence[Side], cell: str, operations: Sequence[str]
) -> dict[str, nn.Parameter]:
    graph, found = supernet.network.graph, dict[str, nn.Parameter]()
    for side in sides:
        table = supernet.network.get_parameter(f"stem/{side.name}/0_embedding/weight")
        found[f"{side.table}.weight"] = table
        for layer, theirs in (("1_conv", "0"), ("3_conv", "2")):
            for kind in ("weight", "bias"):
                weight = supernet.network.get_parameter(f"cell0/{side.value}/{layer}/{kind}")
                found[f"mlp_{side.value}.{theirs}.{kind}"] = weight
    paths = {scope.label: scope.path for scope in graph.scopes if scope.kind == "operation"}
    for number, name in enumerate(operations):
        (key,) = (
            key
            for key in graph.tensors
            if key.startswith(f"{paths[name]}/") and "bounded_linear" in key
        )
        found[f"_FC.{number}.weight"] = supernet.network.get_parameter(key)
    return found

"""The interactions that SIF's program compares with, as it has them, written in the language.

They are not those of the library, which follow the papers that proposed them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.constraints import constrain
from dslnas.backends.torch.network import TorchNetwork
from dslnas.engines.optimisers import WeightOptimiser, norm_of
from dslnas.graph.lower.network import build_derived_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.ops.primitive import Token
from dslnas.settings.values import Adagrad
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.lower import lower
from dslnas.tasks.catalogue import TASK_SETTINGS
from tests.reference.interactions import PAIRS, SIDES, TRIPLES, batch_of, loss_of
from tests.reference.load import EXACT, assert_close, assert_numbers, facts, tensors


@dataclass(frozen=True)
class Baseline:
    """A cell of the values that are read.

    Attributes:
        given: The rating, an expression of the language.
        names: Their names of the parameters behind the embeddings, in the order of ours.
    """

    given: str
    names: Sequence[str] = ("_FC.weight",)


HIDDEN = ("_FC.0.weight", "_FC.0.bias", "_FC.2.weight")
FACTORS_BESIDE = ("_W.weight", "_W.bias", "_FC.weight")
COLUMN, ROW = "reshape((C, 1))", "reshape((1, C))"


def convolution(size: int) -> str:
    """Return the convolution of user and item, as long as they are: entry i adds u_j * v_(i-j)."""

    def entry(value: str, index: int) -> str:
        return f"split({size}, {index})({value})"

    sums = [
        " + ".join(f"{entry('user', j)} * {entry('item', i - j)}" for j in range(i + 1))
        for i in range(size)
    ]
    return f"concat({', '.join(sums)})"


def of_pairs(size: int) -> Mapping[str, Baseline]:
    """Return theirs by name; `convncf` has two layers, as it needs for vectors of four."""
    outer = f"matmul({COLUMN}(user), {ROW}(item))"
    hidden = "(bounded_linear({}) -> position -> {})(concat(user, item))"
    picture = "conv(3, out = 1, stride = 2, bias = true)"
    return {
        "altgrad": Baseline("rating(user * item)"),
        "plus": Baseline("rating(user + item)"),
        "max": Baseline("rating(max(user, item))"),
        "min": Baseline("rating(min(user, item))"),
        "conv": Baseline(f"rating({convolution(size)})"),
        "outer": Baseline(f"rating({outer})"),
        "ncf": Baseline(
            "rating(tanh(user * item + (bounded_linear(C) -> position)(concat(user, item))))",
            FACTORS_BESIDE,
        ),
        "deepwide": Baseline(f"linear(1, bias = false)({hidden.format('C', 'relu')})", HIDDEN),
        "autoneural": Baseline(
            f"(rating -> position)({hidden.format('2 * C', 'sigmoid')})",
            (*HIDDEN, "_FC.2.bias"),
        ),
        "convncf": Baseline(
            f"(reshape((1, C, C)) -> {picture} -> relu -> {picture} -> flatten)({outer})",
            ("_Conv.0.weight", "_Conv.0.bias", "_Conv.2.weight", "_Conv.2.bias"),
        ),
    }


# Their fault: the core's second axis belongs to the third value, its last to the second.
CORE = f"matmul((flatten -> reshape((C * C, 1)))(matmul({COLUMN}(user), {ROW}(tag))), {ROW}(item))"
OF_TRIPLES = {
    "cp": Baseline("rating(user * item * tag)"),
    "tucker": Baseline(f"linear(1, bias = false)({CORE})", ("_W",)),
    "ncf": Baseline(
        "rating(relu(user * item * tag"
        " + (bounded_linear(C) -> position)(concat(user, item, tag))))",
        FACTORS_BESIDE,
    ),
    "deepwide": Baseline("rating(concat(user, item, tag))"),
    "autoneural": Baseline(
        "(bounded_linear(3 * C) -> position -> sigmoid -> rating -> position)"
        "(concat(user, item, tag))",
        (*HIDDEN, "_FC.2.bias"),
    ),
}


def fresh(file: str, name: str) -> tuple[TorchNetwork, dict[str, Tensor]]:
    """Return the network of a baseline in the file's state, and its weights by their names."""
    config = facts(file)["config"]
    sides, size = SIDES[len(config["sizes"])], config["embedding_dim"]
    wanted = (OF_TRIPLES if file == TRIPLES else of_pairs(size))[name]
    values = [side.name for side in sides]
    text = (
        "use std.ratings\n"
        f"cell theirs {{ inputs {', '.join(values)}\nlet given = {wanted.given}\noutput given }}\n"
        f"network {{ channels {size}; cells theirs\n"
        f"stem {', '.join(f'{value}: embedding' for value in values)} }}\n"
        f"evaluate {{ channels {size} }}\ndata simulated_ratings\n"
    )
    example = {v: Token(size) for v, size in zip(values, config["sizes"], strict=True)}
    architecture = lower(check(link(SourceFile("sif.nas", text)), TASK_SETTINGS), example, 1)
    assert isinstance(architecture, Architecture)
    network = TorchNetwork(build_derived_graph(architecture), torch.Generator()).double()
    embedded = {
        f"{side.table}.weight": network.get_parameter(f"stem/{side.name}/0_embedding/weight")
        for side in sides
    }
    layers = [w for key, w in network.named_parameters() if not key.startswith("stem/")]
    weights: dict[str, Tensor] = {**embedded, **dict(zip(wanted.names, layers, strict=True))}
    for theirs, weight in weights.items():
        key = f"w/{theirs}" if theirs in embedded else f"baseline/{name}/w/{theirs}"
        weight.data.copy_(tensors(file)[key].reshape(weight.shape))
    constrain(weights.values())
    return network, weights


def assert_valid(file: str, name: str, network: TorchNetwork, after: str = "") -> None:
    """Compare what it predicts on the first valid batch, and the loss there."""
    valid = batch_of(file, "valid")
    with torch.no_grad():
        predicted = network(valid.inputs)[0][:, 0]
        loss = float(loss_of(file, network, valid))
    assert_close(predicted, tensors(file)[f"baseline/{name}/pred_valid{after}"])
    assert_numbers({f"loss_valid{after}": loss}, facts(file)["baselines"][name])


@pytest.mark.parametrize(
    ("file", "name"),
    [(file, name) for file in (*PAIRS, TRIPLES) for name in facts(file)["baselines"]],
)
def test_a_baseline_predicts_and_takes_a_step_as_theirs(file: str, name: str) -> None:
    network, weights = fresh(file, name)
    assert_valid(file, name, network)
    told, hyper = facts(file)["baselines"][name], facts(file)["hyper"]
    settings = Adagrad(lr=hyper["lr"], clip=hyper["grad_clip"])
    optimiser = WeightOptimiser(list(network.parameters()), settings, 1)
    gradients = optimiser.gradients(loss_of(file, network, batch_of(file, "train")))
    assert norm_of(gradients) == pytest.approx(told["train_grad_norm_before_clip"], rel=EXACT)
    optimiser.step(gradients)
    assert_valid(file, name, network, "_after_1")
    norms = {theirs: float(weight.detach().norm()) for theirs, weight in weights.items()}
    assert norms == pytest.approx(told["param_l2_after_1"], rel=EXACT)

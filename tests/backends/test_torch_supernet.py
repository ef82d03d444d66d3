from __future__ import annotations

import re
from functools import partial

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.backends.reference_interpreter import random_weights
from tests.engines.small import (
    SPACES,
    as_weights,
    batch,
    padded_scores,
    some_choice,
    space,
    supernet_of,
)
from tests.examples import examples
from tests.spaces import space_of
from tests.strategies import SpaceText, spaces

EVERY_SPACE = pytest.mark.parametrize("name", sorted(SPACES))

# Operations that are the same in both phases: the library's pools have a batch norm while searching
# only, and a batch norm's scale and offset start as 1 and 0.
SAME_IN_BOTH_PHASES = """use std.cnn
op largest(k) = max_pool2d(k)
op average(k) = avg_pool2d(k)
ops both = none, skip_connect, largest(3), average(3), sep_conv(3), dil_conv(5), conv_1xk_kx1(3)
cell normal {
    inputs      2
    preprocess  preprocess
    nodes       3
    choose      both
    keep        KEEP
    output      OUTPUT
}
cell reduction like normal {
    stride  2
    widen   2
}
network { channels 4; repeat 1; cells normal * N, reduction, normal * N }
evaluate { channels 4; repeat 1 }
"""

Gradients = tuple[Tensor, tuple[Tensor, ...], tuple[Tensor, ...], dict[str, Tensor]]


def _gradients(supernet: Supernet, weights: dict[str, Tensor], mixing: Mixing) -> Gradients:
    """Return loss, gradients in alpha and in the weights, and the tensors after one run."""
    generator = supernet.network.run_state.generator
    assert generator is not None
    generator.manual_seed(5)
    before = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    images = torch.randn(
        (4, *supernet.network.graph.inputs[""].shape),
        generator=torch.Generator().manual_seed(1),
        dtype=torch.float64,
    )
    targets = (
        torch.arange(4) % supernet.network.graph.by_name[supernet.network.graph.output].shape[0]
    )
    loss = supernet.loss(Batch({"image": images}, targets), mixing)
    alphas, own = list(weights.values()), supernet.weights()
    found = torch.autograd.grad(loss, alphas, materialize_grads=True, retain_graph=True)
    on_weights = torch.autograd.grad(loss, own, materialize_grads=True)
    after = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    supernet.network.load_state_dict(before)
    return loss.detach(), found, on_weights, after


def _assert_observing_is_exact(searched: SearchSpace, seed: int) -> None:
    supernet, choice = supernet_of(searched, seed), some_choice(searched, seed)
    weights = as_weights(supernet, choice)
    everything = _gradients(supernet, weights, Mixing(weights))
    observed = _gradients(supernet, weights, Mixing(weights, choice, observe=True))
    same = partial(torch.testing.assert_close, rtol=1e-10, atol=1e-12)
    same(everything[0], observed[0])
    for a, b in zip(everything[1], observed[1], strict=True):
        same(a, b)
    for a, b in zip(everything[2], observed[2], strict=True):
        same(a, b)
    assert everything[3].keys() == observed[3].keys()
    for name, value in everything[3].items():
        same(value, observed[3][name])


@EVERY_SPACE
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.sample(6)
def test_observing_gives_the_gradients_of_running_everything(name: str, seed: int) -> None:
    _assert_observing_is_exact(space(SPACES[name]), seed)


@settings(max_examples=examples(12))
@given(made=spaces(), seed=st.integers(0, 1000))
def test_observing_is_exact_in_any_space(made: SpaceText, seed: int) -> None:
    searched = made.space()
    assume(searched.searched)
    _assert_observing_is_exact(searched, seed)


@pytest.mark.parametrize("seed", range(4))
def test_forms_that_share_statistics_move_them_in_the_same_order(seed: int) -> None:
    text = """use std.cnn
    cell normal {
        inputs      2
        preprocess  preprocess
        node n1 = {skip_connect, max_pool(3)}(in1) + sep_conv({3, 5})(in1)
        keep        all
    }
    network { channels 2; cells normal }
    evaluate { channels 2 }
    search darts { sharing slices }
    """
    _assert_observing_is_exact(space_of(text, (1, 4, 4), classes=2), seed)


def test_gradients_of_a_dropped_edge_are_seen() -> None:
    searched = space(SPACES["nasp"])
    supernet, choice = supernet_of(searched), some_choice(searched, 0)
    weights = as_weights(supernet, choice)
    _, (normal, _), _, _ = _gradients(supernet, weights, Mixing(weights, choice, observe=True))
    dropped = [row for row, column in enumerate(choice["normal"]) if column == -1]
    assert len(dropped) == 6  # of 2 + 3 + 4 edges one per node stays
    assert normal[dropped].any(1).all()


@pytest.mark.parametrize(
    ("keep", "output", "training"),
    [("2", "concat", False), ("1", "last", True), ("all", "mean", True)],
)
@pytest.mark.sample(1)
def test_supernet_with_one_choice_is_the_derived_network(
    keep: str, output: str, training: bool
) -> None:
    searched = space(SAME_IN_BOTH_PHASES.replace("KEEP", keep).replace("OUTPUT", output))
    for seed in range(3):
        supernet, choice = supernet_of(searched, seed), some_choice(searched, seed)
        trained = random_weights(supernet.network.graph, seed)
        supernet.network.load_arrays(trained)
        graph = build_derived_graph(derive(searched, padded_scores(searched, seed)))
        network = TorchNetwork(graph, torch.Generator()).double()
        own = network.arrays()
        new = set(own) - set(trained)
        assert all(re.search("/[0-9]+_batch_norm/(weight|bias)$", name) for name in new)
        network.load_arrays({**own, **{k: v for k, v in trained.items() if k in own}})
        examples = batch(seed)
        supernet.network.train(training)
        network.train(training)
        with torch.no_grad():
            expected = network(examples.inputs)[0]
            weights = as_weights(supernet, choice)
            for mixing in (
                Mixing(weights),
                Mixing(None, choice),
                Mixing(weights, choice),
                Mixing(weights, choice, observe=True),
            ):
                supernet.network.load_arrays(trained)
                found = supernet.logits(examples, mixing)
                torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_tables_and_what_exists_follow_the_space() -> None:
    supernet = supernet_of(space(SPACES["uneven"]))
    assert list(supernet.tables) == ["wide", "narrow"], "the fixed cell has no alpha"
    assert supernet.tables["wide"].rows == (4, 2, 3, 2), "nor has the fixed edge a row"
    assert supernet.exists("wide").tolist() == [
        [True, True, True, True],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, False, False],
    ]
    assert supernet.exists("narrow").all()


def test_edges_of_unequal_length_read_their_own_columns_only() -> None:
    searched = space(SPACES["uneven"])
    supernet = supernet_of(searched)
    supernet.network.eval()
    examples = batch(0)
    weights = {
        cell: torch.rand(shape).double() for cell, shape in supernet.network.graph.alphas.items()
    }
    strange = {
        cell: w.masked_fill(~supernet.exists(cell), torch.nan).requires_grad_()
        for cell, w in weights.items()
    }
    assert strange["wide"].isnan().sum() == 5
    loss = supernet.loss(examples, Mixing(strange))
    assert torch.equal(loss, supernet.loss(examples, Mixing(weights)))
    for cell, gradient in zip(
        strange, torch.autograd.grad(loss, list(strange.values())), strict=True
    ):
        assert gradient[supernet.exists(cell)].any()
        assert not gradient[~supernet.exists(cell)].any()


def test_loss_is_the_mean_cross_entropy_of_the_logits() -> None:
    supernet = supernet_of(space(SPACES["darts"]))
    supernet.network.eval()
    examples = batch(0)
    with torch.no_grad():
        logits = supernet.logits(examples, Mixing(None))
        loss = supernet.loss(examples, Mixing(None))
    assert logits.shape == (6, 3)
    log_p = logits - logits.exp().sum(1, keepdim=True).log()
    torch.testing.assert_close(loss, -log_p[torch.arange(6), examples.targets].mean())


def test_weights_are_all_of_the_network_and_alpha_is_not_among_them() -> None:
    searched = space(SPACES["darts"])
    supernet = supernet_of(searched)
    assert sum(w.numel() for w in supernet.weights()) == build_supernet_graph(searched).params()
    assert all(w.dtype == torch.float64 for w in supernet.weights())

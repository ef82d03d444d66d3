"""Recurrent supernets: loss, states, penalty, and running one choice only."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch import sequence as sequence_module
from dslnas.backends.torch.losses import run_batch, slowness_penalty
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import NOTHING, Batch
from tests.engines.small import RECURRENT, as_weights, segment, some_choice, space, supernet_of

SEARCHED = space(RECURRENT)


def made(*, training: bool = False) -> Supernet:
    supernet = supernet_of(SEARCHED)
    supernet.network.train(training)
    return supernet


def sequence(supernet: Supernet) -> SequenceNetwork:
    assert isinstance(supernet.network, SequenceNetwork)
    return supernet.network


def weights_of(supernet: Supernet) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return {
        cell: torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_()
        for cell, shape in supernet.network.graph.alphas.items()
    }


# ---- loss ---------------------------------------------------------------------------------------


def test_targets_that_are_nothing_do_not_count() -> None:
    supernet, batch = made(), segment(0)
    batch.targets = batch.targets.clone()
    batch.targets[3:, 1:] = NOTHING
    mixing = Mixing(weights_of(supernet))
    with torch.no_grad():
        loss, logits = supernet.loss(batch, mixing), supernet.logits(batch, mixing)
    assert logits.shape == (20, 3)
    counted = [
        -logits.log_softmax(1)[place, target]
        for place, target in enumerate(batch.targets.flatten().tolist())
        if target != NOTHING
    ]
    assert len(counted) == len(batch) == 14
    torch.testing.assert_close(loss, torch.stack(counted).mean())


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_the_head_may_run_on_some_steps_at_a_time(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    supernet, batch = made(), segment(0)
    batch.targets = batch.targets.clone()
    batch.targets[2:4, 1:] = NOTHING
    weights = weights_of(supernet)
    of = [*weights.values(), *supernet.weights()]
    found = []
    for piece in (sequence_module.PIECE, steps * 4 * 3 + 1):
        monkeypatch.setattr(sequence_module, "PIECE", piece)
        run = sequence(supernet).run(batch.inputs["token"], None, weights)
        loss = supernet.loss(batch, Mixing(weights))
        found.append([run.logits, loss, *torch.autograd.grad(loss, of, materialize_grads=True)])
        with torch.no_grad():
            assert len(sequence(supernet).run(batch.inputs["token"], None, weights).pieces) == 1
    assert [len(piece) // 4 for piece in run.pieces] == {1: [1] * 5, 2: [2, 2, 1], 4: [4, 1]}[steps]
    torch.testing.assert_close(*found, rtol=1e-12, atol=1e-12)
    sequence(supernet).plain = True
    assert len(sequence(supernet).run(batch.inputs["token"], None, weights).pieces) == 1


def test_logits_stand_in_the_order_of_the_targets() -> None:
    supernet, batch = made(), segment(0)
    mixing = Mixing(weights_of(supernet))
    with torch.no_grad():
        run = sequence(supernet).run(batch.inputs["token"], None, mixing.weights)
        logits = supernet.logits(batch, mixing).view(5, 4, 3)
    assert torch.equal(logits, run.logits)


def test_states_are_left_in_the_batch_without_gradients() -> None:
    supernet, batch = made(), segment(0)
    mixing = Mixing(weights_of(supernet))
    supernet.loss(batch, mixing)
    assert batch.end is not None
    assert not any(state.requires_grad for state in batch.end)
    with torch.no_grad():
        expected = sequence(supernet).run(batch.inputs["token"], None, mixing.weights).states
    assert all(torch.equal(a, b) for a, b in zip(batch.end, expected, strict=True))
    following = Batch(batch.inputs, batch.targets, batch.end, axis=1)
    assert not torch.equal(supernet.loss(following, mixing), supernet.loss(segment(0), mixing))


def test_slowness_by_hand() -> None:
    outputs = torch.tensor([[[1.0, 2.0]], [[4.0, 2.0]], [[4.0, 0.0]]])
    assert slowness_penalty(outputs).item() == (9 + 0 + 0 + 4) / 4
    assert slowness_penalty(outputs[:1]).item() == 0


def test_the_penalty_is_added_where_it_is_asked_for() -> None:
    supernet, batch = made(), segment(0)
    mixing = Mixing(weights_of(supernet))
    with torch.no_grad():
        bare, whole = (supernet.loss(batch, mixing, regularised=r) for r in (False, True))
        outputs = sequence(supernet).run(batch.inputs["token"], None, mixing.weights).outputs
        between = (outputs[1:] - outputs[:-1]) ** 2
        torch.testing.assert_close(whole, bare + supernet.slowness * between.mean())
        supernet.slowness = 0.0
        assert torch.equal(supernet.loss(batch, mixing, regularised=True), bare)


def test_a_plain_network_gives_logits_and_leaves_its_states() -> None:
    supernet, batch = made(), segment(0)
    found = run_batch(supernet.network, batch)
    assert found.auxiliary is None
    assert found.logits.shape == (20, 3)
    assert batch.end is not None
    assert not any(state.requires_grad for state in batch.end)


# ---- one choice ---------------------------------------------------------------------------------


def gradients(supernet: Supernet, weights: dict[str, Tensor], mixing: Mixing) -> list[Tensor]:
    """Return loss, states and all gradients of a segment, leaving statistics as they are."""
    before = {k: v.clone() for k, v in supernet.network.state_dict().items()}
    supernet.network.run_state.generator = torch.Generator().manual_seed(4)
    supernet.network.run_state.dropout = {"input": 0.3, "state": 0.2, "output": 0.2}
    batch = segment(1)
    loss = supernet.loss(batch, mixing, regularised=True)
    of = [*weights.values(), *supernet.weights()]
    found = torch.autograd.grad(loss, of, materialize_grads=True)
    supernet.network.load_state_dict(before)
    assert batch.end is not None
    return [loss.detach(), *batch.end, *found]


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_observing_gives_the_gradients_of_running_everything(
    seed: int, training: bool, plain: bool
) -> None:
    supernet = made(training=training)
    sequence(supernet).plain = plain
    choice = some_choice(SEARCHED, seed)
    weights = as_weights(supernet, choice)
    everything = gradients(supernet, weights, Mixing(weights))
    observed = gradients(supernet, weights, Mixing(weights, choice, observe=True))
    torch.testing.assert_close(observed, everything, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(3))
def test_running_the_choice_alone_gives_the_same_value_and_gradients_of_weights(seed: int) -> None:
    supernet, choice = made(), some_choice(SEARCHED, seed)
    weights = as_weights(supernet, choice)
    count = len(weights)
    everything = gradients(supernet, weights, Mixing(weights))
    alone = gradients(supernet, weights, Mixing(weights, choice))
    states = len(supernet.network.graph.states)
    values = slice(1 + states)
    torch.testing.assert_close(alone[values], everything[values], rtol=1e-9, atol=1e-11)
    behind = 1 + states + count
    torch.testing.assert_close(alone[behind:], everything[behind:], rtol=1e-9, atol=1e-11)


def test_without_weights_every_operation_counts_one() -> None:
    supernet, batch = made(), segment(0)
    ones = {c: torch.ones(s).double() for c, s in supernet.network.graph.alphas.items()}
    with torch.no_grad():
        found = supernet.logits(batch, Mixing(None))
        torch.testing.assert_close(found, supernet.logits(batch, Mixing(ones)))
        sequence(supernet).plain = True
        torch.testing.assert_close(found, supernet.logits(batch, Mixing(None)))

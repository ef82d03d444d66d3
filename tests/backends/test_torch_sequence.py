"""Recurrent networks against torch's own, and what is carried from run to run."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork, make_network
from dslnas.data.batches import States
from dslnas.graph.lower.network import build_derived_graph
from tests.backends.reference_graphs import Graph
from tests.spaces import architecture_of

WORDS, WIDTH = 11, 6
TOKENS = torch.randint(WORDS, (7, 3), generator=torch.Generator().manual_seed(4))


def network(cell: str, count: int = 1, network: str = "") -> SequenceNetwork:
    text = f"use rnn.{cell}\nnetwork {{ cells {cell} * {count}; {network} }}"
    architecture = architecture_of(f"{text}\nevaluate {{ channels {WIDTH} }}\n", (), classes=WORDS)
    made = make_network(
        build_derived_graph(architecture), torch.Generator().manual_seed(0)
    ).double()
    assert isinstance(made, SequenceNetwork)
    return made.eval()


def torchs(made: SequenceNetwork, kind: type[nn.LSTM | nn.GRU], layers: int) -> nn.LSTM | nn.GRU:
    """Return torch's layers with the weights of our network: first of x, then of h."""
    theirs = kind(WIDTH, WIDTH, layers).double()
    for layer in range(layers):
        names = [n for n, _ in made.named_parameters() if n.startswith(f"cell{layer}/")]
        assert len(names) == 4
        for name, of in zip(names, ("ih", "ih", "hh", "hh"), strict=True):
            ours, what = made.get_parameter(name), name.rpartition("/")[2]
            theirs.get_parameter(f"{what}_{of}_l{layer}").data.copy_(ours.data)
    return theirs


def random_states(made: SequenceNetwork, batch: int = 3) -> States:
    generator = torch.Generator().manual_seed(5)
    return tuple(
        torch.randn(zero.shape, generator=generator, dtype=torch.float64)
        for zero in made.zeros(batch)
    )


def theirs_of(
    kind: type[nn.LSTM | nn.GRU], layers: nn.LSTM | nn.GRU, x: Tensor, states: States
) -> tuple[Tensor, States]:
    """Return outputs and last states, the states of a layer side by side as ours are."""
    if kind is nn.GRU:
        outputs, last = layers(x, torch.stack(states))
        return outputs, tuple(last)
    outputs, (h, c) = layers(x, (torch.stack(states[::2]), torch.stack(states[1::2])))
    return outputs, tuple(s for pair in zip(h, c, strict=True) for s in pair)


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(("cell", "kind"), [("lstm", nn.LSTM), ("gru", nn.GRU)])
def test_cells_of_the_library_are_torchs(
    cell: str, kind: type[nn.LSTM | nn.GRU], count: int, plain: bool
) -> None:
    made = network(cell, count)
    made.plain = plain
    layers, states = torchs(made, kind, count), random_states(made)
    run = made.run(TOKENS, states)
    table = made.get_parameter("stem/0_embedding/weight")
    outputs, last = theirs_of(kind, layers, table[TOKENS], states)
    bias = next(p for n, p in made.named_parameters() if n.startswith("head/"))
    found = (run.outputs, *run.states, run.logits)
    expected = (outputs, *last, outputs @ table.t() + bias)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("cell", ["lstm", "gru", "darts_v2"])
def test_two_calls_with_the_states_carried_are_one_long_call(cell: str) -> None:
    made = network(cell) if cell != "darts_v2" else network_of_darts()
    whole = made.run(TOKENS)
    first = made.run(TOKENS[:3])
    second = made.run(TOKENS[3:], first.states)
    both = torch.cat([first.logits, second.logits])
    torch.testing.assert_close(both, whole.logits, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(second.states, whole.states, rtol=1e-12, atol=1e-12)


def network_of_darts() -> SequenceNetwork:
    architecture = architecture_of("use rnn.darts_v2\nevaluate { channels 6 }\n", (), classes=WORDS)
    made = make_network(
        build_derived_graph(architecture), torch.Generator().manual_seed(0)
    ).double()
    assert isinstance(made, SequenceNetwork)
    return made.eval()


def test_no_states_are_zeros_and_forward_is_run() -> None:
    made = network("lstm", 2)
    zeros = made.zeros(3)
    assert [tuple(z.shape) for z in zeros] == [(3, WIDTH)] * 4
    assert all(z.dtype == torch.float64 and not z.any() for z in zeros)
    run = made.run(TOKENS)
    logits, *states = made(TOKENS, *zeros)
    assert torch.equal(logits, run.logits)
    assert all(torch.equal(a, b) for a, b in zip(states, run.states, strict=True))
    assert logits.shape == (7, 3, WORDS)
    assert torch.equal(made(TOKENS)[0], logits)


def test_states_keep_their_gradients() -> None:
    made = network("gru")
    (state,) = random_states(made)
    state.requires_grad_()
    (gradient,) = torch.autograd.grad(made.run(TOKENS, (state,)).states[0].sum(), state)
    assert gradient.any()


def test_a_tied_table_has_one_gradient_of_both_its_uses() -> None:
    tied = network("gru")
    apart = network("gru", network="head linear(classes)")
    arrays = tied.arrays()
    table = arrays["stem/0_embedding/weight"]
    apart.load_arrays(
        {
            name: arrays.get(name, table if "weight" in name else arrays["head/1_tied_linear/bias"])
            for name in apart.arrays()
        }
    )
    (of_both,) = _gradients(tied, "stem/0_embedding/weight")
    parts = _gradients(apart, "stem/0_embedding/weight", "head/0_linear/weight")
    assert parts[0].any()
    torch.testing.assert_close(of_both, parts[0] + parts[1], rtol=1e-12, atol=1e-12)
    of_head = [name for name, _ in tied.named_parameters() if name.startswith("head/")]
    assert of_head == ["head/1_tied_linear/bias"]


def _gradients(made: SequenceNetwork, *names: str) -> tuple[Tensor, ...]:
    loss = made.run(TOKENS).logits.pow(2).sum()
    return torch.autograd.grad(loss, [made.get_parameter(name) for name in names])


def test_images_are_run_by_another_network() -> None:
    made = make_network(Graph((2, 3, 3)).add("f", "linear", out=2).done(), torch.Generator())
    assert type(made) is TorchNetwork

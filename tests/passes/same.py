"""Do two graphs compute the same? Everything that a step of a search could see is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from dslnas.backends.torch.losses import slowness_penalty
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.sequence import SequenceNetwork, make_network
from dslnas.graph.analysis.plan import Choice
from dslnas.graph.graph import Node, PrimitiveGraph
from tests.primitives import OF_PASSES

CLASSES = 5
"""Classes of images, or words of a vocabulary; users and items of ratings, too."""
DROPOUT = {"words": 0.2, "embedded": 0.3, "input": 0.4, "state": 0.3, "output": 0.2}


def network_of(graph: PrimitiveGraph, tensors: Mapping[str, Tensor] | None = None) -> TorchNetwork:
    """Return a network that runs a graph as it is, in float64, with given tensors.

    What passes have written runs without further passes, other graphs as plainly as can be.
    """
    network = make_network(graph, torch.Generator().manual_seed(3)).double()
    written = not OF_PASSES.isdisjoint(node.primitive for node in graph.nodes)
    network.plain, network.passes = not written, ()
    if tensors is not None:
        network.load_state_dict({name: tensors[name] for name in network.state_dict()})
    return network


def random_alphas(graph: PrimitiveGraph) -> dict[str, Tensor]:
    """Return weights that do not sum to 1, so that the sum of a row is not lost in between."""
    generator = torch.Generator().manual_seed(1)
    return {
        name: (torch.rand(shape, generator=generator, dtype=torch.float64) / shape[1])
        .add(0.01)
        .requires_grad_()
        for name, shape in graph.alphas.items()
    }


def what_it_gives(
    network: TorchNetwork,
    alphas: Mapping[str, Tensor],
    *,
    training: bool,
    chosen: Choice | None = None,
    observe: bool = False,
) -> dict[str, Tensor]:
    """Return values, gradients and running statistics of one run, by name.

    The network is as before afterwards.
    """
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    network.train(training).run_state.generator = torch.Generator().manual_seed(7)
    if isinstance(network, SequenceNetwork):
        values = _text(network, alphas, chosen, observe=observe)
    else:
        generator = torch.Generator().manual_seed(2)
        given = {n: _examples(at, generator) for n, at in network.graph.inputs.items()}
        values = {"logits": network(given, alphas, chosen, observe=observe)[0]}
    loss = sum(((i + 1) * value.pow(2)).mean() for i, value in enumerate(values.values()))
    assert isinstance(loss, Tensor)
    own = dict(network.named_parameters())
    of = [*alphas.values(), *own.values()]
    found = torch.autograd.grad(loss, of, allow_unused=True, materialize_grads=True)
    named = zip((*alphas, *own), found, strict=True)
    after = {f"after {name}": tensor.clone() for name, tensor in network.named_buffers()}
    network.load_state_dict(before)
    values = {name: value.detach() for name, value in values.items()}
    return values | {f"gradient of {name}": gradient for name, gradient in named} | after


def _examples(node: Node, generator: torch.Generator) -> Tensor:
    """Return three examples for an input, tokens where it reads those."""
    if node.shape:
        return torch.randn((3, *node.shape), generator=generator, dtype=torch.float64)
    return torch.randint(CLASSES, (3,), generator=generator)


def _text(
    network: SequenceNetwork, alphas: Mapping[str, Tensor], chosen: Choice | None, *, observe: bool
) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(2)
    tokens = torch.randint(CLASSES, (3, 4), generator=generator)
    states = tuple(
        torch.randn(zero.shape, generator=generator, dtype=torch.float64)
        for zero in network.zeros(4)
    )
    run = network.run(tokens, states, alphas, chosen, observe=observe)
    named = {f"state {number}": state for number, state in enumerate(run.states)}
    penalty = slowness_penalty(run.outputs)
    return {"logits": run.logits, "outputs": run.outputs, "slowness": penalty} | named


ROUNDING = 1e-10
"""Error, as a share of the largest value of the kind, that sums in another order may make."""
MOVED, RESPONSE = 1e-9, 1e-3
"""How far every weight is moved to see how ill-conditioned a value is, and the share of the answer
to it that may be rounding: as much as if weights were off by 1e-12, or some thousand roundings."""


@dataclass(frozen=True)
class Reference:
    """A network that runs as it should, and how it runs."""

    network: TorchNetwork
    alphas: Mapping[str, Tensor]
    training: bool
    chosen: Choice | None = None
    observe: bool = False

    def gives(self, *, training: bool | None = None) -> dict[str, Tensor]:
        """Return what one run gives."""
        return what_it_gives(
            self.network,
            self.alphas,
            training=self.training if training is None else training,
            chosen=self.chosen,
            observe=self.observe,
        )

    @cached_property
    def expected(self) -> dict[str, Tensor]:
        """The result of a run."""
        return self.gives()

    @cached_property
    def moved(self) -> dict[str, Tensor]:
        """The result of a run with all weights off by `MOVED`."""
        with moved_weights(self.network):
            return self.gives()

    def reads(self, statistic: str) -> bool:
        """Whether predictions depend on a running statistic."""
        before = self.gives(training=False)
        buffer = self.network.get_buffer(statistic)
        buffer.add_(1.0)
        changed = self.gives(training=False)
        buffer.sub_(1.0)
        names = (name for name in changed if not name.startswith("after"))
        return any(not torch.equal(changed[name], before[name]) for name in names)


def assert_same(
    ours: Mapping[str, Tensor], expected: Mapping[str, Tensor], reference: Reference | None = None
) -> None:
    """Compare two results; what one of them lacks must be a gradient or statistics of no use.

    Errors are measured against the largest value of the kind, as in front of a batch norm
    gradients cancel out. Where a norm follows a norm, the gradient in front of both is exactly 0
    and what is computed is the rounding of large numbers, made larger by the deviation of every
    norm: no share of a value tells that from a fault. So what is too far off is measured again by
    the condition: an error may be as large as the answer to weights that are off by about as much
    as arithmetic is. A fault is larger by many powers of ten, and does not grow with the condition.

    Statistics behind which all is multiplied by zero may stay as they were, as passes leave out
    what moves them: that no prediction depends on them is tried.

    Args:
        ours: Result to look at.
        expected: Result as it should be.
        reference: Network that gave it; without, there is no second look.
    """
    largest = {
        of: max(float(t.abs().max()) for n, t in expected.items() if n.startswith("gradient") is of)
        for of in {name.startswith("gradient") for name in expected}
    }
    for name, tensor in expected.items():
        if name in ours:
            allowed = ROUNDING * max(1.0, largest[name.startswith("gradient")])
            difference = float((ours[name] - tensor).abs().max())
            if difference > allowed and reference is not None:
                if name.startswith("after ") and not reference.reads(name.removeprefix("after ")):
                    continue
                allowed += RESPONSE * float((reference.moved[name] - tensor).abs().max())
            assert difference <= allowed, f"{name} is off by {difference}"
        elif name.startswith("after "):
            is_read = reference is not None and reference.reads(name.removeprefix("after "))
            assert not is_read, f"{name} is gone, and is read"
        else:
            assert name.startswith("gradient of"), name
            assert not tensor.any(), name
    assert set(ours) <= set(expected)


@contextmanager
def moved_weights(network: TorchNetwork) -> Iterator[None]:
    """Run the body with every weight off by a share of about `MOVED`."""
    generator = torch.Generator().manual_seed(11)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with torch.no_grad():
        for weight in network.parameters():
            noise = torch.randn(weight.shape, generator=generator, dtype=weight.dtype)
            weight.mul_(1 + MOVED * noise)
    try:
        yield
    finally:
        network.load_state_dict(before)

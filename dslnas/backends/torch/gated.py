"""Highway gates as one node of autograd: less is kept, and much less is written on the way.

The formula stands in `dslnas.passes.fuse_gates`. With g = sigmoid(c), m the weighed activations,
d = m - A * s and the gradient v of the sum, edge by edge:

    dc = v * d * g * (1 - g)        dh = v * g * sum over k of a_k * f_k'(h)
    ds = A * (v - v * g)            da_k = <v * g, f_k(h)> + <v - v * g, s>
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.gate import by_kind, compiled_gate, compiled_gradients, compiles
from dslnas.backends.torch.mixing import Weighing
from dslnas.backends.torch.randomness import RunState
from dslnas.graph.analysis.plan import Step
from dslnas.graph.graph import Node

aten = torch.ops.aten


class Activation(NamedTuple):
    """An activation of h in a gate, with its gradient by hand.

    Attributes:
        forward: Returns f(h) from h and sigmoid(h).
        backward: Returns gradient * f'(h), in the place of the gradient, from the gradient, h and
            sigmoid(h); where f(h) is kept, it stands in the place of h.
        is_kept: Whether f(h) is kept for it; else f(h) is as soon made again as it is read.
    """

    forward: Callable[[Tensor, Tensor], Tensor]
    backward: Callable[[Tensor, Tensor, Tensor], Tensor]
    is_kept: bool = False


def _tanh(h: Tensor, sigmoid_h: Tensor) -> Tensor:
    """Return tanh(h) by the double angle, on a CPU in a fourth of the time of `torch.tanh`.

    e = tanh(h / 2) = 2 sigmoid(h) - 1 and tanh(h) = 2 e / (1 + e^2).
    """
    one = h.new_ones(())
    half = torch.sub(sigmoid_h, one, alpha=0.5).mul(2)
    return half / torch.addcmul(one / 2, half, half, value=0.5)


ACTIVATIONS: Mapping[str, Activation] = {
    "tanh": Activation(
        _tanh,
        lambda v, tanh_h, sigmoid_h: aten.tanh_backward.grad_input(v, tanh_h, grad_input=v),
        is_kept=True,
    ),
    "relu": Activation(
        lambda h, sigmoid_h: torch.relu(h),
        lambda v, h, sigmoid_h: aten.threshold_backward.grad_input(v, h, 0, grad_input=v),
    ),
    "sigmoid": Activation(
        lambda h, sigmoid_h: sigmoid_h,
        lambda v, h, sigmoid_h: aten.sigmoid_backward.grad_input(v, sigmoid_h, grad_input=v),
    ),
    "identity": Activation(lambda h, sigmoid_h: h, lambda v, h, sigmoid_h: v),
}
"""Operations that a gate can weigh, by its argument of `highway_gate`."""


def highway_gate(step: Step, inputs: Sequence[Tensor], weigh: Weighing) -> Tensor:
    """Return the sum (batch, features) over all edges.

    Args:
        step: Tells rows and columns of alpha, and how many of these weigh each activation.
        inputs: y (edges * batch, 2 * features) and s (edges * batch, features).
        weigh: Knows alpha.
    """
    product, state = inputs
    activations = _activations(step.node)

    def make() -> list[Tensor]:
        weights = weigh.weights(step, state).to(state.dtype)
        return [weights, by_kind(weights, activations)]

    return _gate(product, state, activations, *weigh.kept(step, make))


def single_gate(
    node: Node, inputs: Sequence[Tensor], own: Sequence[Tensor], run: RunState
) -> Tensor:
    """Return the gate of one activation, (batch, features), from y and s as in `highway_gate`."""
    product, state = inputs
    activations = _activations(node)
    return _gate(product, state, activations, *_one(*activations, state.dtype, state.device))


def single_gate_formula(product: Tensor, state: Tensor, /, **counts: int) -> Tensor:
    """Return the same by differentiable operations."""
    activations = [name for name, count in counts.items() if count]
    return gated(product, state, state.new_ones((1, 1)), activations)


@lru_cache(64)
def _one(activation: str, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the weight of a single activation, also by kind."""
    with torch.inference_mode(mode=False):  # a measurement may be the first to ask for them
        weights = torch.ones((1, 1), dtype=dtype, device=device)
        return weights, by_kind(weights, [activation])


def _activations(node: Node) -> list[str]:
    return [name for name, count in node.attributes for _ in range(int(str(count)))]


def _gate(
    product: Tensor, state: Tensor, activations: list[str], weights: Tensor, kinds: Tensor
) -> Tensor:
    # in mixed precision products are of another type than states
    given = (product.to(state.dtype), state, weights)
    result: Tensor = _Gated.apply(*given, activations, kinds)  # type: ignore[no-untyped-call]
    return result


def gated(y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str]) -> Tensor:
    """Return the formula as it stands, by differentiable operations.

    Args:
        y: (edges * batch, 2 * features).
        s: (edges * batch, features).
        weights: (edges, activations).
        activations: Activations of h.
    """
    c, h, s = _by_edge(y, s, len(weights))
    total = weights.sum(1)[:, None, None] * s
    values = [ACTIVATIONS[name].forward(h, torch.sigmoid(h)) for name in activations]
    mixed = sum(a * f for a, f in zip(_columns(weights), values, strict=True))
    return (total + torch.sigmoid(c) * (mixed - total)).sum(0)


class _Gated(torch.autograd.Function):
    """`gated` with its gradients by hand."""

    @staticmethod
    def forward(
        ctx: Any, y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str], kinds: Tensor
    ) -> Tensor:
        ctx.activations, ctx.compiled = activations, compiles(y, s, kinds)
        if ctx.compiled:
            ctx.save_for_backward(y, s, weights, kinds)
            return compiled_gate(y, s, kinds)
        _, h, states = _by_edge(y, s, len(weights))
        gate, sigmoid_h = torch.sigmoid(y).view(*h.shape[:2], 2, h.shape[2]).unbind(2)
        values = [ACTIVATIONS[name].forward(h, sigmoid_h) for name in activations]
        total = weights.sum(1)[:, None, None]
        first, *rest = _columns(weights)
        change = values[0] * first
        for value, weight in zip(values[1:], rest, strict=True):
            change.addcmul_(value, weight)
        change.addcmul_(states, total, value=-1)
        kept = (v for v, name in zip(values, activations, strict=True) if ACTIVATIONS[name].is_kept)
        ctx.save_for_backward(y, s, weights, gate, sigmoid_h, change, *kept)
        return (gate * change).addcmul_(states, total).sum(0)

    @staticmethod
    def backward(ctx: Any, v: Tensor) -> tuple[Tensor | None, ...]:
        y, s, weights, *kept = ctx.saved_tensors
        weighing = ctx.needs_input_grad[2]
        if torch.is_grad_enabled():
            return *_to_go_on(ctx, y, s, weights, v), None, None
        if ctx.compiled:
            here = (v, y, s, *kept, ctx.activations)
            return *compiled_gradients(*here, weighing=weighing), None, None
        gate, sigmoid_h, change, *values = kept
        _, h, states = _by_edge(y, s, len(weights))
        dy = torch.empty_like(y)
        dc, dh = dy.view(*h.shape[:2], 2, h.shape[2]).unbind(2)
        aten.sigmoid_backward.grad_input(v * change, gate, grad_input=dc)
        inner = gate * v
        outer = torch.sub(v, inner)
        dots = []
        part, kept_values = torch.empty_like(inner), iter(values)
        dh.zero_()
        for name, weight in zip(ctx.activations, _columns(weights), strict=True):
            activation = ACTIVATIONS[name]
            read = next(kept_values) if activation.is_kept else h
            if weighing:
                value = read if activation.is_kept else activation.forward(h, sigmoid_h)
                dots.append(torch.mul(inner, value, out=part).sum((1, 2)))
            torch.mul(inner, weight, out=part)
            dh += activation.backward(part, read, sigmoid_h)
        dweights = torch.stack(dots, 1) + (outer * states).sum((1, 2))[:, None] if dots else None
        ds = outer.mul_(weights.sum(1)[:, None, None]).reshape(s.shape)
        return dy, ds, dweights, None, None


def _to_go_on(ctx: Any, y: Tensor, s: Tensor, weights: Tensor, v: Tensor) -> list[Tensor | None]:
    """Return the gradients so that they can be differentiated again."""
    # y comes from s: on views of their own, gradients end here and do not go on from y to s
    given = [x.view_as(x) for x in (y, s, weights)]
    needs = ctx.needs_input_grad[:3]
    of = [x for x, need in zip(given, needs, strict=True) if need]
    result = gated(given[0], given[1], given[2], ctx.activations)
    found = iter(torch.autograd.grad(result, of, v, create_graph=True))
    return [next(found) if need else None for need in needs]


def _by_edge(y: Tensor, s: Tensor, edges: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return c, h and s as (edges, batch, features)."""
    rows, features = s.shape  # both may be 0, so that -1 would say nothing
    states = s.view(edges, rows // edges, features)
    c, h = y.view(edges, rows // edges, 2, features).unbind(2)
    return c, h, states


def _columns(weights: Tensor) -> Sequence[Tensor]:
    """Return the weights of every activation, (edges, 1, 1)."""
    return weights[:, :, None, None].unbind(1)

"""Gates of recurrent cells and their gradients, compiled; `gated` has the formulas."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.availability import has_loops, plain_cpu
from dslnas.backends.torch.kernels.gate_args import KINDS, GateBackward, GateForward
from dslnas.backends.torch.kernels.kernel_call import KernelCall
from dslnas.ops.catalogue import PRIMITIVES

_KNOWN = tuple(argument.name for argument in PRIMITIVES["highway_gate"].arguments)
_MOST_PARTS = 8


def compiles(y: Tensor, s: Tensor, weights: Tensor) -> bool:
    """Say whether the compiled form can be used for these tensors: on a CPU, in float32."""
    return (
        s.dtype == torch.float32
        and has_loops("gate")
        and plain_cpu([y, s, weights])
        and y.is_contiguous()
        and s.is_contiguous()
    )


def compiled_gate(y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str]) -> Tensor:
    """Return the sum over all edges, (batch, features).

    Args:
        y: (edges * batch, 2 * features), as the others one for which `compiles` holds.
        s: (edges * batch, features).
        weights: (edges, activations).
        activations: Activations of h.
    """
    edges, batch = len(weights), len(s) // len(weights)
    out = s.new_empty((batch, s.shape[1]))
    args = GateForward(
        edges=edges,
        batch=batch,
        features=s.shape[1],
        parts=_parts(batch),
        product=y,
        state=s,
        weights=_by_kind(weights, activations),
        result=out,
    )
    KernelCall(args, s.dtype).run("forward", args.parts)
    return out


def compiled_gradients(
    v: Tensor, y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str], *, weighing: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the gradients in y, s and, if `weighing`, the weights, from that of the sum, v."""
    edges, batch = len(weights), len(s) // len(weights)
    dy, ds, parts = torch.empty_like(y), torch.empty_like(s), _parts(batch)
    sums = torch.empty((edges, parts, KINDS), dtype=torch.float64) if weighing else None
    args = GateBackward(
        edges=edges,
        batch=batch,
        features=s.shape[1],
        parts=parts,
        product=y,
        state=s,
        weights=_by_kind(weights, activations),
        gradient=v.contiguous(),
        to_product=dy,
        to_state=ds,
        sums=sums,
    )
    KernelCall(args, s.dtype).run("backward", edges * parts)
    if sums is None:
        return dy, ds, None
    dots = sums.sum(1)
    columns = [_KNOWN.index(name) for name in activations]
    return dy, ds, (dots[:, columns] + dots[:, KINDS - 1 :]).to(weights.dtype)


def _parts(batch: int) -> int:
    return max(1, min(batch, _MOST_PARTS))


def _by_kind(weights: Tensor, activations: Sequence[str]) -> Tensor:
    """Return the weights by kind of activation, and their sum, (edges, KINDS)."""
    by_kind = weights.new_zeros((len(weights), KINDS))
    for column, name in enumerate(activations):
        by_kind[:, _KNOWN.index(name)] += weights[:, column]
    by_kind[:, KINDS - 1] = weights.sum(1)
    return by_kind

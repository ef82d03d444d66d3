"""Gates of recurrent cells and their gradients, compiled; `gated` has the formulas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

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
        s.dtype in GateForward.dtypes
        and has_loops("gate")
        and plain_cpu([y, s, weights])
        and y.is_contiguous()
        and s.is_contiguous()
    )


def by_kind(weights: Tensor, activations: Sequence[str]) -> Tensor:
    """Return weights (edges, activations) as loops read them: by kind, with their sum."""
    kinds = _kinds(tuple(activations), weights.dtype, weights.device)
    return weights.detach() @ kinds.t()


def compiled_gate(y: Tensor, s: Tensor, kinds: Tensor) -> Tensor:
    """Return the sum over all edges, (batch, features).

    Args:
        y: (edges * batch, 2 * features), as the others one for which `compiles` holds.
        s: (edges * batch, features).
        kinds: Weights `by_kind`.
    """
    edges, batch, features = _sizes(s, kinds)
    out = s.new_empty((batch, features))
    args = GateForward(
        edges=edges,
        batch=batch,
        features=features,
        parts=_parts(batch),
        product=y,
        state=s,
        weights=kinds,
        result=out,
    )
    KernelCall(args, s.dtype).run("forward", args.parts)
    return out


def compiled_gradients(
    v: Tensor, y: Tensor, s: Tensor, kinds: Tensor, activations: Sequence[str], *, weighing: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the gradients in y, s and, if `weighing`, the weights of activations of h.

    v is the gradient of the sum.
    """
    edges, batch, features = _sizes(s, kinds)
    dy, ds, parts = torch.empty_like(y), torch.empty_like(s), _parts(batch)
    sums = torch.empty((edges, parts, KINDS), dtype=torch.float64) if weighing else None
    args = GateBackward(
        edges=edges,
        batch=batch,
        features=features,
        parts=parts,
        product=y,
        state=s,
        weights=kinds,
        gradient=v.resolve_neg().contiguous(),
        to_product=dy,
        to_state=ds,
        sums=sums,
    )
    KernelCall(args, s.dtype).run("backward", edges * parts)
    if sums is None:
        return dy, ds, None
    to_weights = sums.sum(1) @ _kinds(tuple(activations), sums.dtype, sums.device)
    return dy, ds, to_weights.to(s.dtype)


@lru_cache(64)
def _kinds(activations: tuple[str, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return which activations each kind of weight is the sum of, (KINDS, activations)."""
    known = torch.tensor([_KNOWN.index(name) for name in activations])
    kinds = torch.arange(KINDS)[:, None]
    return ((kinds == known) | (kinds == KINDS - 1)).to(device, dtype)


def _sizes(s: Tensor, kinds: Tensor) -> tuple[int, int, int]:
    """Return the numbers of edges, examples and features."""
    rows, features = s.shape
    edges = kinds.shape[0]
    return edges, rows // edges, features


def _parts(batch: int) -> int:
    return max(1, min(batch, _MOST_PARTS))

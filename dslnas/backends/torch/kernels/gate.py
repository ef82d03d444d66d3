"""Gates of recurrent cells and their gradients, compiled; `gated` has the formulas."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from dslnas.backends.torch.kernels.compiled import Told, has_loops, plain_cpu
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
        activations: Of h.
    """
    told, parts, _kept = _told(y, s, weights, activations)
    out = s.new_empty((len(s) // len(weights), s.shape[1]))
    told.values["result"] = out.data_ptr()
    told.run("forward", parts)
    return out


def compiled_gradients(
    v: Tensor, y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str], *, weighing: bool
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return the gradients in y, s and, if `weighing`, the weights, from that of the sum, v."""
    told, parts, _kept = _told(y, s, weights, activations)
    v, dy, ds = v.contiguous(), torch.empty_like(y), torch.empty_like(s)
    edges = len(weights)
    sums = torch.empty((edges, parts, 5), dtype=torch.float64) if weighing else None
    told.values |= {"gradient": v.data_ptr(), "to_product": dy.data_ptr()}
    told.values |= {"to_state": ds.data_ptr(), "sums": 0 if sums is None else sums.data_ptr()}
    told.run("backward", edges * parts)
    if sums is None:
        return dy, ds, None
    found = sums.sum(1)
    columns = [_KNOWN.index(name) for name in activations]
    return dy, ds, (found[:, columns] + found[:, 4:]).to(weights.dtype)


def _told(
    y: Tensor, s: Tensor, weights: Tensor, activations: Sequence[str]
) -> tuple[Told, int, Tensor]:
    """Return what loops are told, the number of parts, and weights, which must live as long."""
    edges, batch = len(weights), len(s) // len(weights)
    by_kind = weights.new_zeros((edges, 5))
    for column, name in enumerate(activations):
        by_kind[:, _KNOWN.index(name)] += weights[:, column]
    by_kind[:, 4] = weights.sum(1)
    parts = max(1, min(batch, _MOST_PARTS))
    values: dict[str, float] = {
        "edges": edges,
        "batch": batch,
        "features": s.shape[1],
        "parts": parts,
        "product": y.data_ptr(),
        "state": s.data_ptr(),
        "weights": by_kind.data_ptr(),
    }
    return Told("highway", s.dtype, values), parts, by_kind

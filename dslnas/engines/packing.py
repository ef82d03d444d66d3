"""Architectures as tensors, to be stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.graph.analysis.plan import Choice


def packed(choices: Sequence[Choice]) -> dict[str, Tensor]:
    """Return some architectures of a space by cell, (architectures, edges), int64."""
    return {cell: torch.tensor([choice[cell] for choice in choices]) for cell in choices[0]}


def unpacked(tensors: Mapping[str, Tensor]) -> list[Choice]:
    """Return the architectures that were packed."""
    columns = {cell: [tuple(row) for row in rows.tolist()] for cell, rows in tensors.items()}
    count = len(next(iter(columns.values())))
    return [{cell: rows[number] for cell, rows in columns.items()} for number in range(count)]

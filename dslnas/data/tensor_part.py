"""Examples that stand alone and are held in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from dslnas.data.rows import RowPart, Rows, joined_tensors


@dataclass(frozen=True)
class TensorPart(RowPart):
    """Examples that are held in memory, on one device.

    Attributes:
        inputs: By the name of an input of the network, (N, ...): images are (N, C, H, W),
            normalised; float32, or float64 where a run is so precise.
        known_by: Fingerprints of what the inputs were before they were normalised, int64 (N,); None
            where nobody took them.
    """

    inputs: Mapping[str, Tensor]
    known_by: Tensor | None = None

    def inputs_at(self, rows: Rows) -> Mapping[str, Tensor]:
        """Return the inputs of some rows."""
        return {name: tensor[rows] for name, tensor in self.inputs.items()}

    def tensors(self) -> Iterator[Tensor]:
        """Yield what the inputs are known by, or they themselves by name, and the targets."""
        if self.known_by is None:
            yield from (self.inputs[name] for name in sorted(self.inputs))
        else:
            yield self.known_by
        yield self.targets

    @property
    def nbytes(self) -> int:
        """Memory that inputs and targets take."""
        return sum(tensor.nbytes for tensor in (*self.inputs.values(), self.targets))

    def fingerprints(self) -> list[int]:
        """Return a number for every example, equal for those that read the same."""
        if self.known_by is not None:
            found: list[int] = self.known_by.tolist()
            return found
        arrays = [self.inputs[name].cpu().numpy() for name in sorted(self.inputs)]
        return [hash(b"".join(row.tobytes() for row in rows)) for rows in zip(*arrays, strict=True)]

    def to(self, device: torch.device | str) -> Self:
        """Return the part on a device."""
        inputs = {name: tensor.to(device) for name, tensor in self.inputs.items()}
        weights = None if self.weights is None else self.weights.to(device)
        return replace(self, inputs=inputs, targets=self.targets.to(device), weights=weights)

    def joined(self, other: Self) -> Self:
        """Return the examples of this part and then those of another as one; a copy."""
        inputs = {
            name: torch.cat([tensor, other.inputs[name]]) for name, tensor in self.inputs.items()
        }
        return replace(
            self,
            inputs=inputs,
            targets=torch.cat([self.targets, other.targets]),
            weights=joined_tensors(self.weights, other.weights),
            chances=joined_tensors(self.chances, other.chances),
            names=(*self.names, *other.names),
            known_by=joined_tensors(self.known_by, other.known_by),
        )

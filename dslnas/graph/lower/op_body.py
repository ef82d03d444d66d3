"""An operation as primitives, before it stands at a place in a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

from dslnas.ops.primitive import AttributeValue, Primitive, Shape, Weight

SOURCE = -1
"""Number of the value that a body reads; of several that of the first, -2 is the second."""


Written: TypeAlias = tuple[str, int, int, int]
"""Where a layer is written, a file and a span of it, and how often it stood there before."""


@dataclass(frozen=True)
class Layer:
    """One primitive of a body; `inputs` are places of earlier layers, or sources.

    `written` tells layers of two forms of an operation that are the same but for numbers.
    """

    primitive: Primitive
    inputs: tuple[int, ...]
    attributes: tuple[tuple[str, AttributeValue], ...]
    shape: Shape
    weights: tuple[Weight, ...]
    written: Written | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class OpBody:
    """An operation as primitives, for its input shapes. `output` is a layer's place or a source."""

    layers: tuple[Layer, ...]
    output: int
    shape: Shape

    @cached_property
    def by_written(self) -> Mapping[Written, int]:
        """Places of its layers by where they are written."""
        return {layer.written: n for n, layer in enumerate(self.layers) if layer.written}

    @cached_property
    def is_identity(self) -> bool:
        """Whether it changes nothing."""
        return all(layer.primitive.name == "identity" for layer in self.layers)

    @cached_property
    def params(self) -> int:
        """The number of its trained weights, those left out that it shares with another part."""
        return sum(
            w.size
            for layer in self.layers
            for w in layer.weights
            if w.trained and not (layer.primitive.tied_to and w.name == "weight")
        )

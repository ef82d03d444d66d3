"""An operation as primitives, before it stands at a place in a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dslnas.ops.primitive import AttributeValue, Primitive, Shape, Weight

SOURCE = -1
"""Number of the value that a body reads; of several that of the first, -2 is the second."""


@dataclass(frozen=True)
class Layer:
    """One primitive of a body; `inputs` are places of earlier layers, or sources."""

    primitive: Primitive
    inputs: tuple[int, ...]
    attributes: tuple[tuple[str, AttributeValue], ...]
    shape: Shape
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class OpBody:
    """An operation as primitives, for its input shapes. `output` is a layer's place or a source."""

    layers: tuple[Layer, ...]
    output: int
    shape: Shape

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

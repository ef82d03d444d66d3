"""What a walk through a network makes on its way: left open, so that walks can differ in it.

`dslnas.graph.lower.network` makes a graph, `dslnas.graph.analysis.shapes` only looks whether there
is one, `dslnas.graph.analysis.costs` adds up.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from dslnas.graph.graph import Mix
from dslnas.graph.lower.op_body import Fragment
from dslnas.ops.primitive import Shape

Value = TypeVar("Value")


class Maker(ABC, Generic[Value]):
    """Makes the values of a network, one after the other."""

    @abstractmethod
    def input(self, shape: Shape) -> Value:
        """Return what the network reads."""

    @abstractmethod
    def shape(self, value: Value) -> Shape:
        """Return the shape of a value, without the batch axis."""

    @abstractmethod
    def path(self, parent: str, name: str) -> str:
        """Return a free path below a parent; an empty parent is the network."""

    @abstractmethod
    def scope(self, parent: str, name: str, kind: str, label: str) -> str:
        """Open a group of layers, see `Scope`, and return its path."""

    @abstractmethod
    def layers(
        self,
        path: str,
        fragment: Fragment,
        source: Value,
        owner: str | None = None,
        *,
        shared: bool = False,
    ) -> Value:
        """Apply an operation to a value.

        Args:
            path: Where its layers stand.
            fragment: The operation.
            source: What it reads.
            owner: Path of equal layers whose weights these ones use; None for own weights.
            shared: Whether all that use these weights, their owner included, are equals.
        """

    @abstractmethod
    def state(self, path: str, shape: Shape) -> Value:
        """Return what a recurrent cell carries, before the step."""

    @abstractmethod
    def carry(self, state: Value, value: Value) -> None:
        """Say what a state is after the step."""

    @abstractmethod
    def drop_path(self, path: str, value: Value) -> Value:
        """Zero a value of some examples while training."""

    @abstractmethod
    def mix(self, path: str, mix: Mix, ends: list[Value]) -> Value:
        """Weigh the values of an edge's candidates, or of a node's edges, by a row of alpha.

        Args:
            path: Where it stands.
            mix: The row.
            ends: What is weighed.
        """

    @abstractmethod
    def join(self, path: str, primitive: str, ends: list[Value]) -> Value:
        """Join two or more values into one."""

"""Classes of a generated module, before numbers have become constructor parameters.

A network, a cell and an operation are described in the same way: attributes that call constructors,
and statements that call the attributes. No text is laid out here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

Number: TypeAlias = int | float | tuple[int, int]


@dataclass(frozen=True)
class Argument:
    """One number that a constructor takes. Its value may differ from instance to instance.

    Attributes:
        name: Keyword of the argument, and the name it would have as a parameter.
        counts_channels: Whether it grows with the channels of the network.
        is_positional: Whether it is written without its name.
        default: Number that the constructor takes where nothing is written.
        reads: Parameter that holds the channels of the constructed layer's input.
    """

    name: str
    counts_channels: bool = False
    is_positional: bool = False
    default: Number | None = None
    reads: str = ""


@dataclass(frozen=True)
class Piece:
    """A constructor call, such as `nn.Conv2d(...)`; `flags` are arguments that stay as they are."""

    callee: str
    arguments: tuple[Argument, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class WeightLocation:
    """Place of a graph node's tensors: in piece `piece` of a part, under `key`."""

    node: str
    piece: int
    key: str = ""


@dataclass(frozen=True)
class Part:
    """Content of one attribute: nothing, one piece, or several in an `nn.Sequential`.

    Attributes:
        pieces: The constructor calls in order.
        numbers: One for every argument of every piece.
        locations: Where the tensors of the nodes inside are.
    """

    pieces: tuple[Piece, ...] = ()
    numbers: tuple[Number, ...] = ()
    locations: tuple[WeightLocation, ...] = ()

    def __add__(self, after: Part) -> Part:
        """Return both as one chain."""
        shift = len(self.pieces)
        moved = tuple(WeightLocation(w.node, w.piece + shift, w.key) for w in after.locations)
        return Part(
            self.pieces + after.pieces, self.numbers + after.numbers, self.locations + moved
        )

    def keys(self, name: str) -> Iterable[tuple[str, str]]:
        """Yield every node with its key in the state of a module that calls the part `name`."""
        for location in self.locations:
            piece = str(location.piece) if len(self.pieces) > 1 else ""
            yield location.node, ".".join(filter(None, (name, piece, location.key)))


@dataclass(frozen=True)
class Statement:
    """An assignment in `forward`.

    Attributes:
        target: The variable.
        operands: Expressions: one, several that are joined, or the arguments of a call.
        join: Primitive that joins the operands.
        call: Attribute that is called with the operands.
        comment: Text behind it.
    """

    target: str
    operands: tuple[str, ...]
    join: str = ""
    call: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Body:
    """The structure of a class, without its numbers. Equal bodies can share a class.

    Attributes:
        inputs: Arguments of `forward`.
        children: Attributes with their pieces. A pure chain has a single one, without a name.
        statements: Lines of `forward`; none for a pure chain.
        result: Variable that `forward` returns; empty for a pure chain, and for a recurrent cell
            whose output nobody reads.
        states: Variables of a recurrent cell's states before the step.
        next_states: Variables of these states after the step.
    """

    inputs: tuple[str, ...]
    children: tuple[tuple[str, tuple[Piece, ...]], ...]
    statements: tuple[Statement, ...] = ()
    result: str = ""
    states: tuple[str, ...] = ()
    next_states: tuple[str, ...] = ()

    @property
    def is_chain(self) -> bool:
        """Whether its layers are applied one after the other."""
        return [name for name, _ in self.children] == [""]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """All constructor calls, in the order of the numbers."""
        return tuple(piece for _, pieces in self.children for piece in pieces)

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Every argument, in the order of the numbers."""
        return tuple(argument for piece in self.pieces for argument in piece.arguments)


def children_of(parts: Mapping[str, Part]) -> tuple[tuple[str, tuple[Piece, ...]], ...]:
    """Return attributes without their numbers."""
    return tuple((name, part.pieces) for name, part in parts.items())


@dataclass(frozen=True)
class Instance:
    """One use of a class.

    Attributes:
        label: How the language writes it: `normal`, `sep_conv(3)`.
        kind: Kind of its scope.
        variant: Word that tells it from others of the same label, for the name of its class.
        body: Its structure.
        parts: Content of its attributes, by name; that of a pure chain has none.
        sizes: Numbers of channels that make natural parameters, by name.
    """

    label: str
    kind: str
    variant: str
    body: Body
    parts: Mapping[str, Part]
    sizes: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """One for every argument of the body."""
        return tuple(number for part in self.parts.values() for number in part.numbers)

    @property
    def keys(self) -> Iterable[tuple[str, str]]:
        """Graph nodes, and where their tensors are in its state."""
        return (key for name, part in self.parts.items() for key in part.keys(name))

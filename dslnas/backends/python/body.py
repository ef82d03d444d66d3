"""What a generated class is, before numbers have become constructor parameters.

A network, a cell and an operation are all described in the same way: attributes that call
constructors, and statements that call the attributes. No text is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.graph.graph import Scope

Number: TypeAlias = int | float | tuple[int, int]


@dataclass(frozen=True)
class Argument:
    """One number that a constructor takes. Its value may differ from instance to instance.

    Attributes:
        name: Keyword of the argument, and the name it would have as a parameter.
        counts_channels: Whether it grows with the channels of the network.
        is_positional: Whether it is written without its name.
        default: What the constructor takes where nothing is written.
        reads: Parameter that holds the channels of what the constructed layer reads.
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
class Place:
    """Where the tensors of a graph node lie: in piece `piece` of a part, under `key`."""

    node: str
    piece: int
    key: str = ""


@dataclass(frozen=True)
class Part:
    """What one attribute holds: nothing, one piece, or several in an `nn.Sequential`.

    Attributes:
        pieces: The constructor calls in order.
        numbers: One for every argument of every piece.
        places: Of all nodes inside.
    """

    pieces: tuple[Piece, ...] = ()
    numbers: tuple[Number, ...] = ()
    places: tuple[Place, ...] = ()

    def __add__(self, after: Part) -> Part:
        """Return both as one chain."""
        shift = len(self.pieces)
        moved = tuple(Place(p.node, p.piece + shift, p.key) for p in after.places)
        return Part(self.pieces + after.pieces, self.numbers + after.numbers, self.places + moved)

    def keys(self, name: str) -> Iterable[tuple[str, str]]:
        """Yield every node with its key in the state of a module that calls the part `name`."""
        for place in self.places:
            piece = str(place.piece) if len(self.pieces) > 1 else ""
            yield place.node, ".".join(filter(None, (name, piece, place.key)))


@dataclass(frozen=True)
class Term:
    """A call of an attribute, or a variable or another expression where `child` is None."""

    child: str | None
    reads: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """An assignment in `forward`: one term, or several that a primitive joins."""

    target: str
    terms: tuple[Term, ...]
    join: str = ""
    comment: str = ""


@dataclass(frozen=True)
class Body:
    """The structure of a class, without its numbers. Equal bodies can share a class.

    Attributes:
        inputs: Arguments of `forward`.
        children: Attributes with their pieces. A pure chain has a single one, without a name.
        statements: What `forward` does, the last of which it returns; none for a pure chain.
        states: Variables of what a recurrent cell carries, before the step.
        results: Variables that a recurrent cell returns: its output, then its next states.
    """

    inputs: tuple[str, ...]
    children: tuple[tuple[str, tuple[Piece, ...]], ...]
    statements: tuple[Statement, ...] = ()
    states: tuple[str, ...] = ()
    results: tuple[str, ...] = ()

    def arguments(self) -> Iterable[Argument]:
        """Yield every argument in the order of the numbers."""
        return (
            argument
            for _, pieces in self.children
            for piece in pieces
            for argument in piece.arguments
        )


@dataclass(frozen=True)
class Instance:
    """One use of a class.

    Attributes:
        label: How the language writes it: `normal`, `sep_conv(3)`.
        kind: Of its scope.
        variant: What tells it from others of the same label, for the name of its class.
        body: Its structure.
        numbers: One for every argument of the body.
        sizes: Numbers of channels that make natural parameters, by name.
        keys: Graph nodes, and where their tensors lie in its state.
        chain: Its layers if it is a pure chain, to stand in another class as they are.
    """

    label: str
    kind: str
    variant: str
    body: Body
    numbers: tuple[Number, ...]
    sizes: tuple[tuple[str, int], ...]
    keys: tuple[tuple[str, str], ...]
    chain: Part | None = None


def instance(
    scope: Scope,
    variant: str,
    inputs: Iterable[str],
    children: Mapping[str, Part],
    statements: Sequence[Statement],
    sizes: Mapping[str, int],
    *,
    states: Iterable[str] = (),
    results: Iterable[str] = (),
) -> Instance:
    """Return an instance with the numbers and keys of its children."""
    return Instance(
        scope.label,
        scope.kind,
        variant,
        Body(
            tuple(inputs),
            tuple((name, part.pieces) for name, part in children.items()),
            tuple(statements),
            tuple(states),
            tuple(results),
        ),
        tuple(number for part in children.values() for number in part.numbers),
        tuple(sizes.items()),
        tuple(key for name, part in children.items() for key in part.keys(name)),
        None if statements else children.get(""),
    )

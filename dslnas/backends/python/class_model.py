"""Classes of a generated module, before numbers have become constructor parameters.

A network, a cell and an operation are described in the same way: attributes that call constructors,
and statements that call the attributes. Numbers and tensors do not count when two are compared, so
that equal ones can share a class.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from dslnas.backends.python.text import Form

Number: TypeAlias = int | float | tuple[int, ...]


@dataclass(frozen=True)
class Argument:
    """One number that a constructor takes.

    Attributes:
        name: Keyword of the argument, and the name it would have as a parameter.
        counts_channels: Whether it grows with the channels of the network.
        is_positional: Whether it is written without its name.
        default: Number that the constructor takes where nothing is written.
        reads: Parameter that holds the channels of the constructed layer's input.
        value: The number, which may be another one in every instance.
    """

    name: str
    counts_channels: bool = False
    is_positional: bool = False
    default: Number | None = None
    reads: str = ""
    value: Number = field(default=0, compare=False)


@dataclass(frozen=True)
class Layer:
    """A constructor call, such as `nn.Conv2d(...)`.

    Attributes:
        callee: Class that is called with the arguments.
        flags: Arguments behind them that are the same in every instance.
        keys: Graph nodes, each with the key of its tensors in the state of the layer.
    """

    callee: str
    arguments: tuple[Argument, ...] = ()
    flags: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = field(default=(), compare=False)


Layers: TypeAlias = tuple[Layer, ...]
"""Content of one attribute: one layer, or several in an `nn.Sequential`."""


def keys_of(name: str, layers: Layers) -> Iterator[tuple[str, str]]:
    """Yield graph nodes with the keys of their tensors in a module that calls the layers `name`."""
    for place, layer in enumerate(layers):
        number = str(place) if len(layers) > 1 else ""
        for node, key in layer.keys:
            yield node, ".".join(filter(None, (name, number, key)))


@dataclass(frozen=True)
class Statement:
    """An assignment in `forward`, with a comment behind it."""

    target: str
    value: Form
    comment: str = ""


@dataclass(frozen=True)
class Body:
    """The structure of a class.

    Attributes:
        inputs: Arguments of `forward`.
        attributes: Layers by name. A pure chain has a single attribute, without a name.
        statements: Lines of `forward`; none for a pure chain.
        result: Expression that `forward` returns; empty for a chain, or if nobody reads it.
        states: Variables of a recurrent cell's states before the step.
        next_states: Expressions of these states after the step.
    """

    inputs: tuple[str, ...]
    attributes: tuple[tuple[str, Layers], ...]
    statements: tuple[Statement, ...] = ()
    result: str = ""
    states: tuple[str, ...] = ()
    next_states: tuple[str, ...] = ()

    @property
    def is_chain(self) -> bool:
        """Whether its layers are applied one after the other."""
        return [name for name, _ in self.attributes] == [""]

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """Arguments of all its layers, in order."""
        return tuple(
            a for _, layers in self.attributes for layer in layers for a in layer.arguments
        )

    @property
    def keys(self) -> Iterator[tuple[str, str]]:
        """Graph nodes, and where their tensors are in its state."""
        return (key for name, layers in self.attributes for key in keys_of(name, layers))


@dataclass(frozen=True)
class Instance:
    """One use of a class.

    Attributes:
        label: How the language writes it: `normal`, `sep_conv(3)`.
        kind: Kind of its scope.
        variant: Word that tells it from others of the same label, for the name of its class.
        body: Its structure and numbers.
        sizes: Numbers of channels that make natural parameters, by name.
    """

    label: str
    kind: str
    variant: str
    body: Body
    sizes: Mapping[str, int] = field(default_factory=dict)

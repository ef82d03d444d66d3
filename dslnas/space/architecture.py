"""An architecture: a network in which nothing is left to choose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from dslnas.language.check.cell import Cell
from dslnas.language.check.constants import Scope
from dslnas.language.check.value import (
    Activated,
    Applied,
    Joined,
    Together,
    ValueExpression,
)
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.used_names import mentioned, used_names
from dslnas.language.print.format import format_expression, format_item
from dslnas.space.canonical import cell_hash
from dslnas.space.network import Network
from dslnas.space.search_space import BuildingBlocks, SearchSpace


@dataclass(frozen=True)
class Architecture(BuildingBlocks):
    """A network whose cells have one operation on every edge; it holds what it uses, only.

    `architecture_of` makes one.

    Attributes:
        network: Stem, cells and head.
    """

    network: Network

    @cached_property
    def hash(self) -> str:
        """Canonical hash, 32 hex digits: the same for architectures that are the same network.

        Others nearly always have another one: `dslnas.space.canonical.are_same` tells for sure.
        Cells count in their canonical form, whatever their names; everything else by its text.
        """
        network = self.network
        hashes = {name: cell_hash(cell) for name, cell in self.cells.items()}
        stems = (given.stem for given in network.inputs)
        around = (*stems, network.head, network.auxiliary)
        parts = (
            [(given.name, given.shape) for given in network.inputs],
            network.classes,
            network.channels,
            [hashes[name] for name in network.layout],
            [None if part is None else format_expression(part) for part in around],
            sorted(format_item(definition) for definition in self.definitions.values()),
            sorted(self.constants.items()),
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()

    def __repr__(self) -> str:
        """Return its cells and its width."""
        network, names = self.network, ", ".join(self.cells)
        return f"<Architecture of {names}: {len(network.layout)} in all, C = {network.channels}>"

    def __hash__(self) -> int:
        return hash((self.network.layout, *self.cells.values()))


def trained_network(space: SearchSpace | Architecture) -> Network:
    """Return the network that is trained at the end."""
    return space.network if isinstance(space, Architecture) else space.final


def architecture_of(
    network: Network,
    cells: Mapping[str, Cell],
    definitions: Definitions,
    constants: Scope,
) -> Architecture:
    """Return a network as an architecture, without cells and definitions it does not use."""
    used = {name: cells[name] for name in dict.fromkeys(network.layout)}
    assert not any(cell.is_searched for cell in used.values()), "every choice is made"
    around = filter(
        None, (*(given.stem for given in network.inputs), network.head, network.auxiliary)
    )
    names = {name for expression in around for name in mentioned(expression)}
    names.update(name for cell in used.values() for name in _names_of(cell))
    names = used_names(names, definitions.values())
    return Architecture(
        used,
        Definitions({name: known for name, known in definitions.items() if name in names}),
        {name: value for name, value in constants.items() if name in names},
        network,
    )


def _names_of(cell: Cell) -> Iterator[str]:
    operations = [operation for edge in cell.edges for operation in edge.operations]
    operations += filter(None, (cell.preprocess, cell.normalise))
    yield from (operation.name for operation in operations)
    expressions = [value.expression for value in cell.values]
    if cell.gate is not None:
        expressions += [*(value.expression for value in cell.gate.values), cell.gate.output]
    for expression in expressions:
        yield from _names_in_value(expression)


def _names_in_value(expression: ValueExpression) -> Iterator[str]:
    match expression:
        case Applied(operation=operation, source=source):
            yield from mentioned(operation)
            yield from _names_in_value(source)
        case Activated(source=source):
            yield from _names_in_value(source)
        case Joined(operands=operands) | Together(operands=operands):
            for operand in operands:
                yield from _names_in_value(operand)

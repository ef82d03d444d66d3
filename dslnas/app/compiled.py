"""Specs before a tensor is made, by how far they go: an architecture, a space, a search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from dslnas.diagnostics import Note
from dslnas.language.link.link import LinkedProgram

if TYPE_CHECKING:
    from dslnas.graph.graph import PrimitiveGraph
    from dslnas.language.check.checked import CheckedProgram
    from dslnas.settings.search_base import SearchSettings
    from dslnas.space.architecture import Architecture
    from dslnas.space.network import Network
    from dslnas.space.search_space import SearchSpace


@dataclass(frozen=True, repr=False)
class Compiled(ABC):
    """A spec before a tensor is made: a `CompiledSpace` or a `CompiledArchitecture`.

    Attributes:
        name: Name of the file, without its ending.
        linked: The program with the files it uses.
        program: The same, checked.
        network: The supernet, or the network that is trained where nothing is left to choose.
        remarks: Notes on the data.
    """

    name: str
    linked: LinkedProgram
    program: CheckedProgram
    network: Network
    remarks: tuple[Note, ...] = field(default=(), kw_only=True)

    def __repr__(self) -> str:
        """Return its name, its method and its data."""
        method = "" if self.method is None else f"{self.method} on "
        return f"<{type(self).__name__} {self.name!r}: {method}{self.program.data.source}>"

    @property
    def method(self) -> str | None:
        """Name of the search method, if the spec names one."""
        return None if self.program.search is None else self.program.search.method

    @property
    @abstractmethod
    def graph(self) -> PrimitiveGraph:
        """Graph of that network."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Remarks on what is no mistake, but may not be meant."""
        return (*self.remarks, *self.own_notes)

    @property
    def own_notes(self) -> tuple[Note, ...]:
        """Those on the program itself; a run has those on the data when it reads them."""
        return ()

    @cached_property
    def text(self) -> str:
        """The effective program."""
        return self._text(of_machine=True)

    @cached_property
    def hash(self) -> str:
        """The name of the effective program."""
        from dslnas.language.print.expanded_spec import spec_hash

        data = self.program.data
        is_same = not data.path and not data.of_machine()
        return spec_hash(self.text if is_same else self._text(of_machine=False))

    def _text(self, *, of_machine: bool) -> str:
        from dslnas.language.print.expanded_spec import effective_text

        network = self.network
        return effective_text(
            self.linked, self.program, network.example, network.classes, of_machine=of_machine
        )


@dataclass(frozen=True, repr=False)
class CompiledArchitecture(Compiled):
    """A spec in which nothing is left to choose: its architecture is trained."""

    architecture: Architecture

    @property
    def graph(self) -> PrimitiveGraph:
        """Graph of the network that is trained and exported."""
        from dslnas.graph.lower.network import build_derived_graph

        return build_derived_graph(self.architecture)


@dataclass(frozen=True, repr=False)
class CompiledSpace(Compiled):
    """A spec with choices: a space of cells and networks."""

    space: SearchSpace

    @property
    def own_notes(self) -> tuple[Note, ...]:
        """Those on choices that only one operation can come out of."""
        from dslnas.space.settled import settled_choices

        return settled_choices(self.space)

    @cached_property
    def graph(self) -> PrimitiveGraph:
        """Graph of the supernet."""
        from dslnas.graph.lower.network import build_supernet_graph

        return build_supernet_graph(self.space)


@dataclass(frozen=True, repr=False)
class CompiledSearch(CompiledSpace):
    """A spec with choices, and settings of a method that makes them."""

    search: SearchSettings

"""A checked program: names resolved, numbers in range, every setting filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dslnas.language.check.cell import Cell
from dslnas.language.check.constants import Scope
from dslnas.language.link.definitions import Definitions
from dslnas.language.syntax import ast
from dslnas.ops.primitive import InputShape
from dslnas.settings.data_base import DataSettings
from dslnas.settings.rule import Derivation
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import EvaluateSettings, ExportSettings
from dslnas.settings.spec import SpecSettings
from dslnas.source import Span


@dataclass(frozen=True)
class CheckedInput:
    """One of the values that the network reads.

    Attributes:
        name: Empty where it is the only one and has no name.
        shape: Shape of an example if the spec gives it.
    """

    name: str
    shape: InputShape | None
    stem: ast.Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class CheckedPlace:
    """Cells that stand at a place of the network, one behind the other.

    Attributes:
        names: Cells to choose from for each of them; one where nothing is chosen.
        counts: Expressions for how many there are: none for one cell, several to choose from.
    """

    names: tuple[ast.Name, ...]
    counts: tuple[ast.Expression, ...]
    span: Span = field(compare=False, repr=False)

    @property
    def is_chosen(self) -> bool:
        """Whether there is something to choose."""
        return len(self.names) > 1 or len(self.counts) > 1


@dataclass(frozen=True)
class CheckedNetwork:
    """The network around the cells.

    Attributes:
        inputs: The first cells read what their stems give, in order.
        classes: Number of classes if the spec gives it.
        channels: C while searching; the most where it is chosen.
        widths: Numbers that C is chosen from; none where it is given.
        repeat: N while searching.
        auxiliary: Second head, after the last cell that reduces.
        places: Where cells stand, in order.
    """

    inputs: tuple[CheckedInput, ...]
    classes: int | None
    channels: int
    widths: tuple[int, ...]
    repeat: int
    head: ast.Expression
    auxiliary: ast.Expression | None
    places: tuple[CheckedPlace, ...]
    span: Span = field(compare=False, repr=False)

    @property
    def input(self) -> InputShape | None:
        """Shape of an example, if the network reads one value without a name and the spec says."""
        return None if self.inputs[0].name else self.inputs[0].shape


@dataclass(frozen=True)
class CheckedProgram:
    """A program without mistakes of name or value. Shapes are the lowering's to check.

    Attributes:
        constants: Values of all `let`.
        cells: As they are written, by name, in order of definition.
        search: None where no method is named.
        spans: Where a setting was written, by path, as in `Context`.
    """

    constants: Scope
    operations: Definitions
    cells: Mapping[str, Cell]
    network: CheckedNetwork
    data: DataSettings
    search: SearchSettings | None
    evaluate: EvaluateSettings
    export: ExportSettings
    derivation: Derivation
    spans: Mapping[str, Span]

    @property
    def settings(self) -> SpecSettings:
        """The settings of all sections, as a run's manifest has them."""
        return SpecSettings.model_validate(
            {
                "data": self.data,
                "search": self.search,
                "derive": self.derivation,
                "evaluate": self.evaluate,
                "export": self.export,
            }
        )

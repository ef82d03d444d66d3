"""What a checked program is: names resolved, numbers in range, every setting filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dslnas.language.check.constants import Scope, Value
from dslnas.language.check.value import Gate
from dslnas.language.check.value import Value as CellValue
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.settings.data import DataSettings
from dslnas.settings.rule import Derivation
from dslnas.settings.search import SearchSettings
from dslnas.settings.sections import EvaluateSettings, ExportSettings
from dslnas.settings.spec import SpecSettings
from dslnas.source import Span


@dataclass(frozen=True)
class Operation:
    """An operation with its arguments, such as `sep_conv(3)`: what an edge can choose.

    Attributes:
        name: Of its definition, or of a primitive.
        arguments: Names and values that are given; defaults are not filled in.
        text: How the language writes it.
    """

    name: str
    arguments: tuple[tuple[str, Value], ...]
    text: str
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class CheckedEdge:
    """One term of a node: a choice of operations on a source."""

    source: str
    operations: tuple[Operation, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class CheckedNode:
    """A node: the sum of its edges."""

    name: str
    edges: tuple[CheckedEdge, ...]
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class CheckedCell:
    """A cell as written.

    Attributes:
        name: Its name.
        inputs: Names of its inputs, the output of the cell just before last.
        preprocess: Operation that fits each input to the cell; None leaves inputs as they are.
        nodes: Its nodes as written; not necessarily in order.
        keep: Incoming edges per node of the derived cell; None keeps all.
        none_allowed: Whether a derived edge may be a zero.
        output: `concat`, `sum`, `mean` or `last`.
        output_of: The nodes that the output joins.
        stride: Of the edges from the inputs.
        widen: Factor by which the cell multiplies C, for itself and the cells after it.
        span: Of its name.
        keep_span: Of the value of `keep`, if it is given.
        states: Names of what it carries from step to step; a recurrent cell has some.
        next_states: Of what each of them is after the step; none where the output is.
        values: What it computes as it is written, those of the gates it applies included.
        first: Name of the value that the nodes read instead of the inputs; None without.
        gate: What stands around the operation of every edge.
        normalise: Operation after `first` and after every node, one layer for all of them.
        written: What a derived cell keeps of the text, by line, each with the name of its value.
        spans: By key where a setting is written.
    """

    name: str
    inputs: tuple[str, ...]
    preprocess: Operation | None
    nodes: tuple[CheckedNode, ...]
    keep: int | None
    none_allowed: bool
    output: str
    output_of: tuple[str, ...]
    stride: int
    widen: int
    span: Span = field(compare=False, repr=False)
    keep_span: Span | None = field(default=None, compare=False, repr=False)
    states: tuple[str, ...] = ()
    next_states: tuple[str, ...] = ()
    values: tuple[CellValue, ...] = ()
    first: str | None = None
    gate: Gate | None = None
    normalise: Operation | None = None
    written: tuple[tuple[str, str], ...] = ()
    spans: Mapping[str, Span] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_recurrent(self) -> bool:
        """Whether it carries something from step to step."""
        return bool(self.states)


@dataclass(frozen=True)
class CheckedInput:
    """One of the values that the network reads.

    Attributes:
        name: Empty where it is the only one and has no name.
        shape: Of an example if the spec gives it.
        stem: Expression for what comes between it and the first cells.
    """

    name: str
    shape: Shape | None
    stem: ast.Expression
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class CheckedNetwork:
    """The network around the cells.

    Attributes:
        inputs: What it reads; the first cells read what their stems give, in order.
        classes: Number of classes if the spec gives it.
        channels: C while searching.
        repeat: N while searching.
        head: Expression for what comes after the last.
        auxiliary: Expression for the second head, after the last cell that reduces.
        cells: Names of cells, each with the expression for how many of it.
        span: Of the section.
    """

    inputs: tuple[CheckedInput, ...]
    classes: int | None
    channels: int
    repeat: int
    head: ast.Expression
    auxiliary: ast.Expression | None
    cells: tuple[tuple[ast.Name, ast.Expression | None], ...]
    span: Span = field(compare=False, repr=False)

    @property
    def input(self) -> Shape | None:
        """Shape of an example, if the network reads one value without a name and the spec says."""
        return None if self.inputs[0].name else self.inputs[0].shape


@dataclass(frozen=True)
class CheckedProgram:
    """A program without mistakes of name or value. Shapes are the lowering's to check.

    Attributes:
        constants: Values of all `let`.
        operations: Definitions by name.
        cells: By name, in order of definition.
        network: What is around them.
        data: Where examples come from.
        search: How architectures are searched; None where no method is named.
        evaluate: How the found architecture is trained.
        export: What is written.
        derivation: How the search ends in an architecture.
        spans: Where a setting was written, by path (`data.path`).
    """

    constants: Scope
    operations: Mapping[str, ast.OpDef]
    cells: Mapping[str, CheckedCell]
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

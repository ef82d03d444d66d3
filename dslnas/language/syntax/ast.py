"""The syntax tree: what was written, frozen, every node with its span.

Spans do not take part in equality, so two programs are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import field
from typing import TypeAlias

from dslnas.language.syntax.ast_base import Node
from dslnas.source import Span


class Name(Node):
    """A word that stands for something: an operation, a constant, a choice of a setting."""

    text: str


class Number(Node):
    """A number; `text` is how it was written (`50%`, `5ms`), `value` what it means."""

    value: int | float
    text: str


class Text(Node):
    """A quoted string."""

    value: str


class Size(Node):
    """Whole numbers joined by `x`, such as `3 x 32 x 32`."""

    parts: tuple[int, ...]


class Tuple(Node):
    """Two or more values in parentheses."""

    items: tuple[Expression, ...]


class Choice(Node):
    """A set of operations written in place: `{skip_connect, conv(3)}`."""

    items: tuple[Expression, ...]


class Argument(Node):
    """One argument of a call, by position (`name` is None) or by name."""

    name: Name | None
    value: Expression


class Call(Node):
    """`function(arguments)`; in a node the last call names the source: `conv(3)(in1)`."""

    function: Expression
    arguments: tuple[Argument, ...]


class Negative(Node):
    """`-operand`."""

    operand: Expression


class Binary(Node):
    """`left sign right` with one of `+ - * /`."""

    sign: str
    left: Expression
    right: Expression


class Chain(Node):
    """`first -> second -> ...`: each stage reads what the one before gives."""

    stages: tuple[Expression, ...]


class Comparison(Node):
    """`left operator right` with one of `< <= > >=`: a value of a setting, or a condition.

    Conditions also have `=`.
    """

    left: Expression
    operator: str
    right: Expression


class Named(Node):
    """`name: value`; only a value of a setting is one."""

    name: Name
    value: Expression


Expression: TypeAlias = (
    Name
    | Number
    | Text
    | Size
    | Tuple
    | Choice
    | Call
    | Negative
    | Binary
    | Chain
    | Comparison
    | Named
)


class Use(Node):
    """`use std.cnn` (a file of the library) or `use "file.nas"` (a file beside this one)."""

    target: str
    is_path: bool


class Let(Node):
    """`let NAME = value`: a constant; in a cell or gate a value that is computed."""

    name: Name
    value: Expression


class Parameter(Node):
    """A parameter of an operation, with its default if it has one."""

    name: Name
    default: Expression | None


class Condition(Node):
    """`derived`, `searching` or `stride 2`."""

    name: Name
    number: Number | None


class Variant(Node):
    """`| when stride 2: body` or `| when C_in = C and stride 1: body`."""

    conditions: tuple[Condition | Comparison, ...]
    body: Expression


class OpDef(Node):
    """`op name(parameters) = body | when ...`: an operation composed of primitives."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: Expression
    variants: tuple[Variant, ...]


class OpsDef(Node):
    """`ops name = a, b(3), other_set - c`: a named set of operations."""

    name: Name
    items: tuple[Expression, ...]


class Setting(Node):
    """`key value, value` inside a block."""

    key: Name
    values: tuple[Expression, ...]

    @property
    def values_span(self) -> Span:
        """Where the values are written."""
        return self.values[0].span.to(self.values[-1].span)


class NodeDef(Node):
    """`node name = op(source) + set(source)`: a node of a cell with its edges spelt out."""

    name: Name
    value: Expression


Statement: TypeAlias = Setting | Let | NodeDef


class GateDef(Node):
    """`gate name(operation, source, more = default) { ... }`: what stands around operations.

    `head` is what comes before the brace.
    """

    name: Name
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    head: Span = field(compare=False, repr=False)


class CellDef(Node):
    """`cell name like other { ... }`."""

    name: Name
    like: Name | None
    statements: tuple[Statement, ...]


class Section(Node):
    """`network`, `data`, `search`, `derive`, `evaluate` or `export`, with its name and settings."""

    kind: str
    name: Name | None
    settings: tuple[Setting, ...]


Item: TypeAlias = Use | Let | OpDef | OpsDef | GateDef | CellDef | Section


class Comment(Node):
    """A comment, from `#` to the end of its line. Only the formatter reads it."""

    text: str


class Program(Node):
    """One file. Comments take no part in equality."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, repr=False)

"""The syntax tree: what was written, frozen, every node with its span.

Spans do not take part in equality, so two programs are equal when they say the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from dslnas.source import Span


def _span() -> Span:
    """A span field that equality and printing leave out."""
    result: Span = field(compare=False, repr=False, kw_only=True)
    return result


@dataclass(frozen=True)
class Name:
    """A word that stands for something: an operation, a constant, a choice of a setting."""

    text: str
    span: Span = _span()


@dataclass(frozen=True)
class Number:
    """A number; `text` is how it was written (`50%`, `3e-4`), `value` what it means."""

    value: int | float
    text: str
    span: Span = _span()


@dataclass(frozen=True)
class Text:
    """A quoted string."""

    value: str
    span: Span = _span()


@dataclass(frozen=True)
class Size:
    """Whole numbers joined by `x`, such as `3 x 32 x 32`."""

    parts: tuple[int, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Tuple:
    """Two or more values in parentheses."""

    items: tuple[Expression, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Choice:
    """A set of operations written in place: `{skip_connect, conv(3)}`."""

    items: tuple[Expression, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Argument:
    """One argument of a call, by position (`name` is None) or by name."""

    name: Name | None
    value: Expression
    span: Span = _span()


@dataclass(frozen=True)
class Call:
    """`function(arguments)`; in a node the last call names the source: `conv(3)(in1)`."""

    function: Expression
    arguments: tuple[Argument, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Negative:
    """`-operand`."""

    operand: Expression
    span: Span = _span()


@dataclass(frozen=True)
class Binary:
    """`left sign right` with one of `+ - * /`."""

    sign: str
    left: Expression
    right: Expression
    span: Span = _span()


@dataclass(frozen=True)
class Chain:
    """`first -> second -> ...`: each stage reads what the one before gives."""

    stages: tuple[Expression, ...]
    span: Span = _span()


Expression: TypeAlias = (
    Name | Number | Text | Size | Tuple | Choice | Call | Negative | Binary | Chain
)


@dataclass(frozen=True)
class Use:
    """`use std.cnn` (a file of the library) or `use "file.nas"` (a file beside this one)."""

    target: str
    is_path: bool
    span: Span = _span()


@dataclass(frozen=True)
class Let:
    """`let NAME = value`: a constant."""

    name: Name
    value: Expression
    span: Span = _span()


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation, with its default if it has one."""

    name: Name
    default: Expression | None
    span: Span = _span()


@dataclass(frozen=True)
class Variant:
    """`| when stride 2: body` or `| when derived: body`."""

    condition: Name
    number: Number | None
    body: Expression
    span: Span = _span()


@dataclass(frozen=True)
class OpDef:
    """`op name(parameters) = body | when ...`: an operation composed of primitives."""

    name: Name
    parameters: tuple[Parameter, ...]
    body: Expression
    variants: tuple[Variant, ...]
    span: Span = _span()


@dataclass(frozen=True)
class OpsDef:
    """`ops name = a, b(3), other_set - c`: a named set of operations."""

    name: Name
    items: tuple[Expression, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Setting:
    """`key value, value` inside a block."""

    key: Name
    values: tuple[Expression, ...]
    span: Span = _span()


@dataclass(frozen=True)
class NodeDef:
    """`node name = op(source) + set(source)`: a node of a cell with its edges spelt out."""

    name: Name
    value: Expression
    span: Span = _span()


Statement: TypeAlias = Setting | NodeDef


@dataclass(frozen=True)
class CellDef:
    """`cell name like other { ... }`."""

    name: Name
    like: Name | None
    statements: tuple[Statement, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Section:
    """`network`, `data`, `search`, `evaluate` or `export`, with its name and settings."""

    kind: str
    name: Name | None
    settings: tuple[Setting, ...]
    span: Span = _span()


Item: TypeAlias = Use | Let | OpDef | OpsDef | CellDef | Section


@dataclass(frozen=True)
class Comment:
    """A comment, from `#` to the end of its line. Only the formatter reads it."""

    text: str
    span: Span = _span()


@dataclass(frozen=True)
class Program:
    """One file. Comments take no part in equality."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...] = field(compare=False, repr=False)
    span: Span = _span()

"""Steps of a graph as statements of `forward` that read like the architecture.

A value has a variable if the language names it or if it is read more than once; other values stand
inside of expressions. Layers and instances of other classes are attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dslnas.backends.python.class_model import Part, Piece, Statement
from dslnas.backends.python.expressions import (
    Expression,
    applied,
    chunked,
    is_function,
    joined,
    operands,
)
from dslnas.backends.python.identifiers import ATTRIBUTES, LONGEST_ATTRIBUTE, Names
from dslnas.backends.python.layers import JOINS
from dslnas.backends.python.text import INDENT, WIDTH
from dslnas.graph.graph import Node

_ROOM = WIDTH - len(f"{2 * INDENT} = ")
"""Columns for the two sides of an assignment."""

_INNER = _ROOM - 16
"""Longest expression that is put into another one."""

_READ = ("in_channels", "channels", "num_features", "in_features")
"""Arguments that say how many channels a layer reads."""

NameVariable = Callable[[str, frozenset[str]], str]
"""From the name a variable had better have, and the variables still needed, to its name."""


@dataclass(frozen=True)
class Step:
    """One computation in a class.

    Attributes:
        value: Graph node that gives its result.
        inputs: Values that it reads.
        name: Name that its variable had better have.
        group: Value of the language that it helps to compute. A value that is read once, in its
            own group, gets no variable.
        node: The primitive; None for a call of another class.
        part: Constructor of its layers; None if it has none of its own.
        attribute: Name that the attribute of its layers had better have.
        is_term: Whether it stays inside of the sum that reads it, however long that becomes.
        renews: Whether its variable is the one that it reads.
        comment: Text behind its statement.
    """

    value: str
    inputs: tuple[str, ...]
    name: str
    group: str
    node: Node | None = None
    part: Part | None = None
    attribute: str = ""
    is_term: bool = False
    renews: bool = False
    comment: str = ""

    @property
    def join(self) -> str:
        """The primitive that joins its inputs, if it does."""
        return self.node.primitive if self.node and self.node.primitive in JOINS else ""

    @property
    def split(self) -> tuple[int, int] | None:
        """Number of parts and index, if it takes a part of a value."""
        if self.node is None or self.node.primitive != "split":
            return None
        parts, index = self.node.attribute("parts"), self.node.attribute("index")
        assert isinstance(parts, int)
        assert isinstance(index, int)
        return parts, index


@dataclass
class Attributes:
    """Attributes of a class, and the places of all weights in them.

    Attributes:
        parts: Constructors by name.
        keys: Key of every node with weights in the state of the class.
    """

    parts: dict[str, Part] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    _names: Names = field(default_factory=lambda: Names(ATTRIBUTES, LONGEST_ATTRIBUTE))

    def add(self, wish: str, part: Part, reads: str = "") -> str:
        """Add a part that reads a variable; return its name."""
        name = self._names.take(wish)
        first, *others = part.pieces
        self.parts[name] = replace(part, pieces=(_reading(first, channels_of(reads)), *others))
        self.keys |= part.keys(name)
        return name

    def layer(self, node: str) -> str:
        """Return the expression of the layer that holds the weights of a node.

        Raises:
            ValueError: It is in another class.
        """
        if node not in self.keys:
            raise ValueError(f"weights of `{node}` are shared with another class")
        words = self.keys[node].split(".")
        return "".join(f"[{w}]" if w.isdecimal() else f".{w}" for w in words).removeprefix(".")


def channels_of(variable: str) -> str:
    """Return the parameter for the channels of an input."""
    return f"{variable.rstrip('_')}_channels"


def _reading(piece: Piece, channels: str) -> Piece:
    """Return a piece that prefers a name for the channels that it reads."""
    arguments = (replace(a, reads=channels) if a.name in _READ else a for a in piece.arguments)
    return replace(piece, arguments=tuple(arguments))


def unique(names: Names) -> NameVariable:
    """Name variables so that none is used again."""
    return lambda wish, _: names.take(wish)


def letters(_: str, needed: frozenset[str]) -> str:
    """Name variables x, y, z, ..., used again as soon as they are free."""
    first = [name for name in ("x", "y", "z") if name not in needed]
    return first[0] if first else next(f"x{n}" for n in range(1, 99) if f"x{n}" not in needed)


class StatementWriter:
    """Writes steps as statements.

    Args:
        attributes: Those of the class that the code is in; new layers are added.
        name_variable: Names the variables.
    """

    def __init__(self, attributes: Attributes, name_variable: NameVariable) -> None:
        self._attributes = attributes
        self._name_variable = name_variable
        self._expressions: dict[str, Expression] = {}
        self._called: dict[str, str] = {}
        self._waiting: dict[str, Step] = {}
        self._in_parts: set[str] = set()
        self._statements: list[Statement] = []

    def write(
        self, steps: Sequence[Step], known: Mapping[str, str], results: Sequence[str]
    ) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """Return the statements of some steps, and the expressions of the results.

        Args:
            steps: In the order of computing.
            known: Expressions for values that exist before.
            results: Values that are wanted behind the statements.

        Raises:
            ValueError: Weights are shared with another class.
        """
        self._results = frozenset(results)
        self._readers: dict[str, list[Step]] = {}
        for step in steps:
            for value in step.inputs:
                self._readers.setdefault(value, []).append(step)
        self._expressions |= {value: Expression(name) for value, name in known.items()}
        self._unwritten = {step.value for step in steps}
        self._statements = []
        for step in steps:
            self._waiting[step.value] = step
            self._called[step.value] = self._callee(step)
            if not self._is_inner(step) or self._is_too_long(step):
                self._assign(step)
        return tuple(self._statements), tuple(self._expressions[v].text for v in results)

    def _is_inner(self, step: Step) -> bool:
        """Whether a step gets no variable: it is read once, in its own group."""
        readers = self._readers.get(step.value, [])
        return (
            len(readers) == 1 and step.value not in self._results and readers[0].group == step.group
        )

    def _is_too_long(self, step: Step) -> bool:
        return not step.is_term and len(self._shortened(step, _INNER).text) > _INNER

    def _chunks(self, step: Step) -> int:
        """Return into how many parts all readers of a value cut it; 0 if it is read as a whole."""
        readers = self._readers.get(step.value, [])
        parts = {reader.split[0] if reader.split else 0 for reader in readers}
        if len(readers) < 2 or len(parts) != 1 or step.value in self._results:
            return 0
        return parts.pop()

    # ---- expressions ----------------------------------------------------------------------------

    def _shortened(self, step: Step, longest: int) -> Expression:
        """Return the expression of a step; if it is too long, with variables inside of it."""
        while True:
            expression = self._expression(step)
            inner = {
                value: len(self._read(value).text)
                for value in step.inputs
                if value in self._waiting and not self._waiting[value].is_term
            }
            if len(expression.text) <= longest or not inner:
                return expression
            self._assign(self._waiting[max(inner, key=lambda value: inner[value])])

    def _expression(self, step: Step) -> Expression:
        inputs = [self._read(value) for value in step.inputs]
        if step.join:
            return joined(step.join, inputs)
        if step.split and step.inputs[0] in self._in_parts:
            return Expression(f"{inputs[0].text}[{step.split[1]}]")
        if step.node is not None and is_function(step.node):
            return applied(step.node, inputs[0])
        return Expression(f"self.{self._called[step.value]}({', '.join(self._arguments(step))})")

    def _read(self, value: str) -> Expression:
        if value in self._waiting:
            return self._expression(self._waiting[value])
        return self._expressions[value]

    def _arguments(self, step: Step) -> tuple[str, ...]:
        """Return what a layer is called with: its inputs, and tensors of other layers."""
        inputs = tuple(self._read(value).text for value in step.inputs)
        if step.node is None or not (step.node.owned and step.node.borrowed):
            return inputs
        lent = [tensor.rpartition("/") for _, tensor in step.node.borrowed]
        tensors = (f"self.{self._attributes.layer(owner)}.{name}" for owner, _, name in lent)
        return (*inputs, *tensors)

    def _callee(self, step: Step) -> str:
        """Return the attribute that a step calls, if it calls one; make it if it is its own."""
        if step.part is not None:
            source = self._expressions.get(step.inputs[0], Expression(""))
            return self._attributes.add(step.attribute, step.part, source.text)
        if step.node is not None and step.node.borrowed:
            return self._attributes.layer(step.node.borrowed[0][1].rpartition("/")[0])
        return ""

    # ---- statements -----------------------------------------------------------------------------

    def _assign(self, step: Step) -> None:
        expression = self._shortened(step, _ROOM - len(step.name))
        parts: tuple[str, ...] = (expression.text,)
        join = call = ""
        if step.join:
            parts = operands(step.join, [self._read(value) for value in step.inputs])
            join = step.join
        elif call := self._called[step.value]:
            parts = self._arguments(step)
        self._mark_written(step)
        target = self._target(step)
        if chunks := self._chunks(step):
            whole = chunked(expression, chunks).text
            if len(target) + len(whole) <= _ROOM:
                parts, join, call = (whole,), "", ""
                self._in_parts.add(step.value)
        self._statements.append(Statement(target, parts, join, call, step.comment))
        self._expressions[step.value] = Expression(target)

    def _mark_written(self, step: Step) -> None:
        """Mark a step as written, and all that stand inside of its expression."""
        del self._waiting[step.value]
        self._unwritten.discard(step.value)
        for value in step.inputs:
            if value in self._waiting:
                self._mark_written(self._waiting[value])

    def _target(self, step: Step) -> str:
        if step.renews:
            return self._expressions[step.inputs[0]].text
        needed = frozenset(
            expression.text
            for value, expression in self._expressions.items()
            if value in self._results
            or any(reader.value in self._unwritten for reader in self._readers.get(value, []))
        )
        return self._name_variable(step.name, needed)

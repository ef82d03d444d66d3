"""Steps of a graph as statements of `forward` that read like the architecture.

A value has a variable if the language names it or if it is read more than once; other values stand
inside of expressions. Layers and instances of other classes are attributes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dslnas.backends.python.class_model import Layer, Layers, Statement, keys_of
from dslnas.backends.python.expressions import (
    JOINS,
    Expression,
    applied,
    chunked,
    joined,
    parts_of,
)
from dslnas.backends.python.identifiers import Names, attribute_names
from dslnas.backends.python.text import INDENT, WIDTH, Call
from dslnas.graph.graph import Node
from dslnas.ops.primitive import AttributeValue

_ROOM = WIDTH - len(f"{2 * INDENT} = ")
"""Columns for the two sides of an assignment."""

_INNER = _ROOM - 16
"""Longest expression that is put into another one."""

_READ = ("in_channels", "channels", "num_features", "num_channels", "in_features")
"""Arguments that say how many channels a layer reads."""

NameVariable = Callable[[str, frozenset[str]], str]
"""From the name a variable had better have, and the variables still needed, to its name."""


@dataclass(frozen=True)
class Step:
    """One computation in a class, which gives `value` of some inputs.

    Attributes:
        name: Name that its variable had better have.
        group: Value of the language that it helps to compute. A value that is read once, in its
            own group, gets no variable.
        node: The primitive; None for a call of another class.
        layers: Its own layers, if it has some.
        attribute: Name that the attribute of its layers had better have.
        is_term: Whether it stays inside of the sum that reads it, however long that becomes.
        renews: Whether its variable is the one that it reads.
    """

    value: str
    inputs: tuple[str, ...]
    name: str = ""
    group: str = ""
    node: Node | None = None
    layers: Layers = ()
    attribute: str = ""
    is_term: bool = False
    renews: bool = False
    comment: str = ""


def channels_of(variable: str) -> str:
    """Return the parameter for the channels of an input."""
    return f"{variable.rstrip('_')}_channels"


def unique(names: Names) -> NameVariable:
    """Name variables so that none is used again."""
    return lambda wish, _: names.take(wish)


def letters(_: str, needed: frozenset[str]) -> str:
    """Name variables x, y, z, ..., used again as soon as they are free."""
    wishes = ("x", "y", "z", *(f"x{n}" for n in range(1, 99)))
    return next(name for name in wishes if name not in needed)


class StatementWriter:
    """Writes steps as statements, and gathers the attributes of the class that they are in."""

    def __init__(self, name_variable: NameVariable) -> None:
        self._name_variable = name_variable
        self._names = attribute_names()
        self._layers: dict[str, Layers] = {}
        self._keys: dict[str, str] = {}
        self._expressions: dict[str, Expression] = {}
        self._called: dict[str, str] = {}
        self._waiting: dict[str, Step] = {}
        self._in_parts: set[str] = set()

    @property
    def attributes(self) -> tuple[tuple[str, Layers], ...]:
        """Attributes of the class, in order."""
        return tuple(self._layers.items())

    def add(self, wish: str, layers: Layers, reads: str = "") -> str:
        """Add an attribute of layers that read a variable; return its name."""
        name = self._names.take(wish)
        first, *others = layers
        self._layers[name] = (_reading(first, channels_of(reads)), *others)
        self._keys |= keys_of(name, layers)
        return name

    def write(
        self, steps: Sequence[Step], known: Mapping[str, str], results: Sequence[str]
    ) -> tuple[tuple[Statement, ...], tuple[str, ...]]:
        """Return the statements of steps in computing order, and the expressions of the results.

        Values that exist before have known expressions; results are values that somebody wants.

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
        self._statements: list[Statement] = []
        for step in steps:
            self._waiting[step.value] = step
            self._called[step.value] = self._callee(step)
            if not self._is_inner(step) or self._is_too_long(step):
                self._assign(step)
        return tuple(self._statements), tuple(self._expressions[v].text for v in results)

    def _is_inner(self, step: Step) -> bool:
        """Whether a step gets no variable: it is read once, in its own group."""
        groups = [reader.group for reader in self._readers.get(step.value, ())]
        return groups == [step.group] and step.value not in self._results

    def _is_too_long(self, step: Step) -> bool:
        return not step.is_term and len(self._shortened(step, _INNER).text) > _INNER

    def _chunks(self, step: Step) -> AttributeValue | None:
        """Return into how many parts all readers of a value cut it, if they do."""
        readers = self._readers.get(step.value, [])
        parts = {parts_of(reader.node) for reader in readers}
        is_cut = len(readers) > 1 and len(parts) == 1 and step.value not in self._results
        return parts.pop() if is_cut else None

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
        inputs, node = [self._read(value) for value in step.inputs], step.node
        if called := self._called[step.value]:
            operands = (*(each.text for each in inputs), *self._lent(node))
            return Expression(Call(f"self.{called}(", operands))
        assert node is not None, "what is no primitive is called"
        if node.primitive in JOINS:
            return joined(node.primitive, inputs)
        if parts_of(node) and step.inputs[0] in self._in_parts:
            return Expression(f"{inputs[0].text}[{node.attribute('index')}]")
        return applied(node, inputs[0])

    def _read(self, value: str) -> Expression:
        if value in self._waiting:
            return self._expression(self._waiting[value])
        return self._expressions[value]

    def _lent(self, node: Node | None) -> Iterator[str]:
        """Yield the tensors of other layers that a layer is called with."""
        for _, tensor in node.borrowed if node and node.owned else ():
            owner, _, name = tensor.rpartition("/")
            yield f"self.{self._layer(owner)}.{name}"

    def _callee(self, step: Step) -> str:
        """Return the attribute that a step calls, if it calls one; make it if it is its own."""
        if step.layers:
            source = self._expressions.get(step.inputs[0], Expression(""))
            return self.add(step.attribute, step.layers, source.text)
        if step.node is not None and step.node.borrowed:
            return self._layer(step.node.borrowed[0][1].rpartition("/")[0])
        return ""

    def _layer(self, node: str) -> str:
        """Return the layer of this class that holds the weights of a node."""
        if node not in self._keys:
            raise ValueError(f"weights of `{node}` are shared with another class")
        words = self._keys[node].split(".")
        return "".join(f"[{w}]" if w.isdecimal() else f".{w}" for w in words).removeprefix(".")

    # ---- statements -----------------------------------------------------------------------------

    def _assign(self, step: Step) -> None:
        expression = self._shortened(step, _ROOM - len(step.name))
        self._mark_written(step)
        target = self._target(step)
        if chunks := self._chunks(step):
            whole = chunked(expression, chunks)
            if len(target) + len(whole.text) <= _ROOM:
                expression = whole
                self._in_parts.add(step.value)
        self._statements.append(Statement(target, expression.form, step.comment))
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


def _reading(layer: Layer, channels: str) -> Layer:
    """Return a layer that prefers a name for the channels that it reads."""
    arguments = (replace(a, reads=channels) if a.name in _READ else a for a in layer.arguments)
    return replace(layer, arguments=tuple(arguments))

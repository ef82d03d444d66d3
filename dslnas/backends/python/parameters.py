"""Constructor parameters: the numbers in which the instances of a class differ, by good names.

Every argument inside a class has a column of numbers, one per instance. A column that counts
channels is written by the channels of what the class reads or gives where it equals them or is a
fixed multiple or fraction; other columns are literal where they are constant. What is left becomes
a parameter of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dslnas.backends.python.class_model import Argument, Instance, Layer, Layers, Number
from dslnas.backends.python.identifiers import VARIABLES, Names
from dslnas.backends.python.text import Call

Column: TypeAlias = tuple[Number, ...]

_LARGEST_RATIO = 16
_PADDINGS: tuple[tuple[str, Callable[[int], int]], ...] = (
    ("// 2", lambda kernel: kernel // 2),
    ("- 1", lambda kernel: kernel - 1),
)


@dataclass(frozen=True)
class Parameter:
    """A constructor parameter with its value in every instance.

    It stands for an argument inside the class that is called `of`.
    """

    argument: Argument
    of: str
    column: Column

    @property
    def place(self) -> tuple[bool, bool]:
        """Where it stands among others: channels first, those with a default last."""
        return self.argument.default is not None, not self.argument.counts_channels

    @property
    def declaration(self) -> str:
        """How the signature of the constructor has it."""
        kinds = {type(value) for value in self.column}
        sizes = {len(value) for value in self.column if isinstance(value, tuple)}
        numbers = ", ".join(["int"] * sizes.pop()) if len(sizes) == 1 else "int, ..."
        texts = {float: "float"} if float in kinds else {int: "int", tuple: f"tuple[{numbers}]"}
        annotation = " | ".join(text for kind, text in texts.items() if kind in kinds)
        default = self.argument.default
        return f"{self.argument.name}: {annotation}{'' if default is None else f' = {default!r}'}"


def constructor(
    instances: Sequence[Instance],
) -> tuple[tuple[Parameter, ...], tuple[tuple[str, Call], ...]]:
    """Return the parameters of the class that the instances share, and its attributes by name."""
    finder = _Finder(instances)
    alike = zip(*(instance.body.arguments for instance in instances), strict=True)
    found = iter([finder.expression(same[0], tuple(a.value for a in same)) for same in alike])
    attributes = instances[0].body.attributes
    return finder.parameters(), tuple((n, _attribute(n, layers, found)) for n, layers in attributes)


def _attribute(name: str, layers: Layers, expressions: Iterator[str]) -> Call:
    calls = tuple(_call(layer, expressions) for layer in layers)
    if name and len(calls) == 1:
        return calls[0]
    return Call("nn.Sequential(" if name else "super().__init__(", calls, is_open=True)


def _call(layer: Layer, expressions: Iterator[str]) -> Call:
    """Return a constructor call; arguments at their default are left out."""
    items = []
    for argument in layer.arguments:
        text = next(expressions)
        if argument.default is None or text != repr(argument.default):
            items.append(text if argument.is_positional else f"{argument.name}={text}")
    return Call(f"{layer.callee}(", (*items, *layer.flags))


class _Finder:
    """Finds expressions for columns, and adds parameters where there is none."""

    def __init__(self, instances: Sequence[Instance]) -> None:
        # A cell has several channels of its own, which a caller had better name.
        self._is_positional = instances[0].kind != "cell"
        self._channels: dict[str, Column] = {
            name: tuple(i.sizes[name] for i in instances) for name in instances[0].sizes
        }
        names, columns = [*self._channels], set(self._channels.values())
        if names == ["in_channels", "out_channels"] and len(columns) == 1:
            self._channels = {"channels": columns.pop()}
        self._used: set[str] = set()
        self._new: list[Parameter] = []
        self._names = Names(VARIABLES, 32, separator="")
        for name in self._channels:
            self._names.take(name)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters that were needed."""
        natural = [
            Parameter(Argument(name, True, is_positional=self._is_positional), name, column)
            for name, column in self._channels.items()
            if name in self._used
        ]
        return (*natural, *sorted(self._new, key=lambda p: p.place))

    def expression(self, argument: Argument, column: Column) -> str:
        """Return the argument in terms of parameters."""
        if argument.counts_channels and (found := self._by_channels(argument, column)):
            return found
        if len(set(column)) == 1:
            return repr(column[0])
        return self._by_others(argument, column) or self._add(argument, column)

    def _by_channels(self, argument: Argument, column: Column) -> str:
        if set(column) == {1}:
            return ""
        order = sorted(self._channels, key=lambda n: (n != "channels", n != argument.reads))
        # Two groups in a network of four channels stay two, though they are half the channels.
        is_fixed = argument.name == "groups" and len(set(column)) == 1
        for ratio in range(1, 2 if is_fixed else _LARGEST_RATIO + 1):
            for name in order:
                if text := _ratio(name, self._channels[name], column, ratio):
                    self._used.add(name)
                    return text
        return ""

    def _by_others(self, argument: Argument, column: Column) -> str:
        for parameter in self._new:
            name, is_channels = parameter.argument.name, parameter.argument.counts_channels
            is_alike = is_channels if argument.counts_channels else parameter.of == argument.name
            if is_alike and parameter.column == column:
                return name
            if (parameter.of, argument.name) == ("kernel_size", "padding"):
                for text, padding in _PADDINGS:
                    if _mapped(parameter.column, padding) == column:
                        return f"{name} {text}"
        return ""

    def _add(self, argument: Argument, column: Column) -> str:
        name = self._names.take(argument.name)
        default = argument.default if argument.default in column else None
        own = Argument(name, argument.counts_channels, default=default)
        self._new.append(Parameter(own, argument.name, column))
        return name


def _ratio(name: str, base: Column, column: Column, ratio: int) -> str:
    """Return the column as a multiple or a fraction of another; nothing if it is neither."""
    if column == _mapped(base, lambda number: ratio * number):
        return name if ratio == 1 else f"{ratio} * {name}"
    is_part = base == _mapped(column, lambda number: ratio * number)
    return f"{name} // {ratio}" if is_part else ""


def _mapped(column: Column, function: Callable[[int], int]) -> Column:
    return tuple(function(number) for number in column if isinstance(number, int))

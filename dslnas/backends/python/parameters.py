"""Constructor parameters: the numbers in which the instances of a class differ, by good names.

Every argument inside a class has a column of numbers, one per instance. A column that counts
channels is written by the channels of what the class reads or gives where it equals them or is a
fixed multiple or fraction; other columns are literal where they are constant. What is left becomes
a parameter of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dslnas.backends.python.class_model import Argument, Instance, Layer, Number
from dslnas.backends.python.identifiers import VARIABLES, Names

Column = tuple[Number, ...]

_LARGEST_RATIO = 16


@dataclass(frozen=True)
class Parameter:
    """A constructor parameter with its value in every instance.

    Attributes:
        argument: How a caller writes it.
        of: Name of the argument inside the class that it stands for.
        column: Its values.
    """

    argument: Argument
    of: str
    column: Column

    @property
    def name(self) -> str:
        """Its identifier."""
        return self.argument.name

    @property
    def annotation(self) -> str:
        """Its type."""
        kinds = {type(value) for value in self.column}
        if float in kinds:
            return "float"
        return " | ".join(
            text for kind, text in ((int, "int"), (tuple, "tuple[int, int]")) if kind in kinds
        )

    @property
    def declaration(self) -> str:
        """How the signature of the constructor has it."""
        default = self.argument.default
        tail = "" if default is None else f" = {text_of(default)}"
        return f"{self.name}: {self.annotation}{tail}"


@dataclass(frozen=True)
class Signature:
    """The parameters of a class, and every argument inside it in terms of them."""

    parameters: tuple[Parameter, ...]
    expressions: tuple[str, ...]


def signature(instances: Sequence[Instance]) -> Signature:
    """Return the parameters of the class that the instances share."""
    # A cell has several channels of its own, which a caller had better name.
    finder = _Finder(_candidates(instances), is_positional=instances[0].kind != "cell")
    alike = zip(*(instance.body.arguments for instance in instances), strict=True)
    expressions = [finder.expression(same[0], tuple(a.value for a in same)) for same in alike]
    return Signature(finder.parameters(), tuple(expressions))


def call_items(layer: Layer, expressions: Iterable[str]) -> list[str]:
    """Return the arguments of a constructor call; those at their default are left out."""
    items = []
    for argument, expression in zip(layer.arguments, expressions, strict=True):
        if argument.default is not None and expression == text_of(argument.default):
            continue
        items.append(expression if argument.is_positional else f"{argument.name}={expression}")
    return [*items, *layer.flags]


def text_of(number: Number) -> str:
    """Return a number as Python writes it."""
    return repr(number)


def _candidates(instances: Sequence[Instance]) -> dict[str, Column]:
    columns: dict[str, Column] = {
        name: tuple(i.sizes[name] for i in instances) for name in instances[0].sizes
    }
    if [*columns] == ["in_channels", "out_channels"] and len(set(columns.values())) == 1:
        return {"channels": columns["in_channels"]}
    return columns


class _Finder:
    """Finds expressions for columns, and adds parameters where there is none."""

    def __init__(self, candidates: dict[str, Column], *, is_positional: bool) -> None:
        self._candidates = candidates
        self._is_positional = is_positional
        self._used: set[str] = set()
        self._channels: list[Parameter] = []
        self._others: list[Parameter] = []
        self._names = Names(VARIABLES, 32, separator="")
        for name in candidates:
            self._names.take(name)

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the parameters that were needed: channels first, those with a default last."""
        natural = [
            Parameter(Argument(name, True, is_positional=self._is_positional), name, column)
            for name, column in self._candidates.items()
            if name in self._used
        ]
        own = sorted(self._channels + self._others, key=lambda p: p.argument.default is not None)
        return (*natural, *own)

    def expression(self, argument: Argument, column: Column) -> str:
        """Return the argument in terms of parameters."""
        found = self._by_channels(argument, column) if argument.counts_channels else None
        if found is not None:
            return found
        if len(set(column)) == 1:
            return text_of(column[0])
        return self._by_others(argument, column) or self._new(argument, column)

    def _by_channels(self, argument: Argument, column: Column) -> str | None:
        if set(column) == {1}:
            return None
        order = sorted(self._candidates, key=lambda n: (n != "channels", n != argument.reads))
        for name in order:
            if self._candidates[name] == column:
                self._used.add(name)
                return name
        # Two groups in a network of four channels stay two, though they are half the channels.
        if argument.name == "groups" and len(set(column)) == 1:
            return None
        for ratio in range(2, _LARGEST_RATIO + 1):
            for name in order:
                text = _ratio(name, self._candidates[name], column, ratio)
                if text:
                    self._used.add(name)
                    return text
        return next((p.name for p in self._channels if p.column == column), None)

    def _by_others(self, argument: Argument, column: Column) -> str | None:
        for parameter in self._others:
            if parameter.of == argument.name and parameter.column == column:
                return parameter.name
            if (parameter.of, argument.name) == ("kernel_size", "padding"):
                for text, padding in (("// 2", _half), ("- 1", _less_one)):
                    if padding(parameter.column) == column:
                        return f"{parameter.name} {text}"
        return None

    def _new(self, argument: Argument, column: Column) -> str:
        name = self._names.take(argument.name)
        default = argument.default if argument.default in column else None
        parameter = Parameter(
            Argument(name, argument.counts_channels, default=default), argument.name, column
        )
        (self._channels if argument.counts_channels else self._others).append(parameter)
        return name


def _ratio(name: str, base: Column, column: Column, ratio: int) -> str:
    """Return the column as a multiple or a fraction of another; nothing if it is neither."""
    if column == _scaled(base, ratio):
        return f"{ratio} * {name}"
    return f"{name} // {ratio}" if base == _scaled(column, ratio) else ""


def _scaled(column: Column, ratio: int) -> Column:
    return tuple(ratio * number for number in column if isinstance(number, int))


def _half(column: Column) -> Column:
    return tuple(number // 2 for number in column if isinstance(number, int))


def _less_one(column: Column) -> Column:
    return tuple(number - 1 for number in column if isinstance(number, int))

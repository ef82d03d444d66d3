"""Operations to look up: primitives, and those that the library composes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from dslnas.diagnostics import UserError, user_error
from dslnas.graph.lower.expand import Expander
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import Constant
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.link import link
from dslnas.language.link.sources import library_names
from dslnas.language.print.format import format_expression, format_item
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, MEANT
from dslnas.ops.primitive import Argument, Default, Kind, Primitive, Shape
from dslnas.ops.shapes import show_shape
from dslnas.source import SourceFile
from dslnas.spelling import did_you_mean

CHANNELS = 16
_READ: tuple[Shape, ...] = ((CHANNELS, 8, 8), (CHANNELS, 64), (CHANNELS,), ())
_NUMBERS: Mapping[Kind, tuple[Constant, ...]] = {
    Kind.COUNT: (1, CHANNELS),
    Kind.WHOLE: (0,),
    Kind.PAIR: (3,),
    Kind.SIZES: ((4, 256),),
}
_DEFAULTS = {
    Default.CHANNELS: "C",
    Default.STRIDE: "that of the place",
    Default.SAME: "same",
    Default.CLASSES: "classes",
    Default.WORDS: "words",
    Default.DERIVED: "derived",
}


@dataclass(frozen=True)
class OperationFacts:
    """An operation as users look it up.

    Attributes:
        source: File of the library that has it; empty for a primitive.
        call: Its name with parameters and defaults.
        about: One line about the values that it computes.
        shapes: Shapes that it reads and gives, for example; empty where it reads several values.
        aliases: Other words for it.
        definition: Its text in the language; empty for a primitive.
    """

    name: str
    source: str
    call: str
    about: str
    shapes: str
    aliases: tuple[str, ...] = ()
    definition: str = ""


def operations(name: str = "") -> list[OperationFacts]:
    """Return all operations, or the one of a name; NAS201 is raised if there is none."""
    found = [*map(primitive_facts, LANGUAGE.values()), *_of_library()]
    if not name:
        return found
    meant = MEANT.get(name.lower().replace("_", ""), name)
    chosen = [facts for facts in found if facts.name in (name, meant)]
    if not chosen:
        help = did_you_mean(name, [facts.name for facts in found])
        help = help or "`dslnas show --operations` lists all of them"
        raise user_error("NAS201", f"unknown operation `{name}`", help=help)
    return chosen


def primitive_facts(primitive: Primitive) -> OperationFacts:
    """Return a primitive as users look it up."""
    about, joins = primitive.summary, primitive.joins
    arguments = ["a", "b"] if joins else [*map(_argument, primitive.arguments)]
    more = ", ..." if primitive.inputs[1] > 2 else ""
    given = [(a.name, a.kind) for a in primitive.arguments if a.default is Default.REQUIRED]
    expander = Expander(Definitions(), {"classes": 10}, derived=True)
    shapes = "" if joins else _shapes(expander, primitive.name, dict(given))
    call = _call(primitive.name, arguments, more)
    return OperationFacts(primitive.name, "", call, about, shapes, primitive.aliases)


def _of_library() -> Iterator[OperationFacts]:
    seen: set[str] = set()
    for library in library_names():
        if not library.startswith("std."):
            continue
        linked = link(SourceFile(library, f"use {library}\n"), ())
        expander = Expander(linked.operations, {"classes": 10}, derived=True)
        for name, definition in linked.operations.items():
            if name not in seen:
                seen.add(name)
                yield composed_facts(name, definition, expander)


def composed_facts(name: str, definition: ast.OpDef, expander: Expander) -> OperationFacts:
    """Return an operation that is written in the language as users look it up."""
    taken = expander.definitions.taken(name)
    given = {
        p.name.text: Kind.PAIR
        for p in definition.parameters
        if p.default is None and p.name.text not in taken
    }
    is_plain = all(p.default is not None for p in definition.parameters if p.name.text in taken)
    return OperationFacts(
        name,
        definition.span.source.name.strip("<>"),
        _call(name, [*map(_parameter, definition.parameters)]),
        format_expression(definition.body),
        _shapes(expander, name, given) if is_plain else "",
        definition=format_item(definition),
    )


def _argument(argument: Argument) -> str:
    default = argument.default
    if default is Default.REQUIRED:
        return argument.name
    if isinstance(default, Default):
        return f"{argument.name} = {_DEFAULTS[default]}"
    number = default[0] if isinstance(default, tuple) else default
    return f"{argument.name} = {str(number).lower()}"


def _parameter(parameter: ast.Parameter) -> str:
    name, default = parameter.name.text, parameter.default
    return name if default is None else f"{name} = {format_expression(default)}"


def _call(name: str, arguments: list[str], more: str = "") -> str:
    return f"{name}({', '.join(arguments)}{more})" if arguments else name


def _shapes(expander: Expander, name: str, kinds: Mapping[str, Kind]) -> str:
    """Return what an operation makes of the first example that it can read."""
    numbers = [_NUMBERS.get(kind, (1,)) for kind in kinds.values()]
    for shape, values in product(_READ, product(*numbers)):
        operation = Operation(name, tuple(zip(kinds, values, strict=True)), name)
        try:
            body = expander.operation(operation, shape, CHANNELS, 1)
        except UserError:
            continue
        return f"{show_shape(shape)} -> {show_shape(body.shape)}"
    return ""

"""Calls of operations: what a name in one stands for, and what a call reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from dslnas.diagnostics import user_error
from dslnas.edits import Advice
from dslnas.language.check.bind import parameters_of
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.link import library_edits
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, MEANT
from dslnas.spelling import did_you_mean

# Names that have a value inside of a body: see dslnas.graph.lower.expand.
BODY_NAMES = ("C", "C_in", "H_in", "W_in", "stride")
NETWORK_NAMES = ("C", "C_in", "H_in", "W_in", "classes")
CONDITIONS = ("stride", "derived", "searching")

OPERAND = "operand"
"""In an operation that reads several values: `operand(2)` is the second."""

Call: TypeAlias = tuple[ast.Name, tuple[ast.Argument, ...]]


def called(expression: ast.Expression) -> Call | None:
    """Return name and arguments of `relu` or `conv(3)`; None for anything else."""
    match expression:
        case ast.Name():
            return expression, ()
        case ast.Call(function=ast.Name() as name, arguments=arguments):
            return name, arguments
    return None


def repeated(expression: ast.Expression) -> tuple[ast.Expression, ast.Expression] | None:
    """Return (count, body) of `2 * (...)`; None for anything else."""
    match expression:
        case ast.Binary(sign="*", left=count, right=body):
            return count, body
    return None


def parameters(name: ast.Name, definitions: Definitions) -> Mapping[str, bool]:
    """Return the parameters of an operation or a primitive, each with whether it must be given.

    Raises:
        UserError: NAS201 for a name that is neither.
    """
    if name.text in definitions:
        return parameters_of(definitions[name.text])
    if name.text in LANGUAGE:
        return LANGUAGE[name.text].parameters
    check_known(name, definitions)
    raise AssertionError("a known name is a definition or a primitive")


def check_known(name: ast.Name, definitions: Definitions, sets: Iterable[str] = ()) -> None:
    """Check that a name is that of an operation, or of one of some sets.

    Raises:
        UserError: NAS201 if it is not.
    """
    known = {*definitions, *LANGUAGE, *sets, OPERAND}
    if name.text in known:
        return
    other = MEANT.get(name.text.lower().replace("_", ""), "")
    help = (
        Advice(f"did you mean `{other}`?", other, name.text)
        if other
        else did_you_mean(name.text, known)
    )
    if not help and not definitions:
        edits = library_edits("op", name, "std.cnn")
        help = Advice("operations of the library come with `use std.cnn`", edits=edits)
    help = help or "`dslnas show --operations` lists all of them"
    raise user_error("NAS201", f"unknown operation `{name.text}`", span=name.span, help=help)


def is_join(name: str, definitions: Definitions) -> bool:
    """Whether a name is that of a primitive that joins values, such as `add`."""
    return name not in definitions and name in LANGUAGE and LANGUAGE[name].joins


def is_operand(name: str, definitions: Definitions) -> bool:
    """Whether a name stands for one of the values that an operation reads."""
    return name == OPERAND and name not in definitions


def reads_several(expression: ast.Expression, definitions: Definitions) -> bool:
    """Whether an operation begins by joining the values that it reads, or by taking one of them.

    A choice inside of an operation does if one of its alternatives does.
    """
    match expression:
        case ast.Chain(stages=(first, *_)):
            return reads_several(first, definitions)
        case ast.Choice(items=items):
            return any(reads_several(item, definitions) for item in items)
        case ast.Binary(sign="+" | "-", left=left):  # of sets
            return reads_several(left, definitions)
    call = called(expression)
    if call is None or repeated(expression) is not None:
        return False
    name, arguments = call
    if name.text in definitions:
        return any(reads_several(body, definitions) for body in bodies_of(definitions[name.text]))
    if name.text == OPERAND:
        return True
    if arguments:
        return all(reads_several(argument.value, definitions) for argument in arguments)
    return is_join(name.text, definitions) or name.text not in LANGUAGE  # or it is passed


def bodies_of(definition: ast.OpDef) -> tuple[ast.Expression, ...]:
    """Return the bodies of an operation: the usual one, then those with conditions."""
    return (definition.body, *(variant.body for variant in definition.variants))

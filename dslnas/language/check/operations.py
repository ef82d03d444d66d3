"""Calls of operations and primitives: binding arguments, and checking bodies for names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dslnas.diagnostics import Diagnostics, Note, UserError, suggestion, user_error
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import Constant, Scope, evaluate
from dslnas.language.check.recursion import check_nesting
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.ops.primitive import Default
from dslnas.source import Span

# Names that have a value inside of a body: see dslnas.graph.lower.expand.
BODY_NAMES = ("C", "C_in", "stride")
NETWORK_NAMES = ("C", "C_in", "classes")
CONDITIONS = ("stride", "derived", "searching")

Definitions = Mapping[str, ast.OpDef]


def called(expression: ast.Expression) -> tuple[ast.Name, tuple[ast.Argument, ...]] | None:
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


def bind(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    parameters: Sequence[str],
    required: Sequence[str],
) -> dict[str, ast.Expression]:
    """Match the arguments of a call with the parameters of what is called.

    Raises:
        UserError: NAS208 for too many, unknown, repeated or missing arguments.
    """
    bound: dict[str, ast.Expression] = {}
    takes = f"`{name.text}` takes " + (
        ", ".join(f"`{p}`" for p in parameters) if parameters else "no arguments"
    )
    for position, argument in enumerate(arguments):
        if argument.name is None and position >= len(parameters):
            message = f"`{name.text}` takes {_count(len(parameters))}, found {len(arguments)}"
            raise user_error(
                "NAS208", message, span=argument.span, help=takes if parameters else ""
            )
        key = parameters[position] if argument.name is None else argument.name.text
        place = argument.span if argument.name is None else argument.name.span
        if key not in parameters:
            raise user_error(
                "NAS208",
                f"`{name.text}` has no argument `{key}`",
                span=place,
                help=suggestion(key, parameters) or takes,
            )
        if key in bound:
            message, help = f"argument `{key}` is given twice", "remove one of them"
            raise user_error("NAS208", message, span=place, help=help)
        bound[key] = argument.value
    missing = [p for p in required if p not in bound]
    if missing:
        shown = ", ".join(f"`{p}`" for p in missing)
        raise user_error(
            "NAS208",
            f"`{name.text}` needs {shown}",
            span=name.span,
            help=f"write `{name.text}({', '.join(f'{p} = ...' for p in missing)})`",
        )
    return bound


def bind_definition(
    definition: ast.OpDef, name: ast.Name, arguments: Sequence[ast.Argument]
) -> dict[str, ast.Expression]:
    """Match a call with the parameters of an operation; defaults are not filled in."""
    parameters = [p.name.text for p in definition.parameters]
    required = [p.name.text for p in definition.parameters if p.default is None]
    return bind(name, arguments, parameters, required)


def resolve(expression: ast.Expression, definitions: Definitions, scope: Scope) -> Operation:
    """Return the operation that an item of a set names.

    Raises:
        UserError: NAS201 for an unknown name, NAS208 for wrong arguments, NAS304 for an
            expression that is not a call.
    """
    call = called(expression)
    if call is None:
        raise user_error(
            "NAS304",
            f"expected an operation such as `conv(3)`, found `{expression.span.brief}`",
            span=expression.span,
            help="give the expression a name with `op` and use that name",
        )
    name, arguments = call
    if name.text in definitions:
        definition = definitions[name.text]
        parameters = [p.name.text for p in definition.parameters]
        bound = bind_definition(definition, name, arguments)
    elif name.text in LANGUAGE and not LANGUAGE[name.text].joins:
        parameters = [a.name for a in LANGUAGE[name.text].arguments]
        bound = bind_primitive(name, arguments)
    else:
        raise unknown_operation(name, definitions)
    values = tuple((p, evaluate(bound[p], scope)) for p in parameters if p in bound)
    shown = [
        _show(value) if parameters[place] == key else f"{key} = {_show(value)}"
        for place, (key, value) in enumerate(values)
    ]
    text = f"{name.text}({', '.join(shown)})" if shown else name.text
    return Operation(name.text, values, text, span=expression.span)


def bind_primitive(name: ast.Name, arguments: Sequence[ast.Argument]) -> dict[str, ast.Expression]:
    """Match a call with the arguments of a primitive; defaults are not filled in."""
    primitive = LANGUAGE[name.text]
    required = [a.name for a in primitive.arguments if a.default is Default.REQUIRED]
    return bind(name, arguments, [a.name for a in primitive.arguments], required)


def unknown_operation(name: ast.Name, definitions: Definitions) -> UserError:
    """Return the error for a name that is neither an operation nor a primitive."""
    known = {*definitions, *LANGUAGE}
    help = suggestion(name.text, known)
    if not definitions:
        help = "operations of the library come with `use std.cnn`"
    return user_error("NAS201", f"unknown operation `{name.text}`", span=name.span, help=help)


def check_definitions(definitions: Definitions, constants: Scope, diagnostics: Diagnostics) -> None:
    """Check every operation for unknown names, wrong arguments and recursion."""
    for definition in definitions.values():
        _check_parameters(definition, diagnostics)
        parameters = {p.name.text: 1 for p in definition.parameters}
        scope: dict[str, Constant] = {**constants, **dict.fromkeys(BODY_NAMES, 1), **parameters}
        for variant in definition.variants:
            _check_condition(variant, diagnostics)
        for body in (definition.body, *(v.body for v in definition.variants)):
            check_body(body, definitions, scope, diagnostics)
        for parameter in definition.parameters:
            if parameter.default is not None:
                _check_value(parameter.default, constants, diagnostics)
    check_nesting(definitions, diagnostics)


def check_body(
    expression: ast.Expression, definitions: Definitions, scope: Scope, diagnostics: Diagnostics
) -> None:
    """Check one body for names and arguments; shapes are checked where it is used."""
    if isinstance(expression, ast.Chain):
        for stage in expression.stages:
            check_body(stage, definitions, scope, diagnostics)
        return
    repetition = repeated(expression)
    if repetition is not None:
        count, body = repetition
        _check_value(count, scope, diagnostics)
        check_body(body, definitions, scope, diagnostics)
        return
    call = called(expression)
    if call is None:
        diagnostics.add(
            "NAS304",
            f"expected an operation, found `{expression.span.brief}`",
            expression.span,
            help="operations look like `relu`, `conv(3)`, `a -> b` or `2 * (a -> b)`",
        )
        return
    name, arguments = call
    try:
        for value, is_branch in _arguments(name, arguments, definitions):
            if is_branch:
                check_body(value, definitions, scope, diagnostics)
            else:
                _check_value(value, scope, diagnostics)
    except UserError as error:
        diagnostics.extend(error)


def _arguments(
    name: ast.Name, arguments: Sequence[ast.Argument], definitions: Definitions
) -> Iterator[tuple[ast.Expression, bool]]:
    """Yield the arguments of a call, each with whether it is a branch."""
    if name.text in definitions:
        bind_definition(definitions[name.text], name, arguments)
        yield from ((a.value, False) for a in arguments)
        return
    primitive = LANGUAGE.get(name.text)
    if primitive is None:
        raise unknown_operation(name, definitions)
    if primitive.joins:
        least = primitive.inputs[0]
        if len(arguments) < least or any(a.name is not None for a in arguments):
            raise user_error(
                "NAS208",
                f"`{name.text}` joins at least {least} branches, found {len(arguments)}",
                span=name.span,
                help=f"write `{name.text}(a -> b, identity)`",
            )
        yield from ((a.value, True) for a in arguments)
        return
    yield from ((value, False) for value in bind_primitive(name, arguments).values())


def _check_value(expression: ast.Expression, scope: Scope, diagnostics: Diagnostics) -> None:
    """Check that all names of an arithmetic expression are known; values come later."""
    try:
        match expression:
            case ast.Binary(left=left, right=right):
                _check_value(left, scope, diagnostics)
                _check_value(right, scope, diagnostics)
            case ast.Negative(operand=operand):
                _check_value(operand, scope, diagnostics)
            case ast.Tuple(items=items):
                for item in items:
                    _check_value(item, scope, diagnostics)
            case _:
                evaluate(expression, scope)
    except UserError as error:
        diagnostics.extend(error)


def _check_parameters(definition: ast.OpDef, diagnostics: Diagnostics) -> None:
    seen: dict[str, Span] = {}
    for parameter in definition.parameters:
        name, span = parameter.name.text, parameter.name.span
        if name in BODY_NAMES:
            message = f"`{name}` has a meaning of its own and cannot be a parameter"
            diagnostics.add("NAS204", message, span, help="choose another name")
        elif name in seen:
            diagnostics.add(
                "NAS204",
                f"parameter `{name}` is already defined",
                span,
                notes=[Note("the first definition is here", seen[name])],
                help="choose another name",
            )
        seen.setdefault(name, span)


def _check_condition(variant: ast.Variant, diagnostics: Diagnostics) -> None:
    word, number = variant.condition.text, variant.number
    if word not in CONDITIONS:
        diagnostics.add(
            "NAS209",
            f"unknown condition `{word}`",
            variant.condition.span,
            help=suggestion(word, CONDITIONS),
        )
    elif (word == "stride") != (number is not None):
        diagnostics.add(
            "NAS209",
            "`when stride` needs a number" if word == "stride" else f"`when {word}` has no number",
            variant.condition.span,
            help="write `when stride 2:`, `when derived:` or `when searching:`",
        )


def _count(number: int) -> str:
    return "no arguments" if number == 0 else f"{number} argument{'s' if number > 1 else ''}"


def _show(value: Constant) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_show(v) for v in value)})"
    return str(value).lower() if isinstance(value, bool) else str(value)

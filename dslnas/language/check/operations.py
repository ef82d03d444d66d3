"""Operations: what an item of a set names, and whether bodies know all their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.edits import Advice, Edit, removal
from dslnas.language.check.bind import bind, parameters_of
from dslnas.language.check.cell import Operation
from dslnas.language.check.constants import (
    CHOICES,
    BodyScope,
    Constant,
    Passed,
    Scope,
    evaluate,
    without_name,
)
from dslnas.language.check.context import Context
from dslnas.language.check.dag import mentions, understood_order
from dslnas.language.link.definitions import Definitions
from dslnas.language.link.link import library_edits
from dslnas.language.link.used_names import mentioned
from dslnas.language.print.format import format_operation
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE, MEANT
from dslnas.source import Span
from dslnas.spelling import did_you_mean, is_called, renamed

# Names that have a value inside of a body: see dslnas.graph.lower.expand.
BODY_NAMES = ("C", "C_in", "H_in", "W_in", "stride")
NETWORK_NAMES = ("C", "C_in", "H_in", "W_in", "classes")
CONDITIONS = ("stride", "derived", "searching")
MAX_LEVELS = 150
"""Levels of an operation with everything it uses written out: a bound for recursion."""

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
        return any(reads_several(body, definitions) for body in _bodies(definitions[name.text]))
    if name.text == OPERAND:
        return True
    if arguments:
        return all(reads_several(argument.value, definitions) for argument in arguments)
    return is_join(name.text, definitions) or name.text not in LANGUAGE  # or it is passed


def resolve(expression: ast.Expression, context: Context) -> Operation:
    """Return the operation that an item of a set stands for.

    What is more than a call with numbers becomes a definition of `context.inline`.

    Raises:
        UserError: NAS201 for an unknown name, NAS208 for wrong arguments, NAS304 for an
            expression that is no operation.
    """
    definitions, scope = context.linked.operations, context.constants
    call = called(expression)
    if call is None or not _is_plain(call, definitions):
        return _inline(expression, context)
    name, arguments = call
    known = parameters(name, definitions)
    bound = bind(name, arguments, known)
    values = tuple((p, evaluate(bound[p], scope)) for p in known if p in bound)
    shown = [
        _show(value) if position == key else f"{key} = {_show(value)}"
        for position, (key, value) in zip(known, values, strict=False)
    ]
    text = f"{name.text}({', '.join(shown)})" if shown else name.text
    return Operation(name.text, values, text, span=expression.span)


def _is_plain(call: Call, definitions: Definitions) -> bool:
    """Whether the arguments of a call are numbers that are the same wherever it stands."""
    name, arguments = call
    if is_operand(name.text, definitions) or (is_join(name.text, definitions) and arguments):
        return False
    if not arguments:
        return True
    taken = definitions.taken(name.text)
    mentions = {word for argument in arguments for word in mentioned(argument.value)}
    return not taken and mentions.isdisjoint(BODY_NAMES)


def _inline(expression: ast.Expression, context: Context) -> Operation:
    """Return an operation that is written out where it stands."""
    mistakes = Diagnostics()
    scope = {**context.constants, **dict.fromkeys(BODY_NAMES, 1)}
    check_body(expression, context.linked.operations, scope, mistakes, several=True)
    mistakes.raise_if_any()
    text, span = format_operation(expression), expression.span
    context.inline[text] = ast.OpDef(ast.Name(text, span=span), (), expression, (), span=span)
    return Operation(text, (), text, span=span)


# ---- definitions --------------------------------------------------------------------------------


def check_definitions(definitions: Definitions, constants: Scope, diagnostics: Diagnostics) -> None:
    """Check every operation for unknown names, wrong arguments and recursion."""
    for definition in definitions.values():
        _check_parameters(definition, diagnostics)
        taken = definitions.taken(definition.name.text)
        own = [*BODY_NAMES, *parameters_of(definition)]
        scope: dict[str, Constant | Passed] = {**constants, **dict.fromkeys(own, 1)}
        scope |= {name: Passed(definition.body, {}) for name in taken}
        for variant in definition.variants:
            _check_conditions(variant, scope, diagnostics)
        for body in _bodies(definition):
            check_body(body, definitions, scope, diagnostics, several=True)
        for parameter in definition.parameters:
            if parameter.default is not None and parameter.name.text in taken:
                check_body(parameter.default, definitions, constants, diagnostics, several=True)
            elif parameter.default is not None:
                _check_value(parameter.default, constants, diagnostics)
    _check_nesting(definitions, diagnostics)


def check_body(
    expression: ast.Expression,
    definitions: Definitions,
    scope: BodyScope,
    diagnostics: Diagnostics,
    *,
    several: bool = False,
) -> None:
    """Check one body for names and arguments; shapes are checked where it is used.

    `several` says that it may read several values, which a join without branches joins.
    """
    if isinstance(expression, ast.Chain):
        for place, stage in enumerate(expression.stages):
            first = several and place == 0
            check_body(stage, definitions, scope, diagnostics, several=first)
        return
    repetition = repeated(expression)
    if repetition is not None:
        count, body = repetition
        _check_value(count, scope, diagnostics)
        check_body(body, definitions, scope, diagnostics)
        return
    call = called(expression)
    if call is None:
        is_choice = isinstance(expression, ast.Choice)
        message = "nothing can be chosen here" if is_choice else "expected an operation"
        usual = "operations look like `relu`, `conv(3)`, `a -> b` or `2 * (a -> b)`"
        diagnostics.add(
            "NAS304",
            f"{message}, found `{expression.span.brief}`",
            expression.span,
            help=CHOICES if is_choice else Advice(usual, edits=without_name(expression)),
        )
        return
    name, arguments = call
    if is_operand(name.text, definitions):
        _check_operand(name, arguments, scope, diagnostics)
        return
    is_passed = isinstance(scope.get(name.text), Passed)
    if is_passed and len(arguments) == 1:
        message = f"`{name.text}` is an operation already, with its arguments"
        help = f"write `{name.text}` alone"
        diagnostics.add("NAS208", message, expression.span, help=help)
        return
    if is_passed or is_join(name.text, definitions):
        if arguments or not (several or is_passed):
            _check_join(name, arguments, diagnostics)
        for argument in arguments:
            check_body(argument.value, definitions, scope, diagnostics, several=several)
        return
    _check_call(name, arguments, definitions, scope, diagnostics)


def _check_call(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    definitions: Definitions,
    scope: BodyScope,
    diagnostics: Diagnostics,
) -> None:
    """Check the name of an operation and its arguments: numbers and operations."""
    taken = definitions.taken(name.text)
    with diagnostics.collecting():
        for key, value in bind(name, arguments, parameters(name, definitions)).items():
            if key in taken:
                check_body(value, definitions, scope, diagnostics, several=True)
            else:
                _check_value(value, scope, diagnostics)


def _check_operand(
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    scope: BodyScope,
    diagnostics: Diagnostics,
) -> None:
    """Check that one of several values is taken by its number."""
    with diagnostics.collecting():
        for value in bind(name, arguments, {"number": True}).values():
            _check_value(value, scope, diagnostics)


def _check_join(
    name: ast.Name, arguments: Iterable[ast.Argument], diagnostics: Diagnostics
) -> None:
    branches = [*arguments]
    least = LANGUAGE[name.text].inputs[0] if name.text in LANGUAGE else 2
    if len(branches) < least or any(branch.name is not None for branch in branches):
        message = f"`{name.text}` joins at least {least} branches, found {len(branches)}"
        help = Advice(f"write `{name.text}(a -> b, identity)`", edits=alone(name, branches))
        diagnostics.add("NAS208", message, name.span, help=help)


def alone(name: ast.Name, joined: Sequence[ast.Argument]) -> tuple[Edit, ...]:
    """Return the edit that writes what is joined without its join, where it is joined with nothing.

    That is what a sum, a mean or a concatenation of one comes to.
    """
    if len(joined) != 1 or joined[0].name is not None:
        return ()
    text, part = name.span.source.text, joined[0].span
    whole = Span(name.span.source, name.span.start, text.index(")", part.end) + 1)
    is_simple = isinstance(joined[0].value, ast.Name | ast.Call)
    return (Edit(whole, part.text if is_simple else f"({part.text})"),)


def _check_value(expression: ast.Expression, scope: BodyScope, diagnostics: Diagnostics) -> None:
    """Check that all names of an arithmetic expression are known; values come later."""
    match expression:
        case ast.Binary(left=left, right=right):
            parts: tuple[ast.Expression, ...] = (left, right)
        case ast.Negative(operand=operand):
            parts = (operand,)
        case ast.Tuple(items=items):
            parts = items
        case _:
            with diagnostics.collecting():
                evaluate(expression, scope)
            return
    for part in parts:
        _check_value(part, scope, diagnostics)


def _check_parameters(definition: ast.OpDef, diagnostics: Diagnostics) -> None:
    seen: dict[str, ast.Parameter] = {}
    for parameter in definition.parameters:
        name, span = parameter.name.text, parameter.name.span
        if name in BODY_NAMES:
            message = f"`{name}` has a meaning of its own and cannot be a parameter"
            help = renamed(span, definition.span)
            diagnostics.add("NAS204", message, span, help=help)
        elif name in seen:
            is_same = parameter.span.text == seen[name].span.text
            edits = (removal(parameter.span, safe=not is_called(definition.name.span)),)
            again = Advice("remove one of them", edits=edits)
            first = seen[name].name.span
            diagnostics.add_taken("parameter", name, span, first, again if is_same else None)
        seen.setdefault(name, parameter)


def _check_conditions(variant: ast.Variant, scope: BodyScope, diagnostics: Diagnostics) -> None:
    for condition in variant.conditions:
        if isinstance(condition, ast.Comparison):
            for side in (condition.left, condition.right):
                _check_value(side, scope, diagnostics)
        else:
            _check_condition(condition, diagnostics)


def _check_condition(condition: ast.Condition, diagnostics: Diagnostics) -> None:
    word, number, span = condition.name.text, condition.number, condition.name.span
    is_known = diagnostics.is_known("condition", word, span, CONDITIONS, code="NAS209")
    if is_known and (word == "stride") != (number is not None):
        message = (
            "`when stride` needs a number" if word == "stride" else f"`when {word}` has no number"
        )
        behind = Span(span.source, span.end, span.end if number is None else number.span.end)
        edits = (Edit(behind, " 2" if number is None else ""),)
        help = Advice("write `when stride 2:`, `when derived:` or `when searching:`", edits=edits)
        diagnostics.add("NAS209", message, span, help=help)


# ---- definitions with what they use written out -------------------------------------------------


def _check_nesting(definitions: Definitions, diagnostics: Diagnostics) -> None:
    """Check that every operation can be expanded.

    Records NAS206 for an operation that is composed of itself, NAS108 for the first that is nested
    too deep.
    """
    names = {name: definition.name for name, definition in definitions.items()}
    help = "an operation may use only others"
    order = understood_order(
        mentions(definitions), names, "operation", "is composed of itself", help, diagnostics
    )
    heights: dict[str, int] = {}
    for name in order:
        bodies = _bodies(definitions[name])
        heights[name] = max(_height(body, heights, definitions) for body in bodies)
    for name, definition in definitions.items():
        if heights.get(name, 0) > MAX_LEVELS:
            message = f"operation `{name}` is nested more than {MAX_LEVELS} levels deep"
            help = "compose it of fewer others"
            diagnostics.add("NAS108", message, definition.name.span, help=help)
            return


def _height(
    expression: ast.Expression, heights: Mapping[str, int], definitions: Definitions
) -> int:
    """Return the levels of an expression in which operations of known heights are written out."""
    match expression:
        case ast.Chain(stages=inner):
            return 1 + max(_height(stage, heights, definitions) for stage in inner)
        case ast.Binary(right=body):
            return 1 + _height(body, heights, definitions)
        case ast.Name(text=name):
            return 1 + heights.get(name, 0)
        case ast.Call(function=ast.Name(text=name), arguments=arguments) if name in heights:
            passed = definitions.passed(name, arguments).values()
            deepest = max((_height(each, heights, definitions) for each in passed), default=0)
            return 1 + heights[name] + deepest
        case ast.Call(arguments=arguments):
            values = [argument.value for argument in arguments]
            return 1 + max((_height(v, heights, definitions) for v in values), default=0)
    return 1


def _bodies(definition: ast.OpDef) -> tuple[ast.Expression, ...]:
    return (definition.body, *(variant.body for variant in definition.variants))


def _show(value: Constant) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(_show(v) for v in value)})"
    return str(value).lower() if isinstance(value, bool) else str(value)

"""Values of settings: from syntax to numbers, words, texts, calls and tuples of them."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from dslnas.diagnostics import Diagnostic, UserError, diagnostic, user_error
from dslnas.edits import Advice, Edit, Help, edits_of
from dslnas.language.check.bind import bind
from dslnas.language.check.constants import FLAGS, Scope, evaluate
from dslnas.language.syntax import ast
from dslnas.language.syntax.numbers import behind_comma_help, is_number, point_help
from dslnas.settings.annotations import Annotation, alternatives, calls_of, is_list
from dslnas.settings.calls import CALLS
from dslnas.settings.faults import Fault, faults
from dslnas.settings.model import Call
from dslnas.spelling import did_you_mean, meant, suggestion


def read_values(
    values: Sequence[ast.Expression], annotation: Annotation, scope: Scope, usual: object
) -> object:
    """Return what the values of a setting stand for, as one; `usual` is its default.

    A single value is a list of one where a list is wanted, and `none` is the empty list. A call of
    the kind of the default takes from it what is not written.
    """
    read = tuple(_read(value, annotation, scope, usual) for value in values)
    kinds = alternatives(annotation)
    if len(read) > 1:
        return read
    if isinstance(read[0], tuple) or not any(map(is_list, kinds)):
        return read[0]
    if read == ("none",):
        return ()
    return read if len(kinds) == 1 or isinstance(read[0], str) else read[0]


def shown(expression: ast.Expression, value: object) -> str:
    """Return a value as it was written, or what it comes to if it was computed."""
    match expression:
        case ast.Number(text=text):
            return text
        case ast.Negative(operand=ast.Number(text=text)):
            return f"-{text}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"`{expression.span.brief}`"


def fault_diagnostic(
    fault: Fault, what: str, written: Sequence[ast.Expression], help: Help = ""
) -> Diagnostic:
    """Return NAS502 at the wrong value, or at the item of it that is wrong."""
    if fault.item is not None:
        first, *others = written
        items = first.items if isinstance(first, ast.Tuple) and not others else written
        # A list may be written as one: `3 x 32 x 32`, or the name of a constant.
        written = items[fault.item : fault.item + 1] if len(items) > 1 else written
    span = written[0].span.to(written[-1].span)
    found = f"`{span.brief}`" if len(written) > 1 else shown(written[0], fault.value)
    is_whole = "a whole number" in fault.wants
    number = behind_comma_help(span) or (point_help(span) if is_whole else "")
    advice = number or Advice(str(help), edits=(*_respelt(fault, written), *edits_of(help, span)))
    return diagnostic("NAS502", fault.message(what, found), span, advice)


def _respelt(fault: Fault, written: Sequence[ast.Expression]) -> tuple[Edit, ...]:
    """Return the edit that spells a value as the setting does.

    Quotes are taken from words and put around text, and the size of a batch of one goes. Where one
    word is all that can stand, it does. A number that passes a limit becomes the limit: nobody
    knows whether that is meant.
    """
    match written:
        case [ast.Name(text=text) | ast.Number(text=text) as one] if text in fault.spellings:
            return (Edit(one.span, fault.spellings[text]),)
        case [one] if len(fault.words) == 1 and fault.wants == f"must be `{fault.words[0]}`":
            return (Edit(one.span, fault.words[0]),)
        case [ast.Number(text=text) as number] if fault.wants == "must be text in quotes":
            return (Edit(number.span, f'"{text}"'),)
        case [ast.Size(parts=(1, *_)) as size] if fault.is_counted and "at most" in fault.wants:
            return (Edit(size.span, size.span.text.partition("x")[2].lstrip()),)
        case [ast.Name(text=text) as name]:
            return edits_of(did_you_mean(text, fault.words), name.span)
        case [ast.Text(value=text) as quoted] if is_number(text) or text in fault.words:
            return (Edit(quoted.span, text),)
        case [ast.Number() | ast.Negative() as number] if fault.limit is not None:
            whole = int(fault.limit)
            nearest = str(whole if whole == fault.limit else fault.limit)
            return (Edit(number.span, nearest, safe=False),)
    return ()


def _read(
    expression: ast.Expression, annotation: Annotation, scope: Scope, usual: object
) -> object:
    """Return the plain value of an expression: a number, a word, a text, a tuple or a call."""
    calls = calls_of(annotation)
    match expression:
        case ast.Text(value=text):
            return text
        case ast.Tuple(items=items):
            return tuple(_read(item, annotation, scope, None) for item in items)
        case ast.Name(text=text) if text in calls:
            return _call(calls[text], expression, (), scope, usual)
        case ast.Name(text=text) if text not in scope and text not in FLAGS:
            return text
        case ast.Call(function=ast.Name(text=text) as name, arguments=arguments):
            model = calls.get(text) or CALLS.get(text)
            if model is not None:
                return _call(model, name, arguments, scope, usual)
            if calls:
                noun = next(iter(calls.values())).noun  # a setting takes calls of one kind
                message = f"unknown {noun} `{text}(...)`"
                other = next((word for word, call in calls.items() if text in call.aliases), "")
                help = meant(text, other) if other else suggestion(text, calls)
                raise user_error("NAS207", message, span=name.span, help=help)
            return expression  # syntax, which no setting takes: the model says what it wants
    return evaluate(expression, scope)


def _call(
    model: type[Call],
    name: ast.Name,
    arguments: Sequence[ast.Argument],
    scope: Scope,
    usual: object,
) -> Call:
    """Return the value that a call such as `cosine(0.025, 0.001)` stands for."""
    fields = model.settings()
    required = {key: field.is_required() for key, field in fields.items()}
    given = bind(name, arguments, required, model.meant)
    values = {key: _argument(value, fields[key].annotation, scope) for key, value in given.items()}
    rest = vars(usual) if isinstance(usual, model) else {}
    try:
        return model.model_validate({**rest, **values})
    except ValidationError as error:
        raise UserError(
            fault_diagnostic(
                fault,
                f"`{fault.key}` of `{name.text}`",
                [given[fault.key]],
                _pair(given[fault.key], rest.get(fault.key, fields[fault.key].default)),
            )
            for fault in faults(model, values, error)
        ) from None


def _pair(written: ast.Expression, usual: object) -> Advice:
    """Say that one number is the first of a pair, whose second keeps its default; else nothing."""
    match written, usual:
        case ast.Number(text=text), (float(), float(second)):
            return Advice("", edits=(Edit(written.span, f"({text}, {second:g})"),))
    return Advice("")


def _argument(value: ast.Expression, annotation: Annotation, scope: Scope) -> object:
    """Return the value of an argument; a single one is a list of one where a list is wanted."""
    read = _read(value, annotation, scope, None)
    is_one = any(map(is_list, alternatives(annotation))) and not isinstance(read, tuple)
    return (read,) if is_one else read

"""Settings of a section: from syntax to the records of `dslnas.settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from dslnas.diagnostics import Diagnostics, Note, UserError, did_you_mean, suggestion, user_error
from dslnas.language.check.constants import FLAGS, Scope, evaluate
from dslnas.language.syntax import ast
from dslnas.settings.calls import CALLS
from dslnas.settings.kinds import Kind, UnfitError
from dslnas.settings.schema import Field, Record, Value

_Record = TypeVar("_Record", bound=Record)


def build(
    model: type[_Record],
    settings: Iterable[ast.Setting],
    scope: Scope,
    where: str,
    found: Diagnostics,
    fixed: Mapping[str, object] | None = None,
    more_keys: Iterable[str] = (),
    elsewhere: Mapping[str, str] | None = None,
    defaults: Mapping[str, object] | None = None,
) -> _Record:
    """Return `model` filled from the settings of a section; the rest are its defaults.

    Every mistake is recorded in `found` at the value it concerns; the setting then keeps its
    default, so that later checks can go on. A call that is of the kind of the setting's default,
    such as `sgd(lr = 1)` where that is another `sgd`, takes from it what is not written.

    Args:
        model: The section's record.
        settings: What was written.
        scope: Constants that arithmetic may use.
        where: What the section is called in messages, such as "`search darts`".
        found: Takes the mistakes.
        fixed: Fields that are not written as settings, such as the name of the section.
        more_keys: Keys of the section that are not fields, for suggestions.
        elsewhere: By key where else there is such a setting, for suggestions.
        defaults: Values by field that take the place of its defaults.
    """
    values: dict[str, object] = {**(defaults or {}), **(fixed or {})}
    fields = {f.key: f for name, f in model.fields.items() if name not in (fixed or {})}
    for setting in settings:
        key = setting.key.text
        if key not in fields:
            known = [*fields, *more_keys]
            belongs = (elsewhere or {}).get(key)
            hint = f"it is a setting of {belongs}" if belongs else suggestion(key, known)
            message = f"unknown setting `{key}` in {where}"
            help = did_you_mean(key, known) or hint
            found.add("NAS501", message, setting.key.span, help=help)
            continue
        try:
            field = fields[key]
            usual = (defaults or {}).get(field.name, field.default)
            values[field.name] = _value(setting, scope, field, usual)
        except UserError as error:
            found.extend(error)
    return model(**values)


def check_once(settings: Iterable[ast.Setting], found: Diagnostics) -> None:
    """Record every setting of a block that is given a second time."""
    seen: dict[str, ast.Setting] = {}
    for setting in settings:
        key = setting.key.text
        if key in seen:
            found.add(
                "NAS504",
                f"`{key}` is set twice",
                setting.key.span,
                notes=[Note("the first time is here", seen[key].key.span)],
                help="remove one of them",
            )
        seen.setdefault(key, setting)


def _value(setting: ast.Setting, scope: Scope, field: Field, usual: object) -> object:
    """Return the value of a setting as its field keeps it; `usual` is its default."""
    written, key = setting.values, setting.key.text
    if len(written) > 1 and not field.kind.is_several:
        raise user_error(
            "NAS502",
            f"`{key}` takes one value, found {len(written)}",
            span=written[1].span.to(written[-1].span),
            help="remove the others",
        )
    try:
        read = tuple(_read(value, scope, usual) for value in written)
        return field.check(_joined(read, field.kind))
    except UnfitError as wrong:
        if len(written) > 1 and wrong.item is not None:
            written = (written[wrong.item],)
        message = wrong.message(f"`{key}`", shown(written[0], wrong.value))
        help = f"`{key}`: {field.about}" if field.about else ""
        span = written[0].span.to(written[-1].span)
        raise user_error("NAS502", message, span=span, help=help) from None


def _joined(values: tuple[object, ...], kind: Kind) -> object:
    """Return the values of a setting as one: a tuple if they are several, or a list is wanted."""
    if len(values) > 1:
        return values
    if values == ("none",) and kind.suits(()):
        return ()
    return values if kind.suits(values) and not kind.suits(values[0]) else values[0]


def _read(expression: ast.Expression, scope: Scope, usual: object = None) -> object:
    """Return the plain value of an expression: a number, a word, a text, a tuple or a Value.

    `usual` gives a call of its kind what is not written.
    """
    match expression:
        case ast.Text(value=text):
            return text
        case ast.Tuple(items=items):
            return tuple(_read(item, scope) for item in items)
        case ast.Name(text=text) if text in CALLS:
            return _call(CALLS[text], expression, (), scope, usual)
        case ast.Name(text=text) if text not in scope and text not in FLAGS:
            return text
        case ast.Call(function=ast.Name(text=text), arguments=arguments):
            if text not in CALLS:
                raise user_error(
                    "NAS207",
                    f"unknown value `{text}(...)`",
                    span=expression.function.span,
                    help=suggestion(text, CALLS),
                )
            return _call(CALLS[text], expression, arguments, scope, usual)
    return evaluate(expression, scope)


def _call(
    kind: type[Value],
    expression: ast.Expression,
    arguments: tuple[ast.Argument, ...],
    scope: Scope,
    usual: object,
) -> Value:
    """Return the value that a call such as `cosine(0.025, 0.001)` stands for."""
    names = list(kind.fields)
    given: dict[str, ast.Expression] = {}
    for position, argument in enumerate(arguments):
        name = _parameter(kind, names, position, argument, len(arguments))
        if name in given:
            span = argument.name.span if argument.name else argument.span
            message, help = f"`{name}` is given twice", "remove one of them"
            raise user_error("NAS208", message, span=span, help=help)
        given[name] = argument.value
    values = {name: _read(value, scope) for name, value in given.items()}
    for name, field in kind.fields.items():
        if name not in given and field.is_required:
            raise user_error(
                "NAS208",
                f"`{kind.word}` needs `{name}`",
                span=expression.span,
                help=f"write `{kind.word}({name} = ...)`",
            )
        if name in given:
            _check_argument(kind, field, values[name], given[name])
    rest = vars(usual) if type(usual) is kind else {}
    return kind(**{**rest, **values})


def _check_argument(
    kind: type[Value], field: Field, value: object, expression: ast.Expression
) -> None:
    """Check one value of a call alone, so that its mistake is reported at its place."""
    try:
        field.check(value)
    except UnfitError as wrong:
        what = f"`{field.key}` of `{kind.word}`"
        message = wrong.message(what, shown(expression, wrong.value))
        raise user_error("NAS502", message, span=expression.span) from None


def _parameter(
    kind: type[Value], names: list[str], position: int, argument: ast.Argument, count: int
) -> str:
    """Return the name of the parameter that an argument is for."""
    if argument.name is None and position < len(names):
        return names[position]
    if argument.name is None:
        takes = f"at most {len(names)} values" if names else "no values"
        raise user_error(
            "NAS208",
            f"`{kind.word}` takes {takes}, found {count}",
            span=argument.span,
            help=f"its values are {', '.join(f'`{n}`' for n in names)}" if names else "",
        )
    name = argument.name.text
    if name not in names:
        raise user_error(
            "NAS208",
            f"`{kind.word}` has no value `{name}`",
            span=argument.name.span,
            help=suggestion(name, names),
        )
    return name


def shown(expression: ast.Expression, value: object) -> str:
    """Return a value as it was written, or what it comes to if it was computed."""
    if isinstance(expression, ast.Number):
        return expression.text
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return f"`{expression.span.brief}`"

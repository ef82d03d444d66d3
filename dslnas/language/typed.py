"""Settings of a section: from syntax to the typed models of `dslnas.settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from dslnas.diagnostics import Diagnostics, Note, UserError, did_you_mean, suggestion, user_error
from dslnas.language import ast
from dslnas.language.constants import FLAGS, Scope, evaluate
from dslnas.language.wrong_values import explain
from dslnas.settings.values import VALUES, Value

_Model = TypeVar("_Model", bound=BaseModel)


def build(
    model: type[_Model],
    settings: Iterable[ast.Setting],
    scope: Scope,
    where: str,
    found: Diagnostics,
    fixed: Mapping[str, object] | None = None,
    more_keys: Iterable[str] = (),
    elsewhere: Mapping[str, str] | None = None,
) -> _Model:
    """Return `model` filled from the settings of a section; the rest are its defaults.

    Every mistake is recorded in `found` at the value it concerns; the setting then keeps its
    default, so that later checks can go on.

    Args:
        model: The section's model.
        settings: What was written.
        scope: Constants that arithmetic may use.
        where: What the section is called in messages, such as "`search darts`".
        found: Takes the mistakes.
        fixed: Fields that are not written as settings, such as the name of the section.
        more_keys: Keys of the section that are not fields, for suggestions.
        elsewhere: By key where else there is such a setting, for suggestions.
    """
    fields = {field.alias or name: name for name, field in model.model_fields.items()}
    for name in fixed or {}:
        fields.pop(name, None)
    values: dict[str, object] = dict(fixed or {})
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
            value = _values(setting, scope, model.model_fields[fields[key]].annotation)
            _validate(model, fields[key], value, setting)
        except UserError as error:
            found.extend(error)
            continue
        values[fields[key]] = value
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


def _values(setting: ast.Setting, scope: Scope, annotation: Any) -> object:
    """Return the value of a setting; several values, or one where a list is wanted, are a tuple."""
    kinds = [kind for kind in (annotation, *get_args(annotation)) if get_origin(kind) is tuple]
    if len(setting.values) > 1 and not kinds:
        raise user_error(
            "NAS502",
            f"`{setting.key.text}` takes one value, found {len(setting.values)}",
            span=setting.values[1].span.to(setting.values[-1].span),
            help="remove the others",
        )
    read = tuple(_read(value, scope) for value in setting.values)
    if len(read) > 1:
        return read
    if get_origin(annotation) is tuple:
        if read == ("none",):
            return ()
        return read[0] if isinstance(read[0], tuple) else read
    is_word = isinstance(read[0], str) and tuple[str, ...] in kinds
    return read if is_word else read[0]


def _read(expression: ast.Expression, scope: Scope) -> object:
    """Return the plain value of an expression: a number, a word, a text, a tuple or a Value."""
    match expression:
        case ast.Text(value=text):
            return text
        case ast.Tuple(items=items):
            return tuple(_read(item, scope) for item in items)
        case ast.Name(text=text) if text in VALUES:
            return _call(VALUES[text], expression, (), scope)
        case ast.Name(text=text) if text not in scope and text not in FLAGS:
            return text
        case ast.Call(function=ast.Name(text=text), arguments=arguments):
            if text not in VALUES:
                raise user_error(
                    "NAS207",
                    f"unknown value `{text}(...)`",
                    span=expression.function.span,
                    help=suggestion(text, VALUES),
                )
            return _call(VALUES[text], expression, arguments, scope)
    return evaluate(expression, scope)


def _call(
    kind: type[Value],
    expression: ast.Expression,
    arguments: tuple[ast.Argument, ...],
    scope: Scope,
) -> Value:
    """Return the value that a call such as `cosine(0.025, 0.001)` stands for."""
    names = list(kind.model_fields)
    given: dict[str, ast.Expression] = {}
    for position, argument in enumerate(arguments):
        name = _parameter(kind, names, position, argument, len(arguments))
        if name in given:
            span = argument.name.span if argument.name else argument.span
            message, help = f"`{name}` is given twice", "remove one of them"
            raise user_error("NAS208", message, span=span, help=help)
        given[name] = argument.value
    values = {name: _read(value, scope) for name, value in given.items()}
    try:
        return kind(**values)
    except ValidationError as error:
        field = str(error.errors(include_url=False)[0]["loc"][0])
        if field not in given:
            raise user_error(
                "NAS208",
                f"`{kind.word}` needs `{field}`",
                span=expression.span,
                help=f"write `{kind.word}({field} = ...)`",
            ) from None
        annotation = kind.model_fields[field].annotation
        message, _ = explain(f"`{field}` of `{kind.word}`", annotation, error, (given[field],))
        raise user_error("NAS502", message, span=given[field].span) from None


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


def _validate(model: type[BaseModel], field: str, value: object, setting: ast.Setting) -> None:
    """Check one field alone, so that its mistake is reported at its place."""
    try:
        model.__pydantic_validator__.validate_assignment(model.model_construct(), field, value)
    except ValidationError as error:
        info = model.model_fields[field]
        key, values = setting.key.text, setting.values
        message, place = explain(f"`{key}`", info.annotation, error, values)
        span = values[0].span.to(values[-1].span) if place is None else values[place].span
        help = f"`{key}`: {info.description}" if info.description else ""
        raise user_error("NAS502", message, span=span, help=help) from None

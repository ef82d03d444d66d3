"""Settings of a section: from syntax to the typed models of `dslnas.settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dslnas.diagnostics import Diagnostics, UserError, suggestion, user_error
from dslnas.language import ast
from dslnas.language.constants import FLAGS, Scope, evaluate
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
    """
    fields = {field.alias or name: name for name, field in model.model_fields.items()}
    for name in fixed or {}:
        fields.pop(name, None)
    values: dict[str, object] = dict(fixed or {})
    for setting in settings:
        key = setting.key.text
        if key not in fields:
            found.add(
                "NAS501",
                f"unknown setting `{key}` in {where}",
                setting.key.span,
                help=suggestion(key, [*fields, *more_keys]),
            )
            continue
        try:
            value = _values(setting, scope, model.model_fields[fields[key]].annotation)
            _validate(model, fields[key], key, value, setting)
        except UserError as error:
            found.extend(error)
            continue
        values[fields[key]] = value
    return model(**values)


def _values(setting: ast.Setting, scope: Scope, annotation: Any) -> object:
    """Return the value of a setting; several values, or one where a list is wanted, are a tuple."""
    read = [_read(value, scope) for value in setting.values]
    if len(read) > 1:
        return tuple(read)
    is_list = get_origin(annotation) is tuple
    if is_list and read == ["none"]:
        return ()
    is_word_list = isinstance(read[0], str) and tuple[str, ...] in get_args(annotation)
    return tuple(read) if (is_list and not isinstance(read[0], tuple)) or is_word_list else read[0]


def _read(expression: ast.Expression, scope: Scope) -> object:
    """Return the plain value of an expression: a number, a word, a text, a tuple or a Value."""
    match expression:
        case ast.Text(value=text):
            return text
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
    given: dict[str, object] = {}
    spans = {}
    for position, argument in enumerate(arguments):
        if argument.name is None:
            if position >= len(names):
                raise user_error(
                    "NAS208",
                    f"`{kind.word}` takes at most {len(names)} values, found {len(arguments)}",
                    span=argument.span,
                    help=f"its values are {', '.join(f'`{n}`' for n in names)}" if names else "",
                )
            name = names[position]
        else:
            name = argument.name.text
            if name not in names:
                raise user_error(
                    "NAS208",
                    f"`{kind.word}` has no value `{name}`",
                    span=argument.name.span,
                    help=suggestion(name, names),
                )
        if name in given:
            raise user_error("NAS208", f"`{name}` is given twice", span=argument.span)
        given[name] = _read(argument.value, scope)
        spans[name] = argument.value.span
    try:
        return kind(**given)
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        field = str(details["loc"][0])
        raise user_error(
            "NAS502",
            _explain(f"{kind.word}'s `{field}`", kind.model_fields[field].annotation, details),
            span=spans.get(field, expression.span),
        ) from None


def _validate(
    model: type[BaseModel], field: str, key: str, value: object, setting: ast.Setting
) -> None:
    """Check one field alone, so that its mistake is reported at its place."""
    try:
        model.__pydantic_validator__.validate_assignment(model.model_construct(), field, value)
    except ValidationError as error:
        details = error.errors(include_url=False)[0]
        place = details["loc"][1] if len(details["loc"]) > 1 else None
        spans = setting.values
        span = spans[0].span.to(spans[-1].span)
        if isinstance(place, int) and place < len(spans) and len(spans) > 1:
            span = spans[place].span
        description = model.model_fields[field].description
        raise user_error(
            "NAS502",
            _explain(f"`{key}`", model.model_fields[field].annotation, details),
            span=span,
            help=f"`{key}`: {description}" if description else "",
        ) from None


def _explain(what: str, annotation: Any, details: ErrorDetails) -> str:
    """Put pydantic's complaint into our words."""
    context: Mapping[str, object] = details.get("ctx") or {}
    shown = _show(details["input"])
    match details["type"]:
        case "greater_than_equal":
            return f"{what} must be at least {context['ge']}, not {shown}"
        case "greater_than":
            return f"{what} must be more than {context['gt']}, not {shown}"
        case "less_than_equal":
            return f"{what} must be at most {context['le']}, not {shown}"
        case "less_than":
            return f"{what} must be less than {context['lt']}, not {shown}"
        case "literal_error":
            wanted = str(context["expected"]).replace("'", "`")
            return f"{what} must be {wanted}, not {shown}"
        case "too_short":
            return f"{what} needs at least {context['min_length']} values, not {shown}"
        case "too_long":
            return f"{what} takes at most {context['max_length']} values, not {shown}"
        case "missing":
            return f"{what} is missing"
        case "int_type" | "int_from_float":
            return f"{what} must be a whole number, not {shown}"
        case "float_type":
            return f"{what} must be a number, not {shown}"
        case "string_type":
            return f'{what} must be text in quotes, such as "folder", not {shown}'
        case "bool_type":
            return f"{what} must be `true` or `false`, not {shown}"
    words = [v.word for v in VALUES.values() if v.__name__ in str(annotation)]
    wanted = " or ".join(f"`{word}(...)`" for word in words) or "another value"
    return f"{what} must be {wanted}, not {shown}"


def _show(value: object) -> str:
    match value:
        case Value():
            return f"`{value.word}(...)`"
        case bool():
            return f"`{str(value).lower()}`"
        case tuple():
            return f"{len(value)}" if value else "none"
        case str():
            return f"`{value}`"
    return f"{value}"

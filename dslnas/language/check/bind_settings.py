"""Settings of a section: from syntax to the models of `dslnas.settings`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from dslnas.diagnostics import Diagnostics, Note, UserError, did_you_mean, suggestion, user_error
from dslnas.language.check.bind_calls import fault_diagnostic, read_values
from dslnas.language.check.constants import Scope
from dslnas.language.syntax import ast
from dslnas.settings.annotations import is_several
from dslnas.settings.faults import faults
from dslnas.settings.model import Model

_Model = TypeVar("_Model", bound=Model)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def build(
    model: type[_Model],
    settings: Iterable[ast.Setting],
    scope: Scope,
    where: str,
    diagnostics: Diagnostics,
    *,
    more_keys: Iterable[str] = (),
    elsewhere: Mapping[str, str] = _NOTHING,
    defaults: Mapping[str, object] = _NOTHING,
) -> _Model:
    """Return `model` filled from the settings of a section; the rest are its defaults.

    Every mistake is recorded in `diagnostics` at the value it concerns; the setting then keeps its
    default, so that later checks can go on. A call that is of the kind of the setting's default,
    such as `sgd(lr = 1)` where that is another `sgd`, takes from it what is not written.

    Args:
        model: The section's model.
        settings: The settings as they are written.
        scope: Constants that arithmetic may use.
        where: Name of the section in messages, such as "`search darts`".
        diagnostics: Takes the mistakes.
        more_keys: Keys of the section that are not fields, for suggestions.
        elsewhere: By key where else there is such a setting, for suggestions.
        defaults: Values by key that take the place of the model's defaults.
    """
    fields = model.settings()
    written: dict[str, ast.Setting] = {}
    values: dict[str, object] = {}
    for setting in settings:
        key = setting.key.text
        if key not in fields:
            _add_unknown(setting.key, where, [*fields, *more_keys], elsewhere, diagnostics)
            continue
        written[key] = setting
        try:
            usual = defaults.get(key, fields[key].default)
            values[key] = _value(setting, fields[key], scope, usual)
        except UserError as error:
            diagnostics.extend(error)
    try:
        return model.model_validate({**defaults, **values})
    except ValidationError as error:
        wrong = faults(model, values, error)
    for fault in wrong:
        about = fields[fault.key].description
        help = f"`{fault.key}`: {about}" if about else ""
        diagnostics.record(
            fault_diagnostic(fault, f"`{fault.key}`", written[fault.key].values, help)
        )
        values.pop(fault.key, None)
    return model.model_validate({**defaults, **values})


def check_once(settings: Iterable[ast.Setting], diagnostics: Diagnostics) -> None:
    """Record every setting of a block that is given a second time."""
    seen: dict[str, ast.Setting] = {}
    for setting in settings:
        key = setting.key.text
        if key in seen:
            diagnostics.add(
                "NAS504",
                f"`{key}` is set twice",
                setting.key.span,
                notes=[Note("the first time is here", seen[key].key.span)],
                help="remove one of them",
            )
        seen.setdefault(key, setting)


def _add_unknown(
    key: ast.Name,
    where: str,
    known: list[str],
    elsewhere: Mapping[str, str],
    diagnostics: Diagnostics,
) -> None:
    belongs = elsewhere.get(key.text)
    hint = f"it is a setting of {belongs}" if belongs else suggestion(key.text, known)
    message = f"unknown setting `{key.text}` in {where}"
    diagnostics.add("NAS501", message, key.span, help=did_you_mean(key.text, known) or hint)


def _value(setting: ast.Setting, field: FieldInfo, scope: Scope, usual: object) -> object:
    """Return the plain value of a setting; `usual` is its default."""
    values = setting.values
    if len(values) > 1 and not is_several(field.annotation):
        raise user_error(
            "NAS502",
            f"`{setting.key.text}` takes one value, found {len(values)}",
            span=values[1].span.to(values[-1].span),
            help="remove the others",
        )
    return read_values(values, field.annotation, scope, usual)

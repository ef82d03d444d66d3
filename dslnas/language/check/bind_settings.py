"""Settings of a section: from syntax to the models of `dslnas.settings`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from pydantic import ValidationError

from dslnas.edits import Advice, Edit, Help, edits_of, second_removal
from dslnas.language.check.bind import only_value
from dslnas.language.check.bind_calls import fault_diagnostic, read_values
from dslnas.language.check.context import Context
from dslnas.language.syntax import ast
from dslnas.settings.annotations import Annotation, calls_of, is_several, wanted
from dslnas.settings.faults import faults
from dslnas.settings.model import Call, Section
from dslnas.settings.spec import SECTIONS
from dslnas.spelling import did_you_mean, suggestion

_Section = TypeVar("_Section", bound=Section)
_NOTHING: Mapping[str, str] = MappingProxyType({})


def build(
    model: type[_Section],
    settings: Sequence[ast.Setting],
    where: str,
    context: Context,
    defaults: Mapping[str, object] = _NOTHING,
    left: Collection[str] = (),
) -> _Section:
    """Return `model` filled from the settings of a section; the rest are its defaults.

    Records NAS501 for an unknown setting, NAS504 for one that is given twice, and every mistake of
    a value at that value; the setting then keeps its default, so that later checks can go on.

    `where` names the section in messages, as in "`search darts`"; `defaults` take the place of the
    model's; settings that are `left` are read elsewhere.
    """
    fields, diagnostics = model.settings(), context.diagnostics
    written: dict[str, ast.Setting] = {}
    values: dict[str, object] = {}
    for setting in settings:
        key, span = setting.key.text, setting.key.span
        if key not in model.all_keys():
            message = f"unknown setting `{key}` in {where}"
            help = _meant(setting, model, settings, defaults)
            diagnostics.add("NAS501", message, span, help=help)
            continue
        if key in written:
            first = written[key]
            edits = (second_removal(first.span, setting.span),)
            diagnostics.add_twice(f"`{key}` is set twice", span, first.key.span, edits)
            continue
        written[key] = setting
        if key in fields and key not in left:
            with diagnostics.collecting():
                usual = defaults.get(key, fields[key].default)
                takes_one = not is_several(fields[key].annotation)
                given = (only_value(setting, diagnostics),) if takes_one else setting.values
                values[key] = read_values(given, fields[key].annotation, context.constants, usual)
    try:
        return model.model_validate({**defaults, **values})
    except ValidationError as error:
        wrong, all_values = faults(model, values, error), dict(values)
    for fault in wrong:
        about, place = fields[fault.key].description, written[fault.key].values
        words = f"`{fault.key}`: {about}" if about else ""
        usual = defaults.get(fault.key, fields[fault.key].default)
        help = _likelier(written[fault.key], model, all_values, defaults) or Advice(
            words, edits=_as_argument(place, fields[fault.key].annotation, usual)
        )
        diagnostics.record(fault_diagnostic(fault, f"`{fault.key}`", place, help))
        values.pop(fault.key, None)
    return model.model_validate({**defaults, **values})


def _likelier(
    setting: ast.Setting,
    model: type[Section],
    values: Mapping[str, object],
    defaults: Mapping[str, object],
) -> Help:
    """Say which setting that is not written takes a wrong value: `epochs` does in `epoch 100`."""
    key = setting.key.text
    near = did_you_mean(key, model.settings().keys() - values.keys())
    if not isinstance(near, Advice) or near.instead is None:
        return ""
    try:
        model.model_validate({**defaults, near.instead: values[key]})
    except ValidationError:
        return ""
    words = f"did you mean `{near.instead}` ({model.settings()[near.instead].description})?"
    return Advice(words, edits=edits_of(near, setting.key.span))


def _meant(
    setting: ast.Setting,
    model: type[Section],
    settings: Sequence[ast.Setting],
    defaults: Mapping[str, object],
) -> Help:
    """Return what an unknown setting may be meant for: one of the section, or of another."""
    key = setting.key.text
    meant = model.meant(key)
    if meant:
        words = f"did you mean `{meant}` ({model.settings()[meant].description})?"
        return Advice(words, meant, key)
    inside = _inside(setting, model, settings, defaults)
    if inside:
        return inside
    has_it = [other for other in SECTIONS if key in other.all_keys()]
    # Of sections of one kind the first that has it is the best known.
    nearest = [other for other in has_it if other.kind == model.kind][:1]
    headings = {other.kind: other.heading() for other in reversed(nearest or has_it)}
    owners = " and ".join(f"`{heading}`" for heading in reversed(headings.values()))
    hint = f"it is a setting of {owners}" if owners else suggestion(key, model.all_keys())
    return did_you_mean(key, model.all_keys()) or hint


def _as_argument(
    written: Sequence[ast.Expression], annotation: Annotation, usual: object
) -> tuple[Edit, ...]:
    """Return the edit that gives a value to the call that a setting has by default, if it takes it.

    So `weights cosine(0.1)` is `weights sgd(lr = cosine(0.1))`. A number is the first argument,
    where all calls that the setting takes begin with that.
    """
    if not isinstance(usual, Call):
        return ()
    parameters = {key: field.annotation for key, field in usual.settings().items()}
    match written:
        case [ast.Number() as value]:
            firsts = {next(iter(call.settings()), "") for call in calls_of(annotation).values()}
            taking = [key for key in firsts if len(firsts) == 1 and key]
            taking = [key for key in taking if wanted(parameters[key]).startswith("a number")]
        case [ast.Call(function=ast.Name(text=word)) as value]:
            taking = [key for key, takes in parameters.items() if word in calls_of(takes)]
        case _:
            return ()
    if len(taking) != 1:
        return ()
    return (Edit(value.span, f"{usual.word}({taking[0]} = {value.span.text})"),)


def _inside(
    setting: ast.Setting,
    model: type[Section],
    settings: Sequence[ast.Setting],
    defaults: Mapping[str, object],
) -> Help:
    """Say that a setting is a parameter of the call that another is, as `lr` is of `sgd`."""
    usual = {key: defaults.get(key, field.default) for key, field in model.settings().items()}
    calls = {key: call for key, call in usual.items() if isinstance(call, Call)}
    parameters = {key: _parameter(setting.key.text, call) for key, call in calls.items()}
    key = next((key for key, parameter in parameters.items() if parameter), None)
    if key is None:
        return ""
    value = setting.values_span.text
    given = value if len(setting.values) == 1 else f"({value})"
    text = f"{key} {calls[key].word}({parameters[key]} = {given})"
    others = [other.key.text for other in settings if other is not setting]
    if any(_named(other, model) == key for other in others):
        return f"write it inside of `{key}`, as in `{text}`"
    is_alone = not any(_parameter(other, calls[key]) for other in others)
    return Advice(f"write `{text}`", edits=(Edit(setting.span, text),) if is_alone else ())


def _named(word: str, model: type[Section]) -> str:
    """Return the setting that a key names, also one that is mended to it; "" where it names none.

    An edit that adds a setting would write it twice beside one that is yet to be mended.
    """
    if word in model.all_keys():
        return word
    near = did_you_mean(word, model.all_keys())
    return model.meant(word) or (near.instead or "" if isinstance(near, Advice) else "")


def _parameter(word: str, call: Call) -> str:
    """Return the parameter of a call that a word means, or "" where it means none."""
    return word if word in call.settings() else call.meant(word)

"""Facts of a name or a setting, in words, for completions and explanations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic.fields import FieldInfo

from dslnas.diagnostics import Diagnostics
from dslnas.editor.document import Document
from dslnas.editor.names import Symbol
from dslnas.graph.lower.expand import Expander
from dslnas.graph.operation_facts import OperationFacts, composed_facts, primitive_facts
from dslnas.language.check.constants import Constant, evaluate_lets
from dslnas.language.check.operation_definitions import check_definitions
from dslnas.language.link.definitions import Definitions
from dslnas.language.print.expanded_spec import setting_text
from dslnas.language.print.format import format_item
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE
from dslnas.settings.annotations import wanted
from dslnas.settings.model import Section


@cache
def primitive(name: str) -> OperationFacts:
    """Return a primitive as users look it up."""
    return primitive_facts(LANGUAGE[name])


def operation(document: Document, symbol: Symbol) -> OperationFacts | None:
    """Return an operation with a definition as users look it up, None while some have mistakes."""
    definition = symbol.definition
    if not isinstance(definition, ast.OpDef):
        return None
    known, scope, mistakes = document.known.values(), constants(document), Diagnostics()
    definitions = Definitions(
        {s.name: s.definition for s in known if isinstance(s.definition, ast.OpDef)}
    )
    with mistakes.collecting():
        check_definitions(definitions, scope, mistakes)
    if mistakes:
        return None
    expander = Expander(definitions, {**scope, "classes": 10}, derived=True)
    return composed_facts(symbol.name, definition, expander)


def constants(document: Document) -> Mapping[str, Constant]:
    """Return the values of the constants that a text knows."""
    lets = {
        name: symbol.definition
        for name, symbol in document.known.items()
        if isinstance(symbol.definition, ast.Let)
    }
    return evaluate_lets(lets, Diagnostics())


def signature(symbol: Symbol) -> str:
    """Return how something is called: the head of its definition."""
    definition = symbol.definition
    match definition:
        case None:
            return f"{symbol.kind} {symbol.name}"
        case ast.CellDef() | ast.GateDef():
            return format_item(definition).partition("{")[0].strip()
    return format_item(definition)


def setting(document: Document, model: type[Section], key: str) -> list[str]:
    """Return in paragraphs what a setting is, takes, and is when it is left out."""
    if key in model.expressions:
        return [model.expressions[key]]
    field = model.settings()[key]
    about = [field.description] if field.description else []
    return [
        *about,
        f"Takes {wanted(field.annotation)}.",
        f"Default: `{usual(document, model, key)}`",
    ]


def usual(document: Document, model: type[Section], key: str) -> str:
    """Return the default of a setting, as it is for the task of the text."""
    field = model.settings()[key]
    defaults = document.task.defaults_of(model)
    value = defaults.get(key, field.get_default(call_default_factory=True))
    return _shown(field, value)


def effective(document: Document, model: type[Section], key: str) -> str:
    """Return the value that a setting has in the latest version that was right; "" if unknown."""
    program = document.good.program
    if program is None or model.kind not in type(program.settings).model_fields:
        return ""
    section = getattr(program.settings, model.kind)
    if not isinstance(section, model) or key not in section.settings():
        return ""
    return _shown(model.settings()[key], section.resolved().value_of(key))


def _shown(field: FieldInfo, value: object) -> str:
    return "none" if value is None else setting_text(field, value)

"""`--set PATH=VALUE`: values from the command line, checked like the text of a spec."""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.diagnostics import UserError, user_error
from dslnas.language import ast
from dslnas.language.parse import parse_values
from dslnas.source import SourceFile, Span

SECTIONS = ("network", "data", "search", "evaluate", "export")
COMMAND_LINE = "--set"
# Values that are text: taken as they are, so that a shell needs no second pair of quotes.
_TEXT = {"data.path"}
_FORMS = "`search.epochs=5`, `search=nasp`, `cell.normal.nodes=2` and `let.K=3`"


def parse_overrides(arguments: Iterable[str]) -> list[ast.Item]:
    """Return the items that the arguments of `--set` stand for.

    Raises:
        UserError: NAS011 for a wrong path, NAS1xx for a wrong value; all of them at once.
    """
    items: list[ast.Item] = []
    errors = []
    for argument in arguments:
        try:
            items.append(_parse(argument))
        except UserError as error:
            errors.extend(error.diagnostics)
    if errors:
        raise UserError(errors)
    return items


def _parse(argument: str) -> ast.Item:
    source = SourceFile(COMMAND_LINE, argument)
    path, sign, value = argument.partition("=")
    span = Span(source, 0, max(1, len(path)))
    if not sign or not value.strip():
        raise user_error(
            "NAS011",
            f"`--set {argument}` has no value",
            span=span,
            help=f"write a path and a value, as in {_FORMS}",
        )
    parts = path.strip().split(".")
    match parts:
        case [kind] if kind in SECTIONS:
            (name,) = _values(source, len(path) + 1)
            if isinstance(name, ast.Name):
                return ast.Section(kind, name, (), span=span)
        case [kind, key] if kind in SECTIONS:
            return ast.Section(kind, None, (_setting(source, path, key),), span=span)
        case ["cell", cell, key]:
            setting = _setting(source, path, key)
            return ast.CellDef(ast.Name(cell, span=span), None, (setting,), span=span)
        case ["let", name_text]:
            (value_expression,) = _values(source, len(path) + 1)
            return ast.Let(ast.Name(name_text, span=span), value_expression, span=span)
    raise user_error(
        "NAS011", f"unknown path `{path}`", span=span, help=f"paths look like {_FORMS}"
    )


def _setting(source: SourceFile, path: str, key: str) -> ast.Setting:
    start = len(path) + 1
    span = Span(source, 0, len(source.text))
    key_span = Span(source, start - 1 - len(key), start - 1)
    if path in _TEXT:
        text = source.text[start:].strip().strip('"')
        value = ast.Text(text, span=Span(source, start, len(source.text)))
        return ast.Setting(ast.Name(key, span=key_span), (value,), span=span)
    return ast.Setting(ast.Name(key, span=key_span), _values(source, start), span=span)


def _values(source: SourceFile, start: int) -> tuple[ast.Expression, ...]:
    return parse_values(source, start)

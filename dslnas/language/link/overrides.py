"""`--set PATH=VALUE`: values from the command line, checked like the text of a spec."""

from __future__ import annotations

from collections.abc import Iterable

from dslnas.diagnostics import Diagnostics, user_error
from dslnas.language.syntax import ast
from dslnas.language.syntax.numbers import behind_comma_help
from dslnas.language.syntax.parse import parse_values
from dslnas.language.syntax.tokens import STATEMENTS
from dslnas.source import SourceFile, Span
from dslnas.spelling import did_you_mean

COMMAND_LINE, VARIED = "--set", "--vary"
SECTIONS = STATEMENTS["SECTION"]
# Values that are text: taken as they are, so that a shell needs no second pair of quotes.
_TEXT = {"data.path"}
_FORMS = "`search.epochs=5`, `search=nasp`, `cell.normal.nodes=2` or `let.K=3`"
_STARTS = (*SECTIONS, "cell", "let")


def parse_overrides(arguments: Iterable[str]) -> list[ast.Item]:
    """Return the items that the arguments of `--set` stand for.

    Raises:
        UserError: NAS011 for a wrong path, NAS1xx for a wrong value; all of them at once.
    """
    items: list[ast.Item] = []
    diagnostics = Diagnostics()
    for argument in arguments:
        with diagnostics.collecting():
            items.append(_parse(SourceFile(COMMAND_LINE, argument)))
    diagnostics.raise_if_any()
    return items


def parse_variation(argument: str) -> tuple[str, tuple[str, ...]]:
    """Return the path that an argument of `--vary` names, and its values as they are written.

    Raises:
        UserError: NAS011 for a path without values, NAS1xx for a wrong value.
    """
    source = SourceFile(VARIED, argument)
    path, _, text = argument.partition("=")
    if not path.strip() or not text.strip():
        help = "write a path and its values, such as `search=darts,nasp`"
        raise user_error("NAS011", f"`{path}` is given no values", where=VARIED, help=help)
    if path.strip() in _TEXT:
        return path.strip(), tuple(value.strip() for value in text.split(","))
    values = parse_values(source, len(path) + 1)
    spans = (value.span for value in values)
    return path.strip(), tuple(argument[span.start : span.end] for span in spans)


def _parse(source: SourceFile) -> ast.Item:
    path, _, value = source.text.partition("=")
    whole = Span(source, 0, max(1, len(path)))
    if not value.strip():
        help = f"write a path and a value, such as {_FORMS}"
        raise user_error("NAS011", f"`{path}` is given no value", span=whole, help=help)
    start = len(path) + 1
    match _names(source, path):
        case [kind] if kind.text in SECTIONS:
            name = _single(source, start)
            if isinstance(name, ast.Name):
                return ast.Section(kind.text, name, (), span=whole)
            message = f"`{kind.text}` takes a name, found `{name.span.brief}`"
            raise user_error("NAS011", message, span=name.span, help=f"paths look like {_FORMS}")
        case [kind, key] if kind.text in SECTIONS:
            return ast.Section(kind.text, None, (_setting(source, path, key),), span=whole)
        case [ast.Name(text="cell"), cell, key]:
            return ast.CellDef(cell, None, (_setting(source, path, key),), span=whole)
        case [ast.Name(text="let"), name]:
            return ast.Let(name, _single(source, start), span=whole)
    first = path.split(".")[0].strip()
    near = "" if first in _STARTS else did_you_mean(first, _STARTS)
    message = f"unknown path `{path}`" if path.strip() else "a path is missing before `=`"
    raise user_error("NAS011", message, span=whole, help=near or f"paths look like {_FORMS}")


def _names(source: SourceFile, path: str) -> list[ast.Name]:
    """Return the parts of a path with their places."""
    names, start = [], 0
    for part in path.split("."):
        begin = start + len(part) - len(part.lstrip())
        end = begin + max(1, len(part.strip()))
        names.append(ast.Name(part.strip(), span=Span(source, begin, end)))
        start += len(part) + 1
    return names


def _setting(source: SourceFile, path: str, key: ast.Name) -> ast.Setting:
    start, whole = len(path) + 1, Span(source, 0, len(source.text))
    if path in _TEXT:
        text = source.text[start:].strip().strip('"')
        value = ast.Text(text, span=Span(source, start, len(source.text)))
        return ast.Setting(key, (value,), span=whole)
    return ast.Setting(key, parse_values(source, start), span=whole)


def _single(source: SourceFile, start: int) -> ast.Expression:
    """Return the only value from offset `start` on."""
    first, *others = parse_values(source, start)
    if others:
        path = source.text[: start - 1].strip()
        message = f"`{path}` takes one value, found {1 + len(others)}"
        help = behind_comma_help(others[0].span) or "remove the others"
        raise user_error("NAS011", message, span=others[0].span, help=help)
    return first

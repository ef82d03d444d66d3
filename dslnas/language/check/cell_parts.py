"""A cell's text taken apart: plain settings, expressions, values and nodes."""

from __future__ import annotations

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.check.bind_settings import build, check_once
from dslnas.language.check.constants import Scope
from dslnas.language.print.format import format_expression
from dslnas.language.syntax import ast
from dslnas.settings.sections import CELL_EXPRESSIONS, CellSettings
from dslnas.source import Span

FIRST = "first"
"""Name of the value that the nodes read instead of the inputs."""

_FIELDS = tuple(CellSettings.settings())
_RECURRENT = ("states", FIRST, "edge", "normalise", "next")


class CellParts:
    """Statements of a cell.

    Records NAS501 for an unknown setting, NAS504 for one that is given twice, and settings that
    have a wrong value.

    Attributes:
        definition: The cell with what it takes over written out.
        what: Name of it in messages.
        plain: By key the settings that are plain values.
        given: By key those that are expressions.
        lets: Its values.
        spelt: Its nodes that are spelt out.
        settings: The plain values, defaults filled in.
    """

    def __init__(self, definition: ast.CellDef, constants: Scope, diagnostics: Diagnostics) -> None:
        self.definition = definition
        self.what = f"cell `{definition.name.text}`"
        statements = definition.statements
        settings = [s for s in statements if isinstance(s, ast.Setting)]
        known = [*_FIELDS, *CELL_EXPRESSIONS]
        for setting in settings:
            if setting.key.text not in known:
                message = f"unknown setting `{setting.key.text}` in {self.what}"
                help = suggestion(setting.key.text, known)
                diagnostics.add("NAS501", message, setting.key.span, help=help)
        check_once([s for s in settings if s.key.text in known], diagnostics)
        self.plain = {s.key.text: s for s in settings if s.key.text in _FIELDS}
        self.given = {s.key.text: s for s in settings if s.key.text in CELL_EXPRESSIONS}
        self.lets = [s for s in statements if isinstance(s, ast.Let)]
        self.spelt = [s for s in statements if isinstance(s, ast.NodeDef)]
        self.settings = build(CellSettings, self.plain.values(), constants, self.what, diagnostics)

    def span(self, key: str) -> Span | None:
        """Return where the values of a setting are written, None if it is not given."""
        setting = self.plain.get(key) or self.given.get(key)
        return None if setting is None else values_span(setting)

    @property
    def has_values(self) -> bool:
        """Whether the cell computes values beside its nodes."""
        return bool(self.lets) or FIRST in self.given

    def written(self) -> tuple[tuple[str, str], ...]:
        """Return the lines that a derived cell keeps, each with the name of its value, if any."""
        lines = []
        for statement in self.definition.statements:
            match statement:
                case ast.Let(name=name, value=value):
                    lines.append((name.text, f"let {name.text} = {format_expression(value)}"))
                case ast.Setting(key=key, values=values) if key.text in _RECURRENT:
                    shown = ", ".join(format_expression(value) for value in values)
                    lines.append((FIRST if key.text == FIRST else "", f"{key.text}  {shown}"))
        return tuple(lines)


def values_span(setting: ast.Setting) -> Span:
    """Return where the values of a setting are written."""
    return setting.values[0].span.to(setting.values[-1].span)

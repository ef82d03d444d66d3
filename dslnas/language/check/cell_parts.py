"""A cell's text taken apart: plain settings, expressions, values and nodes."""

from __future__ import annotations

from dslnas.language.check.bind_settings import build
from dslnas.language.check.context import Context
from dslnas.language.print.format import format_expression
from dslnas.language.syntax import ast
from dslnas.settings.sections import CellSettings
from dslnas.source import Span

FIRST = "first"
"""Name of the value that the nodes read instead of the inputs."""

_RECURRENT = ("states", FIRST, "edge", "normalise", "next")


class CellParts:
    """Statements of a cell; what `build` finds in its settings is recorded.

    Attributes:
        definition: The cell with what it takes over written out.
        what: Name of it in messages.
        given: Its settings by key.
        unknown: Those of the keys that no cell has.
        spelt: Its nodes that are spelt out.
        settings: The plain ones, defaults filled in.
    """

    def __init__(self, definition: ast.CellDef, context: Context) -> None:
        self.definition = definition
        self.what = f"cell `{definition.name.text}`"
        statements = definition.statements
        settings = [s for s in statements if isinstance(s, ast.Setting)]
        self.given = {s.key.text: s for s in settings}
        self.unknown = self.given.keys() - {*CellSettings.all_keys()}
        self.lets = [s for s in statements if isinstance(s, ast.Let)]
        self.spelt = [s for s in statements if isinstance(s, ast.NodeDef)]
        self.settings = build(CellSettings, settings, self.what, context)

    def span(self, key: str) -> Span | None:
        """Return where the values of a setting are written, None if it is not given."""
        return self.given[key].values_span if key in self.given else None

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

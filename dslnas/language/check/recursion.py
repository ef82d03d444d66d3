"""Operations that are composed of themselves, or of too many others one inside the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dslnas.diagnostics import Diagnostics, Note, UserError, user_error
from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE

MAX_LEVELS = 150
"""Levels of an operation with everything it uses written out: a bound for recursion."""


def check_nesting(definitions: Mapping[str, ast.OpDef], diagnostics: Diagnostics) -> None:
    """Check that every operation can be expanded.

    Records NAS206 for an operation that is composed of itself, NAS108 for one that is nested too
    deep.
    """
    nesting = _Nesting(definitions, diagnostics)
    try:
        for name in definitions:
            nesting.height_of(name, [], 0)
    except UserError as error:
        diagnostics.extend(error)


class _Nesting:
    def __init__(self, definitions: Mapping[str, ast.OpDef], diagnostics: Diagnostics) -> None:
        self._definitions = definitions
        self._diagnostics = diagnostics
        self._heights: dict[str, int] = {}

    def height_of(self, name: str, path: Sequence[str], level: int) -> int:
        """Return the levels of an operation that is used along `path`, at a level."""
        if name in path:
            self._circle([*path[path.index(name) :], name])
            return 0
        definition = self._definitions[name]
        if name not in self._heights:
            bodies = (definition.body, *(v.body for v in definition.variants))
            longer = [*path, name]
            self._heights[name] = max(self._height(body, longer, level) for body in bodies)
        if level + self._heights[name] > MAX_LEVELS:
            raise self._too_deep([*path, name])
        return self._heights[name]

    def _height(self, expression: ast.Expression, path: Sequence[str], level: int) -> int:
        if level > MAX_LEVELS:
            raise self._too_deep(path)
        inner: Sequence[ast.Expression] = ()
        match expression:
            case ast.Chain(stages=stages):
                inner = stages
            case ast.Binary(right=body):
                inner = (body,)
            case ast.Name(text=name) if name in self._definitions:
                return 1 + self.height_of(name, path, level + 1)
            case ast.Call(function=ast.Name(text=name)) if name in self._definitions:
                return 1 + self.height_of(name, path, level + 1)
            case ast.Call(function=ast.Name(text=name), arguments=arguments):
                if name in LANGUAGE and LANGUAGE[name].joins:
                    inner = [argument.value for argument in arguments]
        return 1 + max((self._height(i, path, level + 1) for i in inner), default=0)

    def _too_deep(self, path: Sequence[str]) -> UserError:
        return user_error(
            "NAS108",
            f"operation `{path[0]}` is nested more than {MAX_LEVELS} levels deep",
            span=self._definitions[path[0]].name.span,
            help="compose it of fewer others",
        )

    def _circle(self, circle: Sequence[str]) -> None:
        first, last = self._definitions[circle[0]].name, self._definitions[circle[-2]].name
        self._diagnostics.add(
            "NAS206",
            f"operation is composed of itself: {' -> '.join(circle)}",
            first.span,
            notes=[Note("the circle closes here", last.span)] if last != first else (),
            help="an operation may use only others",
        )

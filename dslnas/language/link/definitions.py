"""Definitions of operations, and which of their parameters stand for operations.

`f` of `op residual(f) = add(f, identity)` does: the body applies it. So does one that the body
hands on to an operation that applies it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE


class Definitions(dict[str, ast.OpDef]):
    """Definitions of operations by name; what was read in them is forgotten when one is added."""

    def __init__(self, definitions: Mapping[str, ast.OpDef] | None = None) -> None:
        super().__init__(definitions or {})
        self._known: dict[str, frozenset[str]] = {}

    def __setitem__(self, name: str, definition: ast.OpDef) -> None:
        """Add a definition."""
        super().__setitem__(name, definition)
        self._known.clear()

    def __reduce__(self) -> tuple[type[Definitions], tuple[dict[str, ast.OpDef]]]:
        """Say how a copy in another process is made: from the definitions alone."""
        return Definitions, (dict(self),)

    def taken(self, name: str) -> frozenset[str]:
        """Return the parameters of an operation that stand for operations.

        Of a primitive none does. Each definition is read once, also one that is composed of itself,
        which is reported elsewhere.
        """
        if name in self._known or name not in self:
            return self._known.get(name, frozenset())
        definition = self[name]
        own = {parameter.name.text for parameter in definition.parameters}
        self._known[name] = frozenset()
        if own:
            bodies = (definition.body, *(variant.body for variant in definition.variants))
            applied = (word for body in bodies for word in self._applied(body, own))
            self._known[name] = frozenset(own.intersection(applied))
        return self._known[name]

    def passed(self, name: str, arguments: Sequence[ast.Argument]) -> dict[str, ast.Expression]:
        """Return the operations that a call passes, by parameter; defaults are those of no call."""
        taken = self.taken(name)
        if not taken:
            return {}
        passed = {
            parameter.name.text: parameter.default
            for parameter in self[name].parameters
            if parameter.default is not None and parameter.name.text in taken
        }
        given = _by_parameter(self[name], arguments)
        return passed | {key: value for key, value in given if key in taken}

    def _applied(self, body: ast.Expression, own: Collection[str]) -> Iterator[str]:
        """Yield the names that a body applies as operations."""
        match body:
            case ast.Name(text=text):
                yield text
            case ast.Chain(stages=parts):
                for part in parts:
                    yield from self._applied(part, own)
            case ast.Binary(sign="*", right=right):
                yield from self._applied(right, own)
            case ast.Call(function=ast.Name(text=text), arguments=arguments):
                yield text
                for argument in self._operations(text, arguments, own):
                    yield from self._applied(argument, own)

    def _operations(
        self, name: str, arguments: Sequence[ast.Argument], own: Collection[str]
    ) -> Iterator[ast.Expression]:
        """Yield the arguments of a call that are operations."""
        if name in own:
            yield from (argument.value for argument in arguments)
            return
        if name not in self:
            if name in LANGUAGE and LANGUAGE[name].joins:
                yield from (argument.value for argument in arguments)
            return
        taken = self.taken(name)
        given = _by_parameter(self[name], arguments)
        yield from (value for key, value in given if key in taken)


def _by_parameter(
    definition: ast.OpDef, arguments: Sequence[ast.Argument]
) -> Iterator[tuple[str, ast.Expression]]:
    """Yield the arguments of a call with their parameters; those that are too many have none."""
    names = [parameter.name.text for parameter in definition.parameters]
    for place, argument in enumerate(arguments):
        if argument.name is not None:
            yield argument.name.text, argument.value
        elif place < len(names):
            yield names[place], argument.value

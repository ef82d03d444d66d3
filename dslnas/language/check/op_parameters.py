"""Parameters of operations that stand for operations: `f` of `op residual(f) = add(f, identity)`.

A parameter is one if the body applies it, or hands it on to an operation that does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from dslnas.language.syntax import ast
from dslnas.ops.catalogue import LANGUAGE

Definitions = Mapping[str, ast.OpDef]


def operation_parameters(name: str, definitions: Definitions) -> frozenset[str]:
    """Return the parameters of an operation that stand for operations; of a primitive none does."""
    return _Reader(definitions).parameters(name)


def passed_operations(
    name: str, arguments: Sequence[ast.Argument], definitions: Definitions
) -> dict[str, ast.Expression]:
    """Return the operations that a call passes, by parameter; defaults are those of no call."""
    taken = operation_parameters(name, definitions)
    if not taken:
        return {}
    passed = {
        parameter.name.text: parameter.default
        for parameter in definitions[name].parameters
        if parameter.default is not None and parameter.name.text in taken
    }
    given = _by_parameter(definitions[name], arguments)
    return passed | {key: value for key, value in given if key in taken}


class _Reader:
    """Reads definitions, each once: one may be composed of itself, which is reported elsewhere."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[str, frozenset[str]] = {}

    def parameters(self, name: str) -> frozenset[str]:
        if name in self._known or name not in self._definitions:
            return self._known.get(name, frozenset())
        definition = self._definitions[name]
        own = {parameter.name.text for parameter in definition.parameters}
        self._known[name] = frozenset()
        if own:
            bodies = (definition.body, *(variant.body for variant in definition.variants))
            applied = (word for body in bodies for word in self._applied(body, own))
            self._known[name] = frozenset(own.intersection(applied))
        return self._known[name]

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
        if name not in self._definitions:
            if name in LANGUAGE and LANGUAGE[name].joins:
                yield from (argument.value for argument in arguments)
            return
        taken = self.parameters(name)
        given = _by_parameter(self._definitions[name], arguments)
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

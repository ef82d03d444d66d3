"""Operations by the names that they have in a notation, and back.

A table lies beside the file of the library that the operations are from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

from dslnas.diagnostics import user_error
from dslnas.language.check.cell import Edge
from dslnas.language.link.sources import LIBRARY
from dslnas.source import Span
from dslnas.spelling import suggestion


class OperationNames:
    """Names of operations in one notation.

    Attributes:
        owner: Whose names they are, in messages.
        operations: By name the text of the operation in the language; of several names of one the
            first is written.
    """

    def __init__(self, owner: str, operations: Mapping[str, str]) -> None:
        self.owner = owner
        self.operations = operations
        self._names = {text: name for name, text in reversed([*operations.items()])}

    def operation(self, name: str, span: Span) -> str:
        """Return the text of the operation that a name stands for.

        Raises:
            UserError: NAS812 if there is none.
        """
        if name in self.operations:
            return self.operations[name]
        help = suggestion(name, self.operations)
        raise user_error("NAS812", f"{self.owner} has no operation `{name}`", span=span, help=help)

    def name(self, edge: Edge) -> str:
        """Return the name of an edge's one operation.

        Raises:
            UserError: NAS812 if it has none.
        """
        text = edge.operations[0].text
        if text in self._names:
            return self._names[text]
        raise user_error(
            "NAS812",
            f"`{text}` has no name in {self.owner}",
            span=edge.span,
            help=suggestion(text, self._names),
        )


@cache
def operation_names(owner: str, *papers: str) -> OperationNames:
    """Return the names that some papers of the library have; an earlier one's come first."""
    operations: dict[str, str] = {}
    for paper in papers:
        text = (LIBRARY / "papers" / f"{paper}.toml").read_text(encoding="utf-8")
        operations = {**operations, **tomllib.loads(text)}
    return OperationNames(owner, operations)

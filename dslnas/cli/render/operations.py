"""Operations for people: one after the other, with what they compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from dslnas.graph.operation_facts import OperationFacts


def operations_text(found: Sequence[OperationFacts]) -> str:
    """Return operations by the file that has them, primitives first."""
    return "\n".join(_lines(found))


def _lines(found: Sequence[OperationFacts]) -> Iterator[str]:
    for source, facts in groupby(found, key=lambda each: each.source):
        yield f"use {source}" if source else "primitives, known everywhere"
        for each in facts:
            yield f"    {each.call}"
            yield f"        {each.about}"
            if each.shapes:
                yield f"        {each.shapes}"
            if len(found) == 1:
                yield from _details(each)
        yield ""


def _details(facts: OperationFacts) -> Iterator[str]:
    if facts.aliases:
        yield f"        also called {', '.join(facts.aliases)}"
    if facts.definition:
        yield from (f"        {line}" for line in facts.definition.splitlines())

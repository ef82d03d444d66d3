"""The base of the syntax tree's nodes: frozen, equal where they say the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self, dataclass_transform

from dslnas.source import Span


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class _Frozen:
    """Makes every class below it a frozen dataclass."""

    def __init_subclass__(cls) -> None:
        dataclass(frozen=True)(cls)

    def replace(self, **changes: object) -> Self:
        """Return the node with some fields changed."""
        return replace(self, **changes)  # type: ignore[type-var]  # a subclass is one


class Node(_Frozen):
    """A part of a program as it was written; its span is given by keyword."""

    span: Span = field(compare=False, repr=False, kw_only=True)

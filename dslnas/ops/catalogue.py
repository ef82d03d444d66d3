"""The table of primitives: everything else in the language is composed of these."""

from __future__ import annotations

from dslnas.ops.compiler_primitives import COMPILER_PRIMITIVES
from dslnas.ops.language_primitives import LANGUAGE_PRIMITIVES
from dslnas.ops.primitive import Primitive
from dslnas.ops.traits import Trait

_ALL = (*LANGUAGE_PRIMITIVES, *COMPILER_PRIMITIVES)

PRIMITIVES: dict[str, Primitive] = {primitive.name: primitive for primitive in _ALL}
LANGUAGE: dict[str, Primitive] = {p.name: p for p in _ALL if not p.has(Trait.COMPILER_ONLY)}
MEANT: dict[str, str] = {alias: p.name for p in LANGUAGE.values() for alias in p.aliases}
"""The primitive that a word of other programs means, written without `_`."""


def has_trait(name: str, trait: Trait) -> bool:
    """Whether a primitive promises something; what is not in the table promises nothing."""
    return name in PRIMITIVES and PRIMITIVES[name].has(trait)

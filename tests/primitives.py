"""Primitives by what they promise, for tests that go through all of them."""

from __future__ import annotations

from dslnas.ops.catalogue import PRIMITIVES
from dslnas.ops.traits import Trait


def with_trait(trait: Trait) -> set[str]:
    """Return the names of the primitives that have a trait."""
    return {name for name, primitive in PRIMITIVES.items() if primitive.has(trait)}


OF_PASSES = with_trait(Trait.PASS_ONLY)
"""Primitives that only passes write: tests/passes runs them, and no export has them."""

ACTIVATIONS = tuple(sorted(with_trait(Trait.ACTIVATION)))
VARIATIONAL = tuple(name for name, primitive in PRIMITIVES.items() if primitive.run_mask)

"""Names that are free."""

from __future__ import annotations

from collections.abc import Container
from itertools import count


def free_name(wanted: str, taken: Container[str]) -> str:
    """Return a name if it is not taken, and else the first numbered one like it: `n_2`, `n_3`."""
    numbered = (f"{wanted}_{number}" for number in count(2))
    return wanted if wanted not in taken else next(n for n in numbered if n not in taken)

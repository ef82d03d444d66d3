"""How many examples a property is tried on."""

from __future__ import annotations

import os


def examples(count: int) -> int:
    """Return a number of examples, a third of it unless `CI` is set: others come every time."""
    return count if os.environ.get("CI") else max(5, count // 3)

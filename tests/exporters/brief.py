"""Short checks of exported models, for tests of what is around them."""

from __future__ import annotations

import pytest

from dslnas.exporters import checks, latency, sequence_parity
from dslnas.exporters.sequence_parity import STEPWISE, WHOLE


def check_briefly(patch: pytest.MonkeyPatch, calls: tuple[int, ...] = (6, 4)) -> None:
    """Compare backends over ten steps of a text instead of two hundred, and time few runs."""
    steps = sum(calls)
    for module in (sequence_parity, checks):
        patch.setattr(module, "LENGTH", steps)
        patch.setattr(module, "CALLS", {WHOLE: calls, STEPWISE: (1,) * steps})
    patch.setattr(latency, "RUNS", 3)
    patch.setattr(latency, "WARM_UP", 0.0)

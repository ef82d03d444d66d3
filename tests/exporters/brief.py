"""Short checks of exported models, for tests of what is around them."""

from __future__ import annotations

import pytest

from dslnas.exporters import checks, sequence_parity
from dslnas.exporters.sequence_parity import STEPWISE, WHOLE

CALLS = {WHOLE: (6, 4), STEPWISE: (1,) * 10}


def check_briefly(patch: pytest.MonkeyPatch) -> None:
    """Compare backends over ten steps of a text instead of two hundred, and time few runs."""
    patch.setattr(sequence_parity, "CALLS", CALLS)
    for module in (sequence_parity, checks):
        patch.setattr(module, "LENGTH", sum(CALLS[WHOLE]))
    patch.setattr(checks, "RUNS", 3)
    patch.setattr(checks, "WARM_UP", 0.0)

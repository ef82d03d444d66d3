"""Everything that is written as a call in a setting, by its word."""

from __future__ import annotations

from dslnas.settings.schema import Value
from dslnas.settings.stop import STOP_RULES
from dslnas.settings.values import (
    Adam,
    Cosine,
    Crop,
    Cutout,
    Exponential,
    Flip,
    Linear,
    Sgd,
    Variational,
)

_ALL: tuple[type[Value], ...] = (
    *(Cosine, Exponential, Linear, Sgd, Adam, Variational, Crop, Flip, Cutout),
    *STOP_RULES,
)

CALLS = {call.word: call for call in _ALL}

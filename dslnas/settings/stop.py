"""Rules that end a search early; they look at the cells that would be derived after an epoch."""

from __future__ import annotations

from typing import TypeAlias

from dslnas.settings.kinds import Number, Whole
from dslnas.settings.schema import Value, setting


class Skips(Value):
    """A derived cell has `most` skip connections or more (DARTS+, arXiv:1909.06035)."""

    word = "skips"
    most: int = setting(Whole(ge=1), default=2)


class Convolutions(Value):
    """No derived cell has more convolutions than expected (MiLeNAS, section 4.2).

    `most` is for cells that keep the size, `reducing` for those that reduce it.
    """

    word = "convolutions"
    most: int = setting(Whole(ge=0), default=6)
    reducing: int = setting(Whole(ge=0), default=0)


class Stable(Value):
    """The derived cells have not changed for so many epochs (DARTS+, criterion 2)."""

    word = "stable"
    epochs: int = setting(Whole(ge=1), default=10)


class Eigenvalue(Value):
    """The validation loss has become sharp in alpha (Zela et al., ICLR 2020, arXiv:1909.09656).

    Stops when the dominant eigenvalue of the Hessian, averaged over `window` epochs, was less than
    `ratio` times today's `window` epochs ago; the result is the architecture of that epoch.
    """

    word = "eigenvalue"
    ratio: float = setting(Number(gt=0, le=1), default=0.75)
    window: int = setting(Whole(ge=1), default=5)


StopRule: TypeAlias = Skips | Convolutions | Stable | Eigenvalue
STOP_RULES: tuple[type[Value], ...] = (Skips, Convolutions, Stable, Eigenvalue)

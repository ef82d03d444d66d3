"""Values that are written as calls in a spec: schedules, optimisers, dropout, augmentations.

The fields are the parameters of the call, in order; their defaults are the papers'.
"""

from __future__ import annotations

from typing import TypeAlias

from dslnas.settings.kinds import Call, Number, Whole
from dslnas.settings.lists import Exactly
from dslnas.settings.schema import Value, setting


class Cosine(Value):
    """Learning rate that falls from `start` to `end` along half a cosine, by epoch."""

    word = "cosine"
    start: float = setting(Number(gt=0))
    end: float = setting(Number(ge=0), default=0.0)


class Exponential(Value):
    """Learning rate that is multiplied by `factor` after every epoch."""

    word = "exponential"
    start: float = setting(Number(gt=0))
    factor: float = setting(Number(gt=0, le=1), default=0.97)


class Linear(Value):
    """Value that goes from `start` in the first epoch to `end` in the last in equal steps."""

    word = "linear"
    start: float = setting(Number(gt=0))
    end: float = setting(Number(gt=0))


Schedule: TypeAlias = float | Cosine | Exponential | Linear
SCHEDULE = Number(gt=0) | Call(Cosine, Exponential, Linear)
RATE = Number(ge=0, lt=1)


class Sgd(Value):
    """Stochastic gradient descent; gradients are clipped at the global norm `clip` (0: never)."""

    word = "sgd"
    lr: Schedule = setting(SCHEDULE, default=Cosine(start=0.025, end=0.001))
    momentum: float = setting(Number(ge=0, lt=1), default=0.9)
    weight_decay: float = setting(Number(ge=0), default=3e-4)
    clip: float = setting(Number(ge=0), default=5.0)


class Adam(Value):
    """Adam with plain L2 weight decay; eps is 1e-8."""

    word = "adam"
    lr: Schedule = setting(SCHEDULE, default=3e-4)
    betas: tuple[float, float] = setting(Exactly(2, Number(ge=0, lt=1)), default=(0.5, 0.999))
    weight_decay: float = setting(Number(ge=0), default=1e-3)


class Variational(Value):
    """Dropout that is drawn once per sequence and kept for all of its steps, as rates by place.

    Gal and Ghahramani (NeurIPS 2016, arXiv:1512.05287); places as in Merity et al. (ICLR 2018).
    """

    word = "variational"
    words: float = setting(RATE, "of whole words of the embedding's table", default=0.0)
    embedded: float = setting(RATE, "of `drop_embedded`: the embedded words", default=0.0)
    input: float = setting(RATE, "of `drop_input`: what a cell reads", default=0.0)
    state: float = setting(RATE, "of `drop_state`: the state that a cell reads", default=0.0)
    output: float = setting(RATE, "of `drop_output`: what the head reads", default=0.0)

    def rates(self) -> dict[str, float]:
        """Return the rates by place: words, embedded, input, state and output."""
        return {name: getattr(self, name) for name in self.fields}


class Crop(Value):
    """Pad by `pad` pixels of zeros on every side and cut out the old size at random."""

    word = "crop"
    pad: int = setting(Whole(ge=1, le=1024), default=4)


class Flip(Value):
    """Mirror left and right with probability one half."""

    word = "flip"


class Cutout(Value):
    """Set a random square of `size` pixels to zero (DeVries and Taylor, arXiv:1708.04552)."""

    word = "cutout"
    size: int = setting(Whole(ge=1, le=65536), default=16)


Augmentation: TypeAlias = Crop | Flip | Cutout

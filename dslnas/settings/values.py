"""Values that are written as calls in a spec: schedules, optimisers, augmentations.

The fields are the parameters of the call, in order; their defaults are the papers'.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Value(BaseModel):
    """Base of everything written as `word(...)`; `word` is the name in the language."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    word: ClassVar[str]


class Cosine(Value):
    """Learning rate that falls from `start` to `end` along half a cosine, by epoch."""

    word = "cosine"
    start: float = Field(gt=0)
    end: float = Field(default=0.0, ge=0)


class Exponential(Value):
    """Learning rate that is multiplied by `factor` after every epoch."""

    word = "exponential"
    start: float = Field(gt=0)
    factor: float = Field(default=0.97, gt=0, le=1)


PositiveFloat: TypeAlias = Annotated[float, Field(gt=0)]
Schedule: TypeAlias = PositiveFloat | Cosine | Exponential


class Sgd(Value):
    """Stochastic gradient descent; gradients are clipped at the global norm `clip` (0: never)."""

    word = "sgd"
    lr: Schedule = Cosine(start=0.025, end=0.001)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=3e-4, ge=0)
    clip: float = Field(default=5.0, ge=0)


class Adam(Value):
    """Adam with plain L2 weight decay; eps is 1e-8."""

    word = "adam"
    lr: Schedule = 3e-4
    betas: tuple[
        Annotated[float, Field(ge=0, lt=1)],
        Annotated[float, Field(ge=0, lt=1)],
    ] = (0.5, 0.999)
    weight_decay: float = Field(default=1e-3, ge=0)


class Crop(Value):
    """Pad by `pad` pixels of zeros on every side and cut out the old size at random."""

    word = "crop"
    pad: int = Field(default=4, ge=1, le=1024)


class Flip(Value):
    """Mirror left and right with probability one half."""

    word = "flip"


class Cutout(Value):
    """Set a random square of `size` pixels to zero (DeVries and Taylor, arXiv:1708.04552)."""

    word = "cutout"
    size: int = Field(default=16, ge=1, le=65536)


Augmentation: TypeAlias = Crop | Flip | Cutout

VALUES: dict[str, type[Value]] = {
    v.word: v for v in (Cosine, Exponential, Sgd, Adam, Crop, Flip, Cutout)
}

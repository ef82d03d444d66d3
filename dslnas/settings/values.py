"""Values that are written as calls in a spec: schedules, optimisers, dropout, augmentations.

The defaults are the papers'.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Call

# ---- schedules ----------------------------------------------------------------------------------


class ScheduleCall(Call):
    """Base of values that change from epoch to epoch."""

    noun: ClassVar[str] = "schedule"


class Cosine(ScheduleCall):
    """Learning rate that falls from `start` to `end` along half a cosine, by epoch."""

    word: Literal["cosine"] = "cosine"
    start: float = Field(gt=0)
    end: float = Field(0.0, ge=0)


class Exponential(ScheduleCall):
    """Learning rate that is multiplied by `factor` after every epoch."""

    word: Literal["exponential"] = "exponential"
    start: float = Field(gt=0)
    factor: float = Field(0.97, gt=0, le=1)


class Linear(ScheduleCall):
    """Value that goes from `start` in the first epoch to `end` in the last in equal steps."""

    word: Literal["linear"] = "linear"
    start: float = Field(gt=0)
    end: float = Field(gt=0)


Schedule: TypeAlias = (
    Annotated[float, Field(gt=0)]
    | Annotated[Cosine | Exponential | Linear, Field(discriminator="word")]
)


def lowest(schedule: Schedule, epochs: int) -> float:
    """Return the smallest value that a schedule comes to in so many epochs, its end included."""
    match schedule:
        case Exponential(start=start, factor=factor):
            return float(start * factor ** (epochs - 1))
        case Cosine(start=start, end=end) | Linear(start=start, end=end):
            return min(start, end)
    return schedule


# ---- optimisers ---------------------------------------------------------------------------------


class Optimiser(Call):
    """Base of optimisers."""

    noun: ClassVar[str] = "optimiser"


class Sgd(Optimiser):
    """Stochastic gradient descent; gradients are clipped at the global norm `clip` (0: never)."""

    word: Literal["sgd"] = "sgd"
    lr: Schedule = Cosine(start=0.025, end=0.001)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(3e-4, ge=0)
    clip: float = Field(5.0, ge=0)


Beta: TypeAlias = Annotated[float, Field(ge=0, lt=1)]


class Adam(Optimiser):
    """Adam with plain L2 weight decay; eps is 1e-8."""

    word: Literal["adam"] = "adam"
    lr: Schedule = 3e-4
    betas: tuple[Beta, Beta] = (0.5, 0.999)
    weight_decay: float = Field(1e-3, ge=0)


# ---- dropout ------------------------------------------------------------------------------------


class Variational(Call):
    """Dropout that is drawn once per sequence and kept for all of its steps, as rates by place.

    Gal and Ghahramani (NeurIPS 2016, arXiv:1512.05287); places as in Merity et al. (ICLR 2018).
    """

    noun: ClassVar[str] = "dropout"
    word: Literal["variational"] = "variational"
    words: float = Field(0.0, ge=0, lt=1, description="of whole words of the embedding's table")
    embedded: float = Field(0.0, ge=0, lt=1, description="of `drop_embedded`: the embedded words")
    input: float = Field(0.0, ge=0, lt=1, description="of `drop_input`: what a cell reads")
    state: float = Field(
        0.0, ge=0, lt=1, description="of `drop_state`: the state that a cell reads"
    )
    output: float = Field(0.0, ge=0, lt=1, description="of `drop_output`: what the head reads")

    def rates(self) -> dict[str, float]:
        """Return the rates by place: words, embedded, input, state and output."""
        return {name: getattr(self, name) for name in self.settings()}


# ---- augmentations ------------------------------------------------------------------------------


class AugmentationCall(Call):
    """Base of random changes of training images."""

    noun: ClassVar[str] = "augmentation"


class Crop(AugmentationCall):
    """Pad by `pad` pixels of zeros on every side and cut out the old size at random."""

    word: Literal["crop"] = "crop"
    pad: int = Field(4, ge=1, le=1024)


class Flip(AugmentationCall):
    """Mirror left and right with probability one half."""

    word: Literal["flip"] = "flip"


class Cutout(AugmentationCall):
    """Set a random square of `size` pixels to zero (DeVries and Taylor, arXiv:1708.04552)."""

    word: Literal["cutout"] = "cutout"
    size: int = Field(16, ge=1, le=65536)


Augmentation: TypeAlias = Annotated[Crop | Flip | Cutout, Field(discriminator="word")]

"""Values that are written as calls in a spec: schedules, optimisers, dropout, augmentations.

The defaults are the papers'.
"""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Aliases, Call

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


class Steps(ScheduleCall):
    """Learning rate that is multiplied by `factor` before each of the epochs `at`, from 0 on."""

    word: Literal["steps"] = "steps"
    start: float = Field(gt=0)
    at: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)
    factor: float = Field(0.1, gt=0, le=1)


class Warmup(ScheduleCall):
    """Learning rate that rises in equal steps over so many `epochs`, and goes on with `then`."""

    word: Literal["warmup"] = "warmup"
    epochs: int = Field(ge=1)
    then: (
        Annotated[float, Field(gt=0)]
        | Annotated[Cosine | Exponential | Linear | Steps, Field(discriminator="word")]
    )


Rate: TypeAlias = (
    Annotated[float, Field(gt=0)]
    | Annotated[Cosine | Exponential | Linear | Steps | Warmup, Field(discriminator="word")]
)
"""Learning rate, by epoch."""


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


LearningRate: TypeAlias = Annotated[
    Rate, Aliases(("learning_rate", "base_lr", "init_lr", "schedule", "scheduler"))
]
WeightDecay: TypeAlias = Annotated[float, Field(ge=0), Aliases(("wd", "l2", "l2_penalty"))]
Clip: TypeAlias = Annotated[
    float, Field(ge=0), Aliases(("grad_clip", "gradient_clip", "clip_norm", "max_norm"))
]


class Sgd(Optimiser):
    """Stochastic gradient descent; gradients are clipped at the global norm `clip` (0: never)."""

    word: Literal["sgd"] = "sgd"
    lr: LearningRate = Cosine(start=0.025, end=0.001)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: WeightDecay = 3e-4
    clip: Clip = 5.0


Beta: TypeAlias = Annotated[float, Field(ge=0, lt=1)]


class Adam(Optimiser):
    """Adam (Kingma and Ba, ICLR 2015) with plain L2 weight decay; eps is 1e-8."""

    word: Literal["adam"] = "adam"
    lr: LearningRate = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    weight_decay: WeightDecay = 0.0
    clip: Clip = 0.0


ADAM_OF_DARTS = Adam(lr=3e-4, betas=(0.5, 0.999), weight_decay=1e-3)
"""Optimiser of the architecture parameters in DARTS (arXiv:1806.09055, appendix A)."""


class AdamW(Optimiser):
    """Adam whose weight decay is no part of the gradient (Loshchilov and Hutter, ICLR 2019)."""

    word: Literal["adamw"] = "adamw"
    lr: LearningRate = 1e-3
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    weight_decay: WeightDecay = 0.01
    clip: Clip = 0.0


class RmsProp(Optimiser):
    """RMSprop: gradients by the root of their mean square, of which a step keeps `decay`."""

    word: Literal["rmsprop"] = "rmsprop"
    lr: LearningRate = 1e-3
    decay: float = Field(0.99, ge=0, lt=1)
    momentum: float = Field(0.0, ge=0, lt=1)
    weight_decay: WeightDecay = 0.0
    clip: Clip = 0.0


class Adagrad(Optimiser):
    """Adagrad (Duchi et al., JMLR 2011): gradients by the root of the sum of their squares."""

    word: Literal["adagrad"] = "adagrad"
    lr: LearningRate = 0.05
    weight_decay: WeightDecay = 0.0
    clip: Clip = 5.0


AnyOptimiser: TypeAlias = Annotated[
    Sgd | Adam | AdamW | RmsProp | Adagrad, Field(discriminator="word")
]


# ---- dropout ------------------------------------------------------------------------------------


class Variational(Call):
    """Dropout that is drawn once per sequence and kept for all of its steps, as rates by place.

    Gal and Ghahramani (NeurIPS 2016, arXiv:1512.05287); places as in Merity et al. (ICLR 2018).
    """

    noun: ClassVar[str] = "dropout"
    aliases: ClassVar[tuple[str, ...]] = ("locked",)  # the class LockedDropout of AWD-LSTM
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
    """Base of random changes of training images.

    Attributes:
        once: Why it is written once at most; "" if it may be written again.
    """

    noun: ClassVar[str] = "augmentation"
    once: ClassVar[str] = ""


class ResizedCrop(AugmentationCall):
    """Scale a random part, 3:4 to 4:3 and a share `area` or more, to the size (arXiv:1409.4842)."""

    aliases: ClassVar[tuple[str, ...]] = ("random_resized_crop",)
    once = "pictures are cut one time"
    word: Literal["resized_crop"] = "resized_crop"
    area: float = Field(0.08, gt=0, le=1)


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


class Rotate(AugmentationCall):
    """Turn by up to `degrees` to either side; what comes in from outside is zero."""

    word: Literal["rotate"] = "rotate"
    degrees: float = Field(15.0, gt=0, le=180)


class Colour(AugmentationCall):
    """Change brightness, in deviations of the data, contrast and saturation by up to so much."""

    word: Literal["colour"] = "colour"
    brightness: float = Field(0.4, ge=0)
    contrast: float = Field(0.4, ge=0, le=1)
    saturation: float = Field(0.4, ge=0, le=1)


class Erase(AugmentationCall):
    """Set a random rectangle, up to a share `area`, to zero in some images (Zhong et al., 2020)."""

    word: Literal["erase"] = "erase"
    probability: float = Field(0.5, gt=0, le=1)
    area: float = Field(0.33, gt=0, le=1)


class Mixup(AugmentationCall):
    """Mix images and their labels with others, by Beta(alpha, alpha) (Zhang et al., ICLR 2018)."""

    once = "examples are mixed with one other"
    word: Literal["mixup"] = "mixup"
    alpha: float = Field(0.2, gt=0, le=2)


Augmentation: TypeAlias = Annotated[
    ResizedCrop | Crop | Flip | Cutout | Rotate | Colour | Erase | Mixup,
    Field(discriminator="word"),
]

"""Parts that gradient methods combine: the relaxation, a regulariser, and more."""

import math
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Call
from dslnas.settings.relaxations import Weighting
from dslnas.settings.values import Linear, Schedule

Relax: TypeAlias = Annotated[
    Literal["darts", "drnas", "fair_darts"],
    Field(
        description="how alpha weighs operations, as in the method of that name: by a softmax, a "
        "draw, or a sigmoid for each"
    ),
]


class RegulariserCall(Call):
    """Base of functions of alpha that are added to its loss.

    Attributes:
        weighting: How alpha becomes the weights that it is made for.
        reason: Its effect, which takes such weights.
    """

    noun: ClassVar[str] = "regulariser"
    weighting: ClassVar[Weighting]
    reason: ClassVar[str]


class BetaDecay(RegulariserCall):
    """Mean over edges of log sum exp(alpha); its weight is epoch * `growth` (beta-DARTS)."""

    weighting = "softmax"
    reason = "keeps the softmax of alpha from growing sharp"
    word: Literal["beta_decay"] = "beta_decay"
    growth: float = Field(0.5, ge=0)


class ZeroOne(RegulariserCall):
    """Pushes each weight of an operation towards 0 or 1 (Fair DARTS)."""

    weighting = "sigmoid"
    reason = "pushes weights to 0 or 1 that are independent of each other"
    word: Literal["zero_one"] = "zero_one"
    weight: float = Field(10.0, ge=0)
    norm: Literal["l1", "l2"] = "l2"


class Kl(RegulariserCall):
    """Divergence of the Dirichlet distribution of every edge from the uniform one (DrNAS)."""

    weighting = "dirichlet"
    reason = "keeps a Dirichlet distribution near the uniform one"
    word: Literal["kl"] = "kl"
    weight: float = Field(1e-3, ge=0)


Regulariser: TypeAlias = Annotated[BetaDecay | ZeroOne | Kl, Field(discriminator="word")]
Regularise: TypeAlias = Annotated[
    Regulariser | None, Field(description="function of alpha that is added to its loss")
]


class PerturbationCall(Call):
    """Base of perturbations of the mixture that the weights train on."""

    noun: ClassVar[str] = "perturbation"


class PerturbRandomly(PerturbationCall):
    """Uniform noise of at most `epsilon` on every weight of an operation."""

    word: Literal["random"] = "random"
    epsilon: Schedule = Linear(start=0.03, end=0.3)


class PerturbAdversarially(PerturbationCall):
    """The worst mixture within `epsilon` that `steps` of ascent on the training loss find."""

    word: Literal["adversarial"] = "adversarial"
    epsilon: Schedule = Linear(start=0.03, end=0.3)
    steps: int = Field(7, ge=1)


Perturbation: TypeAlias = Annotated[
    PerturbRandomly | PerturbAdversarially, Field(discriminator="word")
]
Perturb: TypeAlias = Annotated[
    Perturbation | None, Field(description="change of the mixture that the weights train on")
]


class Fading(Call):
    """Skip connection beside the operations of an edge, whose factor falls from 1 towards 0.

    With e epochs of E done it is 1 - e / E, or (1 + cos(pi e / E)) / 2, or cos(pi e / 2 E).
    """

    noun: ClassVar[str] = "skip"
    word: Literal["fading"] = "fading"
    shape: Literal["linear", "cosine", "slow_cosine", "constant"] = "linear"

    def factor(self, epoch: int, epochs: int) -> float:
        """Return the factor in an epoch, counted from 0."""
        done = epoch / epochs
        match self.shape:
            case "linear":
                return 1 - done
            case "cosine":
                return (1 + math.cos(math.pi * done)) / 2
            case "slow_cosine":
                return math.cos(math.pi * done / 2)
        return 1.0


Skip: TypeAlias = Annotated[
    Fading | None, Field(description="auxiliary skip connection beside the operations of an edge")
]


class Oles(Call):
    """Operations whose gradients on both data differ stop learning (OLES).

    Their weights stay once the mean cosine over `steps` steps is below `threshold`.
    """

    noun: ClassVar[str] = "freezing"
    word: Literal["oles"] = "oles"
    threshold: float = Field(0.4, ge=-1, le=1)
    steps: int = Field(20, ge=1)


Freeze: TypeAlias = Annotated[
    Oles | None, Field(description="rule by which operations stop learning, one by one")
]


class Stages(Call):
    """`number` stages of equal length, at the end of which edges lose operations (DrNAS).

    Every edge keeps the best `share` of those that are left, rounded up. Each stage has a `warmup`.
    """

    noun: ClassVar[str] = "pruning"
    word: Literal["stages"] = "stages"
    number: int = Field(2, ge=2)
    share: float = Field(0.5, gt=0, lt=1)

    def starts(self, epochs: int) -> list[int]:
        """Return the first epoch of every stage, counted from 0."""
        return [stage * epochs // self.number for stage in range(self.number)]


Prune: TypeAlias = Annotated[
    Stages | None, Field(description="when operations leave their edge before the search ends")
]


class UpdateCall(Call):
    """Base of how a controller of architectures learns from rewards."""

    noun: ClassVar[str] = "update"


class Plain(UpdateCall):
    """A step along the mean gradient of the samples, each by its advantage (REINFORCE)."""

    word: Literal["reinforce"] = "reinforce"


class Proximal(UpdateCall):
    """`passes` steps by the same samples, while probabilities change by a share of `clip` (PPO)."""

    word: Literal["ppo"] = "ppo"
    clip: float = Field(0.2, gt=0, lt=1)
    passes: int = Field(10, ge=1)


Update: TypeAlias = Annotated[
    Annotated[Plain | Proximal, Field(discriminator="word")],
    Field(description="how the LSTM learns from the rewards"),
]

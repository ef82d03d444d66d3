"""Parts that gradient methods combine: the relaxation, a regulariser of alpha."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Call

Relax: TypeAlias = Annotated[
    Literal["darts", "drnas", "fair_darts"],
    Field(description="how alpha weighs operations: as the method of that name does"),
]


class RegulariserCall(Call):
    """Base of functions of alpha that are added to its loss.

    Attributes:
        fits: Relaxations that it is made for, the usual one first.
        reason: Its effect, which takes one of them.
    """

    noun: ClassVar[str] = "regulariser"
    fits: ClassVar[tuple[str, ...]]
    reason: ClassVar[str]


class BetaDecay(RegulariserCall):
    """Mean over edges of log sum exp(alpha); its weight is epoch * `growth` (beta-DARTS)."""

    fits = ("darts", "pc_darts")
    reason = "keeps the softmax of alpha from growing sharp"
    word: Literal["beta_decay"] = "beta_decay"
    growth: float = Field(0.5, ge=0)


class ZeroOne(RegulariserCall):
    """Pushes each weight of an operation towards 0 or 1 (Fair DARTS)."""

    fits = ("fair_darts",)
    reason = "pushes weights to 0 or 1 that are independent of each other"
    word: Literal["zero_one"] = "zero_one"
    weight: float = Field(10.0, ge=0)
    norm: Literal["l1", "l2"] = "l2"


class Kl(RegulariserCall):
    """Divergence of the Dirichlet distribution of every edge from the uniform one (DrNAS)."""

    fits = ("drnas",)
    reason = "keeps a Dirichlet distribution near the uniform one"
    word: Literal["kl"] = "kl"
    weight: float = Field(1e-3, ge=0)


Regulariser: TypeAlias = Annotated[BetaDecay | ZeroOne | Kl, Field(discriminator="word")]
Regularise: TypeAlias = Annotated[
    Regulariser | None, Field(description="function of alpha that is added to its loss")
]

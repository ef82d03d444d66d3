"""Rules that end a search early; they look at the cells that would be derived after an epoch."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from dslnas.settings.model import Call


class StopRuleCall(Call):
    """Base of the rules.

    Attributes:
        memory: Parameter that says over how many epochs the rule looks; "" for the last alone.
        spans: How many times that it needs to know.
    """

    noun: ClassVar[str] = "stop rule"
    memory: ClassVar[str] = ""
    spans: ClassVar[int] = 1

    def looks_back(self) -> int:
        """Return how many epochs before the last the rule needs to know."""
        return self.spans * getattr(self, self.memory) if self.memory else 0


class Skips(StopRuleCall):
    """A derived cell has `most` skip connections or more (DARTS+, arXiv:1909.06035)."""

    word: Literal["skips"] = "skips"
    most: int = Field(2, ge=1)


class Convolutions(StopRuleCall):
    """No derived cell has more convolutions than expected (MiLeNAS, section 4.2).

    `most` is for cells that keep the size, `reducing` for those that reduce it.
    """

    word: Literal["convolutions"] = "convolutions"
    most: int = Field(6, ge=0)
    reducing: int = Field(0, ge=0)


class Stable(StopRuleCall):
    """The derived cells have not changed for so many epochs (DARTS+, criterion 2)."""

    memory = "epochs"
    word: Literal["stable"] = "stable"
    epochs: int = Field(10, ge=1)


class Eigenvalue(StopRuleCall):
    """The validation loss has become sharp in alpha (Zela et al., ICLR 2020, arXiv:1909.09656).

    Stops when the dominant eigenvalue of the Hessian, averaged over `window` epochs, was less than
    `ratio` times today's `window` epochs ago; the result is the architecture of that epoch.
    """

    memory = "window"
    spans = 2
    word: Literal["eigenvalue"] = "eigenvalue"
    ratio: float = Field(0.75, gt=0, le=1)
    window: int = Field(5, ge=1)


StopRule: TypeAlias = Annotated[
    Skips | Convolutions | Stable | Eigenvalue, Field(discriminator="word")
]

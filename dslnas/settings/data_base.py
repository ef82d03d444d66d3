"""Base of the settings of data: where examples come from, and how they are divided."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self, TypeAlias

from pydantic import Field

from dslnas.settings.fields import SHARE, Batch
from dslnas.settings.model import OfMachine, Section
from dslnas.settings.search_base import Conflict
from dslnas.settings.values import Augmentation

Share: TypeAlias = Annotated[float, Field(gt=0, le=1), SHARE]
"""Share of the examples."""

Shares: TypeAlias = Annotated[tuple[Share, ...], Field(min_length=2, max_length=4)]
AllShares: TypeAlias = Annotated[
    tuple[Share, ...],
    Field(
        min_length=4,
        max_length=4,
        description="shares for weights, architecture, validation, test",
    ),
]

Stream: TypeAlias = Literal["large", "always", "never"]
"""When data are read while networks train: if they are large, always or never."""

StreamSetting: TypeAlias = Annotated[
    Stream,
    OfMachine(),
    Field(
        description="whether data are read while networks train, rather than held in memory: "
        "`large`, if they would take more than half of it"
    ),
]


def percent(share: float) -> str:
    """Return a share as specs write it: `20%`, or as it is if that would be another number."""
    text = f"{share * 100:.12g}"
    return f"{text}%" if float(text) / 100 == share else repr(share)


class DataSettings(Section):
    """Settings of all sources: where the examples are and how they are divided.

    Attributes:
        has_files: Whether the examples are read from files, rather than come with a package.
        published: Images or tokens of the training part, where the data are the same for all.
        is_resized: Whether examples are brought to the shape that the network reads.
    """

    kind = "data"
    tag = "source"
    has_files: ClassVar[bool] = True
    published: ClassVar[int | None] = None
    is_resized: ClassVar[bool] = False
    source: str = ""  # every source has its own
    path: str = Field("", description="file or folder of the data")
    split: Shares | None = Field(None, description="shares of the parts, in the order of their use")
    subset: Share = Field(1.0, description="share of the examples that is used at all")
    batch: Batch = Field(64, description="examples in a step of the search")

    @property
    def lacks_path(self) -> bool:
        """Whether nothing can be read before a path is given."""
        return self.has_files and not self.path

    @property
    def augmentations(self) -> tuple[Augmentation, ...]:
        """The random changes of training examples; there are none for text."""
        return ()

    @property
    def goal(self) -> str:
        """Word of what is predicted, where the source is for several tasks."""
        return ""

    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Return the settings for a network that reads examples of a shape."""
        return self

    def divided(self, *, has_test: bool, has_validation: bool) -> Self:
        """Return the settings with shares for data that have such parts of their own."""
        return self

    def tolerant(self) -> Self:
        """Return the settings by which files that cannot be read are left out."""
        return self

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        return iter(())

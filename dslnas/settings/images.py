"""Settings of images with labels. One class per source."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field

from dslnas.settings.data_base import AllShares, Shares, StreamSetting
from dslnas.settings.labelled import USUAL_SHARES, ClassesOnly, LabelledSettings
from dslnas.settings.model import Aliases, OfMachine
from dslnas.settings.search_base import Conflict
from dslnas.settings.values import Augmentation, Crop, Flip

_Augment: TypeAlias = Annotated[
    tuple[Augmentation, ...],
    Field(
        description="random changes of training images: resized_crop, crop(pad), flip, "
        "cutout(size), rotate(degrees), colour, erase, mixup(alpha)"
    ),
]

SIDES = range(4, 1025)
"""Sides of an image that there may be, in pixels."""

Pixels: TypeAlias = Annotated[int, Field(ge=SIDES[0], le=SIDES[-1])]
"""Side of an image."""

Fit: TypeAlias = Literal["stretch", "pad", "crop"]
"""How images of other sides are brought to the sides that are wanted."""


class ImageSettings(LabelledSettings):
    """Base of images with labels."""

    augment: _Augment = ()

    @property
    def augmentations(self) -> tuple[Augmentation, ...]:
        """The random changes of training images."""
        return self.augment


class Digits(ImageSettings):
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels; nothing to download.

    Several labels are the segments of a display that show the digit; as a number it is itself.
    """

    source: Literal["digits"] = "digits"
    has_files = False
    path: str = Field("", description="none: the digits come with scikit-learn")
    split: AllShares = USUAL_SHARES


class Cifar10(ImageSettings):
    """CIFAR-10, binary version: a folder with data_batch_*.bin and test_batch.bin."""

    source: Literal["cifar10"] = "cifar10"
    published = 50_000
    split: Shares = Field(
        (0.45, 0.45, 0.1),
        description="shares for weights, architecture, validation; test is a file of its own",
    )
    task: ClassesOnly = "classification"
    augment: _Augment = (Crop(pad=4), Flip())


class Idx(ImageSettings):
    """Folder of IDX files, the format of MNIST; each may end in .gz."""

    source: Literal["idx"] = "idx"
    task: ClassesOnly = "classification"


class Npz(ImageSettings):
    """NumPy archive with x_train, y_train [, x_test, y_test], or x, y.

    Images are uint8 or any float: (N, H, W), (N, H, W, C) or (N, C, H, W). Classes are whole
    numbers (N,) from 0 on, without gaps; several labels are 0 or 1, (N, K); numbers to predict are
    (N,) or (N, K). Pickled members are never read.
    """

    source: Literal["npz"] = "npz"


class ImageFolder(ImageSettings):
    """Folder with a folder of pictures per class, or with `train` and `test` that hold such."""

    source: Literal["images"] = "images"
    is_resized = True
    task: ClassesOnly = "classification"
    size: Pixels | tuple[Pixels, Pixels] | None = Field(
        None,
        description="side in pixels that they are resized to, or height x width; else that of "
        "`input`, or 32",
    )
    fit: Fit = Field(
        "stretch",
        description="how other sides are brought to these: stretched, padded by black, or cropped",
    )
    shorter_side: Annotated[
        Pixels | None,
        Aliases(("resize", "resize_size")),
        Field(
            description="pixels of the shorter side, scaled, of which `fit crop` keeps the middle; "
            "else it keeps as much as it can"
        ),
    ] = None
    channels: Literal[1, 3, 4] | None = Field(
        None,
        description="1: grey, 3: colours, 4: with transparency; else those of `input`, or 1 if "
        "all are grey and 3 if not",
    )

    skip: Literal["nothing", "damaged"] = Field(
        "nothing", description="`damaged`: pictures that cannot be read are left out, and told"
    )
    stream: StreamSetting = "large"
    workers: Annotated[int | None, OfMachine()] = Field(
        None, ge=0, le=256, description="processes that read such pictures; else one for every core"
    )

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        side = self.shorter_side
        if side is not None and self.fit != "crop":
            yield Conflict(
                "data.shorter_side",
                f"`shorter_side` says how much a crop keeps, and `fit {self.fit}` crops nothing",
                "write `fit crop`, or leave `shorter_side` out",
                ("data.fit",),
                omit="may",
            )
        elif side is not None and side < max(self.sides):
            height, width = self.sides
            yield Conflict(
                "data.shorter_side",
                f"a shorter side of {side} pixels has no room for a crop of {height} x {width}",
                f"write `shorter_side {max(self.sides)}` or more",
                ("data.size",),
            )

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of all images."""
        size = self.size or 32
        return size if isinstance(size, tuple) else (size, size)

    def fitted(self, shape: tuple[int, ...]) -> Self:
        """Return the settings for a network that reads images of a shape, where they do not say.

        A network that reads smaller or larger ones than there may be gets those of another size,
        and is refused for it.
        """
        if len(shape) != 3 or not all(side in SIDES for side in shape[1:]):
            return self
        channels = shape[0] if shape[0] in (1, 3, 4) else None
        return self.replace(
            size=self.size or (shape[1], shape[2]), channels=self.channels or channels
        )

    def tolerant(self) -> Self:
        """Return the settings by which pictures that cannot be read are left out."""
        return self.replace(skip="damaged")

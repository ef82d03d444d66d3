"""Where examples come from: images or tables with labels, text, or ratings. One per source.

`dslnas show --defaults` prints what the fields say.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, get_args

from pydantic import Field

from dslnas.settings.fields import SHARE, Batch, Name
from dslnas.settings.model import Aliases, OfMachine, Section, Spellings
from dslnas.settings.search_base import Conflict
from dslnas.settings.values import Augmentation, Crop, Flip

TokenLevel: TypeAlias = Literal["word", "char"]
"""Whether a token of a text is a word or a character."""

COLUMN = "column"
"""Mark of names that are written in quotes."""

Share: TypeAlias = Annotated[float, Field(gt=0, le=1), SHARE]
"""Share of the examples."""

_Shares: TypeAlias = Annotated[tuple[Share, ...], Field(min_length=2, max_length=4)]
_AllShares: TypeAlias = Annotated[
    tuple[Share, ...],
    Field(
        min_length=4,
        max_length=4,
        description="shares for weights, architecture, validation, test",
    ),
]
_USUAL_SHARES = (0.4, 0.2, 0.2, 0.2)

MEASURED = 0.1
"""Share of a part that measures, where a spec does not say."""


def percent(share: float) -> str:
    """Return a share as specs write it: `20%`, or as it is if that would be another number."""
    text = f"{share * 100:.12g}"
    return f"{text}%" if float(text) / 100 == share else repr(share)


_Augment: TypeAlias = Annotated[
    tuple[Augmentation, ...],
    Field(
        description="random changes of training images: resized_crop, crop(pad), flip, "
        "cutout(size), rotate(degrees), colour, erase, mixup(alpha)"
    ),
]
Stream: TypeAlias = Literal["large", "always", "never"]
"""When data are read while networks train: if they are large, always or never."""

_Stream: TypeAlias = Annotated[
    Stream,
    OfMachine(),
    Field(
        description="whether data are read while networks train, rather than held in memory: "
        "`large`, if they would take more than half of it"
    ),
]
_Places: TypeAlias = Annotated[
    int,
    Field(ge=2, description="places of the text that a step of the search reads side by side"),
]


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
    split: _Shares | None = Field(
        None, description="shares of the parts, in the order of their use"
    )
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


# ---- examples that stand alone, with labels ------------------------------------------------------

Goal: TypeAlias = Literal["classification", "multilabel", "regression"]
"""Kind of prediction for an example: one of some classes, several labels at once, or numbers."""

METRICS_OF: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "classification": ("accuracy", "balanced_accuracy", "f1", "auc"),
        "multilabel": ("f1", "accuracy", "balanced_accuracy", "auc"),
        "regression": ("rmse", "mae"),
    }
)
"""Metrics by goal; networks are compared by the first unless a spec says another."""

_AskedMetric: TypeAlias = Annotated[
    Literal["accuracy", "balanced_accuracy", "f1", "auc", "rmse", "mae"] | None,
    Field(description="what networks are compared and chosen by; else accuracy, f1 or rmse"),
    Spellings({"acc": "accuracy", "auroc": "auc", "roc_auc": "auc"}),
]
_Classes: TypeAlias = Annotated[
    Literal["classification"], Field(description="what is predicted: one of the classes")
]


class LabelledSettings(DataSettings):
    """Base of examples that stand alone and have labels: classes, several of them, or numbers."""

    split: _Shares | None = Field(
        None,
        description="shares for weights, architecture, validation, test, but for parts that the "
        "data have of their own; else 10% for validation and test, the rest in halves",
    )
    seed: int = Field(0, ge=0, description="of the split, so that it is always the same")
    task: Goal = Field(
        "classification",
        description="what is predicted: one of some classes, several labels at once, or numbers",
    )
    metric: _AskedMetric = None
    balance: Annotated[
        Literal["nothing", "weights", "sampling"], Spellings({"none": "nothing"})
    ] = Field(
        "nothing",
        description="whether rare classes weigh more in the loss, or are drawn as often as others",
    )

    @property
    def goal(self) -> str:
        """Word of what is predicted."""
        return self.task

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares of settings that are `divided`."""
        assert self.split is not None, "what is divided has shares"
        return self.split

    def divided(self, *, has_test: bool, has_validation: bool) -> Self:
        """Return the settings with the usual shares, unless they say others."""
        if self.split is not None:
            return self
        measured = 2 - has_test - has_validation
        half = (1 - MEASURED * measured) / 2
        return self.replace(split=(half, half, *[MEASURED] * measured))

    def conflicts(self) -> Iterator[Conflict]:
        """Yield the settings that contradict each other."""
        yield from super().conflicts()
        if self.metric is not None and self.metric not in METRICS_OF[self.task]:
            known = " or ".join(f"`metric {name}`" for name in METRICS_OF[self.task])
            yield Conflict(
                "data.metric",
                f"`{self.metric}` is no metric of `task {self.task}`",
                f"write {known}",
                ("data.task",),
            )
        if self.task == "regression" and self.balance != "nothing":
            yield Conflict(
                "data.balance",
                "`balance` is between classes, and a regression has none",
                "leave `balance` out",
                ("data.task",),
                omit="must",
            )
        if self.task == "multilabel" and self.balance == "sampling":
            yield Conflict(
                "data.balance",
                "`balance sampling` draws classes alike, and an example has several labels",
                "write `balance weights`",
                ("data.task",),
            )


# ---- images -------------------------------------------------------------------------------------


Pixels: TypeAlias = Annotated[int, Field(ge=4, le=1024)]
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
    split: _AllShares = _USUAL_SHARES


class Cifar10(ImageSettings):
    """CIFAR-10, binary version: a folder with data_batch_*.bin and test_batch.bin."""

    source: Literal["cifar10"] = "cifar10"
    published = 50_000
    split: _Shares = Field(
        (0.45, 0.45, 0.1),
        description="shares for weights, architecture, validation; test is a file of its own",
    )
    task: _Classes = "classification"
    augment: _Augment = (Crop(pad=4), Flip())


class Idx(ImageSettings):
    """Folder of IDX files, the format of MNIST; each may end in .gz."""

    source: Literal["idx"] = "idx"
    task: _Classes = "classification"


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
    task: _Classes = "classification"
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
    stream: _Stream = "large"
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
        """Return the settings for a network that reads images of a shape, where they do not say."""
        if len(shape) != 3:
            return self
        channels = shape[0] if shape[0] in (1, 3, 4) else None
        return self.replace(
            size=self.size or (shape[1], shape[2]), channels=self.channels or channels
        )

    def tolerant(self) -> Self:
        """Return the settings by which pictures that cannot be read are left out."""
        return self.replace(skip="damaged")


# ---- tables -------------------------------------------------------------------------------------


class TableSettings(LabelledSettings):
    """Base of rows of numbers, each an example."""


Column: TypeAlias = Annotated[str, Field(title="a column"), COLUMN]
"""Name of a column."""

_Target: TypeAlias = Annotated[
    tuple[Column, ...], Field(description="columns that are predicted; else the last")
]
_Ignore: TypeAlias = Annotated[tuple[Column, ...], Field(description="columns that are not read")]


class Table(TableSettings):
    """CSV or Parquet file with a row of numbers per example, or a folder with train and test."""

    source: Literal["table"] = "table"
    target: _Target = ()
    ignore: _Ignore = ()


class Diabetes(TableSettings):
    """Scikit-learn's 442 patients: ten numbers, and how far the disease was a year later."""

    source: Literal["diabetes"] = "diabetes"
    has_files = False
    path: str = Field("", description="none: the numbers come with scikit-learn")
    split: _AllShares = _USUAL_SHARES
    task: Annotated[Literal["regression"], Field(description="what is predicted: a number")] = (
        "regression"
    )


# ---- signals ------------------------------------------------------------------------------------


class SignalSettings(LabelledSettings):
    """Base of signals, which have channels and a time."""


class Signals(SignalSettings):
    """NumPy archive with signals (N, channels, time), or CSV file with one per row."""

    source: Literal["signals"] = "signals"
    channels: int = Field(
        1, ge=1, le=65536, description="CSV: equal parts of a row, one channel after the other"
    )
    target: _Target = ()
    ignore: _Ignore = ()
    stream: _Stream = "large"

    def conflicts(self) -> Iterator[Conflict]:
        """Yield settings that contradict each other, and of archives those that change nothing."""
        yield from super().conflicts()
        if not self.path.endswith(".npz"):
            if self.path and self.stream == "always":
                yield Conflict(
                    "data.stream",
                    "`stream always` is for NumPy archives, and tables are held in memory",
                    "leave it out, or save the signals by `numpy.savez`",
                    ("data.path",),
                    omit="may",
                )
            return
        for name in ("channels", "target", "ignore"):
            if getattr(self, name) != type(self).model_fields[name].default:
                yield Conflict(
                    f"data.{name}",
                    f"`{name}` says how tables are read, and the data are a NumPy archive",
                    "leave it out: the arrays say it themselves",
                    omit="must",
                )


# ---- text ---------------------------------------------------------------------------------------


class TextSettings(DataSettings):
    """Base of text, read token after token."""

    split: _Shares = (0.7, 0.1, 0.1, 0.1)
    subset: Share = Field(1.0, description="leading share of each part that is used at all")
    batch: _Places = 32
    steps: int = Field(35, ge=2, le=65536, description="tokens that a step reads at each place")
    level: TokenLevel | None = Field(
        None, description="what a token is; else char for the embedded text, word for a file"
    )
    least: int = Field(
        1, ge=1, description="tokens that the training parts have less often become <unk>"
    )
    stream: _Stream = "large"

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self.replace(level=self.token_level)

    @property
    def token_level(self) -> TokenLevel:
        """Whether a token is a word or a character."""
        return self.level or ("word" if self.path else "char")


class TextFile(TextSettings):
    """A plain UTF-8 text file; without a path the start of a novel that comes with dslnas."""

    source: Literal["text"] = "text"
    path: str = Field("", description="the text file; else the embedded text")
    split: tuple[Share, ...] = Field(
        (0.7, 0.1, 0.1, 0.1),
        min_length=4,
        max_length=4,
        description="shares for weights, architecture, validation, test, in the order of the text",
    )

    @property
    def lacks_path(self) -> bool:
        """Whether nothing can be read before a path is given: the embedded text can."""
        return False


class Ptb(TextSettings):
    """Penn Treebank: a folder with train.txt, valid.txt and test.txt, or ptb.train.txt etc."""

    source: Literal["ptb"] = "ptb"
    published = 929_589
    path: str = Field("", description="folder of the three files")
    split: tuple[Share, ...] = Field(
        (0.9, 0.1),
        min_length=2,
        max_length=2,
        description="shares of the training file for weights and architecture, in its order",
    )
    batch: _Places = 256
    level: TokenLevel | None = Field("word", description="what a token is")


# ---- ratings ------------------------------------------------------------------------------------


class RatingSettings(DataSettings):
    """Base of ratings of items by users, divided at random."""

    split: _AllShares = (0.5, 0.2, 0.05, 0.25)
    subset: Share = Field(1.0, description="share of the ratings that is used at all")
    batch: Batch = Field(512, description="ratings in a step of the search")
    seed: int = Field(0, ge=0, description="of the split, so that it is always the same")


class RatingFile(RatingSettings):
    """File with a rating a line, as MovieLens has them: u.data, ratings.dat or ratings.csv."""

    source: Literal["ratings"] = "ratings"
    inputs: tuple[Name, ...] = Field(
        ("user", "item"),
        min_length=2,
        max_length=4,
        description="names of the first columns, which say what is rated, and by whom",
    )


class SimulatedRatings(RatingSettings):
    """Ratings that come from a known interaction of user and item; nothing to download."""

    source: Literal["simulated_ratings"] = "simulated_ratings"
    has_files = False
    path: str = Field("", description="none: the ratings are made up")
    interaction: Literal["plus", "multiply", "max", "min"] = Field(
        "max", description="how the numbers of user and item make the rating"
    )
    users: int = Field(200, ge=2, le=10_000, description="number of users")
    items: int = Field(100, ge=2, le=10_000, description="number of items")
    ratings: int = Field(10_000, ge=8, le=1_000_000, description="pairs that are rated")
    noise: float = Field(0.1, ge=0, description="deviation of what is added to a rating of 1")


AnyData: TypeAlias = Annotated[
    Digits
    | Cifar10
    | Idx
    | Npz
    | ImageFolder
    | Table
    | Diabetes
    | Signals
    | TextFile
    | Ptb
    | RatingFile
    | SimulatedRatings,
    Field(discriminator="source"),
]
"""Settings of any source, told apart by its name."""

DATA: dict[str, type[DataSettings]] = {
    model.model_fields["source"].default: model for model in get_args(get_args(AnyData)[0])
}

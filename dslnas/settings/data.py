"""Where examples come from: images with labels, or text. One record per kind of source.

`dslnas show --defaults` prints what the fields say.
"""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from dslnas.settings.kinds import Call, Number, Text, Whole, Word
from dslnas.settings.lists import Many
from dslnas.settings.schema import Settings, setting
from dslnas.settings.values import Augmentation, Crop, Cutout, Flip

TokenLevel: TypeAlias = Literal["word", "char"]
"""What a token of a text is."""

_SHARE = Number(gt=0, le=1)
_AUGMENTATIONS = Many(Call(Crop, Flip, Cutout))


class DataSettings(Settings):
    """Base of the data: where the examples are and how they are divided."""

    kind = "data"
    augment: tuple[Augmentation, ...] = ()  # a setting of images only; text is read as it is
    source: str = setting(
        Word("digits", "cifar10", "idx", "npz", "images", "text", "ptb"),
        "the section's name: digits, cifar10, idx, npz, images, text or ptb",
    )
    path: str = setting(Text(), "file or folder of the data; digits needs none", default="")
    split: tuple[float, ...] = setting(
        Many(_SHARE, least=2, most=4), "shares of the parts, in the order of their use"
    )
    subset: float = setting(_SHARE, "share of the examples that is used at all", default=1.0)
    batch: int = setting(Whole(ge=2), "examples in a step of the search", default=64)

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self


# ---- images -------------------------------------------------------------------------------------


class ImageSettings(DataSettings):
    """Images with labels, from files in a format of many data sets."""

    source: Literal["digits", "cifar10", "idx", "npz", "images"] = setting(
        Word("digits", "cifar10", "idx", "npz", "images"),
        "the section's name: digits, cifar10, idx, npz or images",
        default="digits",
    )
    split: tuple[float, ...] = setting(
        Many(_SHARE, least=3, most=4),
        "shares for weights, architecture, validation [, test if the set has none]",
        default=(0.45, 0.45, 0.1),
    )
    size: int = setting(
        Whole(ge=4, le=1024), "images: side in pixels they are resized to", default=32
    )
    augment: tuple[Augmentation, ...] = setting(
        _AUGMENTATIONS,
        "random changes of training images: crop(pad), flip, cutout(size)",
        default=(),
    )
    seed: int = setting(Whole(ge=0), "of the split, so that it is always the same", default=0)


class Digits(ImageSettings):
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels; nothing to download."""

    split: tuple[float, ...] = setting(
        Many(_SHARE, least=4, most=4),
        "shares for weights, architecture, validation, test",
        default=(0.4, 0.2, 0.2, 0.2),
    )


class Cifar10(ImageSettings):
    """CIFAR-10, binary version: a folder with data_batch_*.bin and test_batch.bin."""

    source: Literal["cifar10"] = setting(Word("cifar10"), default="cifar10")
    augment: tuple[Augmentation, ...] = setting(
        _AUGMENTATIONS, ImageSettings.fields["augment"].about, default=(Crop(pad=4), Flip())
    )


# ---- text ---------------------------------------------------------------------------------------


class TextSettings(DataSettings):
    """A plain UTF-8 text file; without a path the start of a novel that comes with dslnas."""

    source: Literal["text", "ptb"] = setting(
        Word("text", "ptb"), "the section's name: text or ptb", default="text"
    )
    path: str = setting(Text(), "the text file; else the embedded text", default="")
    split: tuple[float, ...] = setting(
        Many(_SHARE, least=4, most=4),
        "shares for weights, architecture, validation, test, in the order of the text",
        default=(0.7, 0.1, 0.1, 0.1),
    )
    subset: float = setting(_SHARE, "leading share of each part that is used at all", default=1.0)
    batch: int = setting(
        Whole(ge=2), "places of the text that a step of the search reads side by side", default=32
    )
    steps: int = setting(
        Whole(ge=2, le=65536), "tokens that a step reads at each place", default=35
    )
    level: TokenLevel | None = setting(
        Word("word", "char"),
        "what a token is; else char for the embedded text, word for a file",
        default=None,
    )
    least: int = setting(
        Whole(ge=1), "tokens that the training parts have less often become <unk>", default=1
    )

    def resolved(self) -> Self:
        """Return the settings with values for those that depend on others."""
        return self.replace(level=self.token_level)

    @property
    def token_level(self) -> TokenLevel:
        """What a token is: a word or a character."""
        return self.level or ("word" if self.path else "char")


class Ptb(TextSettings):
    """Penn Treebank: a folder with train.txt, valid.txt and test.txt, or ptb.train.txt etc."""

    source: Literal["ptb"] = setting(Word("ptb"), default="ptb")
    path: str = setting(Text(), "folder of the three files", default="")
    split: tuple[float, ...] = setting(
        Many(_SHARE, least=2, most=2),
        "shares of the training file for weights and architecture, in its order",
        default=(0.9, 0.1),
    )
    batch: int = setting(Whole(ge=2), TextSettings.fields["batch"].about, default=256)
    level: TokenLevel | None = setting(Word("word", "char"), "what a token is", default="word")


DATA: dict[str, type[DataSettings]] = {
    "digits": Digits,
    "cifar10": Cifar10,
    "idx": ImageSettings,
    "npz": ImageSettings,
    "images": ImageSettings,
    "text": TextSettings,
    "ptb": Ptb,
}

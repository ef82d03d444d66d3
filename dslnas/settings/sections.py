"""One record per section of a spec; `dslnas show --defaults` prints what its fields say.

Settings that are expressions of the language (a stem, a list of cells) stay syntax here; the
checker gives them their meaning.
"""

from __future__ import annotations

from typing import Literal

from dslnas.settings.kinds import Call, Number, Text, Whole, Word
from dslnas.settings.lists import Exactly, Many, Names
from dslnas.settings.schema import Settings, setting
from dslnas.settings.values import Adam, Augmentation, Cosine, Crop, Cutout, Flip, Sgd

_SIDE = Whole(ge=1, le=65536)
_SHARE = Number(gt=0, le=1)
_AUGMENTATIONS = Many(Call(Crop, Flip, Cutout))


# ---- cells and the network ----------------------------------------------------------------------


class CellSettings(Settings):
    """A cell: a DAG whose nodes sum one operation per incoming edge."""

    kind = "cell"
    inputs: int | tuple[str, ...] = setting(
        Whole(ge=1, le=8) | Names(least=1),
        "how many outputs of earlier cells it reads, or their names",
        default=2,
    )
    nodes: int | None = setting(
        Whole(ge=1, le=64), "nodes that see both inputs and all earlier nodes", default=None
    )
    keep: int | Literal["all"] = setting(
        Whole(ge=1) | Word("all"), "incoming edges per node of the derived cell", default="all"
    )
    none: Literal["never", "allowed"] = setting(
        Word("never", "allowed"), "whether a derived edge may be a zero", default="never"
    )
    stride: int = setting(Whole(ge=1, le=8), "of the edges from the inputs", default=1)
    widen: int = setting(
        Whole(ge=1, le=8), "factor on C for this cell and those after it", default=1
    )


CELL_EXPRESSIONS = {
    "choose": "operations or a set of them: what each edge chooses from",
    "preprocess": "operation that fits each input to the cell's channels and size",
    "output": "concat, sum, mean or last of all nodes, or of some: concat(n2, n3)",
}


class NetworkSettings(Settings):
    """The network around the cells."""

    kind = "network"
    input: tuple[int, int, int] | None = setting(
        Exactly(3, _SIDE), "channels x height x width of an example; else the data's", default=None
    )
    classes: int | None = setting(Whole(ge=2), "outputs of the head; else the data's", default=None)
    channels: int = setting(_SIDE, "C while searching", default=16)
    repeat: int = setting(Whole(ge=0, le=256), "N while searching", default=2)


NETWORK_EXPRESSIONS = {
    "stem": "what comes before the first cell",
    "cells": "the cells in order, as in normal * N, reduction, normal * N",
    "head": "what comes after the last cell",
    "auxiliary": "second head while training, after the last cell that reduces",
}


# ---- data ---------------------------------------------------------------------------------------


class DataSettings(Settings):
    """Where the examples come from and how they are divided."""

    kind = "data"
    source: Literal["digits", "cifar10", "idx", "npz", "images"] = setting(
        Word("digits", "cifar10", "idx", "npz", "images"),
        "the section's name: digits, cifar10, idx, npz or images",
        default="digits",
    )
    path: str = setting(Text(), "file or folder of the data; digits needs none", default="")
    split: tuple[float, ...] = setting(
        Many(_SHARE, least=3, most=4),
        "shares for weights, architecture, validation [, test if the set has none]",
        default=(0.45, 0.45, 0.1),
    )
    subset: float = setting(_SHARE, "share of the examples that is used at all", default=1.0)
    size: int = setting(
        Whole(ge=4, le=1024), "images: side in pixels they are resized to", default=32
    )
    batch: int = setting(Whole(ge=2), "examples in a step of the search", default=64)
    augment: tuple[Augmentation, ...] = setting(
        _AUGMENTATIONS,
        "random changes of training images: crop(pad), flip, cutout(size)",
        default=(),
    )
    seed: int = setting(Whole(ge=0), "of the split, so that it is always the same", default=0)


class Digits(DataSettings):
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels; nothing to download."""

    split: tuple[float, ...] = setting(
        Many(_SHARE, least=4, most=4),
        "shares for weights, architecture, validation, test",
        default=(0.4, 0.2, 0.2, 0.2),
    )


class Cifar10(DataSettings):
    """CIFAR-10, binary version: a folder with data_batch_*.bin and test_batch.bin."""

    source: Literal["cifar10"] = setting(Word("cifar10"), default="cifar10")
    augment: tuple[Augmentation, ...] = setting(
        _AUGMENTATIONS, DataSettings.fields["augment"].about, default=(Crop(pad=4), Flip())
    )


DATA: dict[str, type[DataSettings]] = {
    "digits": Digits,
    "cifar10": Cifar10,
    "idx": DataSettings,
    "npz": DataSettings,
    "images": DataSettings,
}


# ---- search -------------------------------------------------------------------------------------


class SearchSettings(Settings):
    """What all methods share. Defaults are those of DARTS (arXiv:1806.09055, appendix A)."""

    kind = "search"
    epochs: int = setting(Whole(ge=1), "passes over the data that trains weights", default=50)
    weights: Sgd = setting(Call(Sgd), "optimiser of the network's weights", default=Sgd())
    arch: Adam = setting(Call(Adam), "optimiser of the architecture parameters", default=Adam())


class DartsSettings(SearchSettings):
    """DARTS (Liu et al., ICLR 2019): bilevel, alpha on its own data, then the weights."""

    order: Literal["first"] = setting(Word("first"), "of the alpha-gradient", default="first")


class MilenasSettings(SearchSettings):
    """MiLeNAS (He et al., CVPR 2020): mixed-level, alpha from both losses."""

    order: Literal["first"] = setting(Word("first"), "of the alpha-gradient", default="first")
    lambda_: float = setting(Number(ge=0), "weight of the architecture data's loss", default=1.0)


class NaspSettings(SearchSettings):
    """NASP (Yao et al., AAAI 2020): proximal steps; one operation per edge runs."""


class RandomSettings(SearchSettings):
    """Random sampling with weight sharing (Li and Talwalkar, UAI 2019): the baseline."""

    samples: int = setting(
        Whole(ge=1), "architectures compared with the shared weights at the end", default=1000
    )


SEARCH: dict[str, type[SearchSettings]] = {
    "darts": DartsSettings,
    "milenas": MilenasSettings,
    "nasp": NaspSettings,
    "random": RandomSettings,
}


# ---- evaluation and export ----------------------------------------------------------------------


class EvaluateSettings(Settings):
    """Training the found architecture from scratch (DARTS, appendix A.2)."""

    kind = "evaluate"
    epochs: int = setting(Whole(ge=1), "passes over the training data", default=600)
    batch: int = setting(Whole(ge=2), "examples in a step", default=96)
    channels: int = setting(_SIDE, "C of the network that is trained", default=36)
    repeat: int = setting(Whole(ge=0, le=256), "N of the network that is trained", default=6)
    weights: Sgd = setting(
        Call(Sgd), "optimiser of the weights", default=Sgd(lr=Cosine(start=0.025, end=0.0))
    )
    augment: tuple[Augmentation, ...] = setting(
        _AUGMENTATIONS, "in addition to the data's own, such as cutout(16)", default=()
    )
    drop_path: float = setting(
        Number(ge=0, lt=1), "rate at the end, rising linearly from 0", default=0.2
    )
    auxiliary: float = setting(
        Number(ge=0), "weight of the auxiliary head's loss; the paper: 0.4", default=0.0
    )


class ExportSettings(Settings):
    """What is written for deployment."""

    kind = "export"
    formats: tuple[Literal["onnx", "python"], ...] = setting(
        Many(Word("onnx", "python"), least=1), "onnx, python", default=("onnx", "python")
    )
    tolerance: float = setting(
        Number(gt=0, le=1e-2), "largest difference between the backends", default=1e-4
    )

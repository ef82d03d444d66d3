"""One model per section of a spec. Field descriptions are what `dslnas show --defaults` prints.

Settings that are expressions of the language (a stem, a list of cells) stay syntax here; the
checker gives them their meaning.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from dslnas.settings.values import Adam, Augmentation, Cosine, Crop, Flip, Sgd

Side: TypeAlias = Annotated[int, Field(ge=1, le=65536)]
Share: TypeAlias = Annotated[float, Field(gt=0, le=1)]


class Settings(BaseModel):
    """Base of the sections: frozen, strict, unknown keys forbidden."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True
    )

    kind: ClassVar[str]


# ---- cells and the network ----------------------------------------------------------------------


class CellSettings(Settings):
    """A cell: a DAG whose nodes sum one operation per incoming edge."""

    kind = "cell"
    inputs: Annotated[int, Field(ge=1, le=8)] | tuple[str, ...] = Field(
        default=2, description="how many outputs of earlier cells it reads, or their names"
    )
    nodes: int | None = Field(
        default=None, ge=1, le=64, description="nodes that see both inputs and all earlier nodes"
    )
    keep: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        default="all", description="incoming edges per node of the derived cell"
    )
    none: Literal["never", "allowed"] = Field(
        default="never", description="whether a derived edge may be a zero"
    )
    stride: int = Field(default=1, ge=1, le=8, description="of the edges from the inputs")
    widen: int = Field(
        default=1, ge=1, le=8, description="factor on C for this cell and those after it"
    )


CELL_EXPRESSIONS = {
    "choose": "operations or a set of them: what each edge chooses from",
    "preprocess": "operation that fits each input to the cell's channels and size",
    "output": "concat, sum, mean or last of all nodes, or of some: concat(n2, n3)",
}


class NetworkSettings(Settings):
    """The network around the cells."""

    kind = "network"
    input: tuple[Side, Side, Side] | None = Field(
        default=None, description="channels x height x width of an example; else the data's"
    )
    classes: int | None = Field(
        default=None, ge=2, description="outputs of the head; else the data's"
    )
    channels: int = Field(default=16, ge=1, le=65536, description="C while searching")
    repeat: int = Field(default=2, ge=0, le=256, description="N while searching")


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
    source: Literal["digits", "cifar10", "idx", "npz", "images"] = Field(
        default="digits", description="the section's name: digits, cifar10, idx, npz or images"
    )
    path: str = Field(default="", description="file or folder of the data; digits needs none")
    split: tuple[Share, ...] = Field(
        default=(0.45, 0.45, 0.1),
        min_length=3,
        max_length=4,
        description="shares for weights, architecture, validation [, test if the set has none]",
    )
    subset: float = Field(
        default=1.0, gt=0, le=1, description="share of the examples that is used at all"
    )
    size: int = Field(
        default=32, ge=4, le=1024, description="images: side in pixels they are resized to"
    )
    batch: int = Field(default=64, ge=2, description="examples in a step of the search")
    augment: tuple[Augmentation, ...] = Field(
        default=(), description="random changes of training images: crop(pad), flip, cutout(size)"
    )
    seed: int = Field(default=0, ge=0, description="of the split, so that it is always the same")


class Digits(DataSettings):
    """Scikit-learn's 1,797 handwritten digits of 8 x 8 pixels; nothing to download."""

    split: tuple[Share, ...] = Field(
        default=(0.4, 0.2, 0.2, 0.2),
        min_length=4,
        max_length=4,
        description="shares for weights, architecture, validation, test",
    )


class Cifar10(DataSettings):
    """CIFAR-10, binary version: a folder with data_batch_*.bin and test_batch.bin."""

    source: Literal["cifar10"] = "cifar10"
    augment: tuple[Augmentation, ...] = Field(
        default=(Crop(pad=4), Flip()), description=DataSettings.model_fields["augment"].description
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
    epochs: int = Field(default=50, ge=1, description="passes over the data that trains weights")
    weights: Sgd = Field(default=Sgd(), description="optimiser of the network's weights")
    arch: Adam = Field(default=Adam(), description="optimiser of the architecture parameters")


class DartsSettings(SearchSettings):
    """DARTS (Liu et al., ICLR 2019): bilevel, alpha on its own data, then the weights."""

    order: Literal["first"] = Field(default="first", description="of the alpha-gradient")


class MilenasSettings(SearchSettings):
    """MiLeNAS (He et al., CVPR 2020): mixed-level, alpha from both losses."""

    order: Literal["first"] = Field(default="first", description="of the alpha-gradient")
    lambda_: float = Field(
        default=1.0, ge=0, alias="lambda", description="weight of the architecture data's loss"
    )


class NaspSettings(SearchSettings):
    """NASP (Yao et al., AAAI 2020): proximal steps; one operation per edge runs."""


class RandomSettings(SearchSettings):
    """Random sampling with weight sharing (Li and Talwalkar, UAI 2019): the baseline."""

    samples: int = Field(
        default=1000, ge=1, description="architectures compared with the shared weights at the end"
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
    epochs: int = Field(default=600, ge=1, description="passes over the training data")
    batch: int = Field(default=96, ge=2, description="examples in a step")
    channels: int = Field(
        default=36, ge=1, le=65536, description="C of the network that is trained"
    )
    repeat: int = Field(default=6, ge=0, le=256, description="N of the network that is trained")
    weights: Sgd = Field(
        default=Sgd(lr=Cosine(start=0.025, end=0.0)), description="optimiser of the weights"
    )
    augment: tuple[Augmentation, ...] = Field(
        default=(), description="in addition to the data's own, such as cutout(16)"
    )
    drop_path: float = Field(
        default=0.2, ge=0, lt=1, description="rate at the end, rising linearly from 0"
    )
    auxiliary: float = Field(
        default=0.0, ge=0, description="weight of the auxiliary head's loss; the paper: 0.4"
    )


class ExportSettings(Settings):
    """What is written for deployment."""

    kind = "export"
    formats: tuple[Literal["onnx", "python"], ...] = Field(
        default=("onnx", "python"), min_length=1, description="onnx, python"
    )
    tolerance: float = Field(
        default=1e-4, gt=0, le=1e-2, description="largest difference between the backends"
    )

"""One model per section of a spec. `dslnas show --defaults` prints what its fields say."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias, get_args

from pydantic import Field

from dslnas.settings.fields import (
    SHARE,
    Accumulate,
    Batch,
    Dropout,
    Epochs,
    Name,
    Norms,
    Slowness,
    Weights,
)
from dslnas.settings.model import Aliases, Section, Spellings
from dslnas.settings.values import Augmentation, Cosine, Sgd

MAX_SIDE = 65536

OLDEST_OPSET, NEWEST_OPSET, NEWEST_IR = 11, 26, 13
"""Opsets that a model may declare: from that of 2019 on, and what ONNX Runtime loads today."""

OLDEST_INT8_OPSET = 13
"""The first in which a weight can have a step for every channel."""

Side: TypeAlias = Annotated[int, Field(ge=1, le=MAX_SIDE)]
"""Channels, height or width."""

Channels: TypeAlias = Annotated[Side, Aliases(("init_channels", "num_channels"))]


# ---- cells and the network ----------------------------------------------------------------------


class CellSettings(Section):
    """A cell: a DAG whose nodes sum one operation per incoming edge, or of fixed values alone."""

    kind = "cell"
    expressions: ClassVar[Mapping[str, str]] = {
        "choose": "operations or a set of them: what each edge chooses from",
        "preprocess": "operation that fits each input to the cell's channels and size",
        "first": "value that the nodes read instead of the inputs",
        "edge": "gate that stands around the operation of every edge",
        "normalise": "operation after `first` and after every node, one layer for all of them",
        "output": "concat, sum, mean or last of all nodes, or of some: concat(n2, n3); or a value",
    }
    inputs: Annotated[int, Field(ge=1, le=8)] | tuple[Name, ...] = Field(
        2, description="how many outputs of earlier cells it reads, or their names"
    )
    states: tuple[Name, ...] = Field(
        (), description="names of what it carries from step to step: it is recurrent"
    )
    nodes: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="nodes that see all inputs, or `first` alone, and all earlier nodes"
    )
    keep: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        "all", description="incoming edges per node of the derived cell"
    )
    none: Literal["never", "allowed"] = Field(
        "never", description="whether a derived edge may be a zero"
    )
    stride: int = Field(1, ge=1, le=8, description="of the edges from the inputs")
    widen: int = Field(1, ge=1, le=8, description="factor on C for this cell and those after it")
    next: tuple[Name, ...] = Field(
        (), description="what each state is after the step; else the only state is the output"
    )


class NetworkSettings(Section):
    """The network around the cells."""

    kind = "network"
    expressions: ClassVar[Mapping[str, str]] = {
        "stem": "what comes before the first cell",
        "cells": "the cells in order, as in normal * N, reduction, normal * N",
        "head": "what comes after the last cell",
        "auxiliary": "second head while training, after the last cell that reduces",
    }
    input: tuple[Side, ...] | None = Field(
        None,
        min_length=1,
        max_length=3,
        description="channels x height x width of an example, or how many numbers; else the data's",
    )
    classes: int | None = Field(None, description="outputs of the head; else the data's")
    channels: Channels = Field(16, description="C while searching")
    repeat: int = Field(2, ge=0, le=256, description="N while searching")


# ---- from a search to an architecture -----------------------------------------------------------


class DeriveSettings(Section):
    """How the search ends in an architecture, and what that may cost."""

    kind = "derive"
    expressions: ClassVar[Mapping[str, str]] = {
        "count": "edges of a derived cell by operation: skip_connect <= 2, sep_conv(3) >= 1",
        "require": "what the network may cost: params < 4M, flops < 600M, latency < 5ms",
    }
    by: Literal["magnitude", "perturbation"] = Field(
        "magnitude",
        description="scores: the weights of operations, or how much worse the supernet is without "
        "one",
    )
    tune: int = Field(
        0,
        ge=0,
        description="epochs of the weights between rounds of `perturbation`; the paper: 5",
    )
    tune_rate: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="learning rate at their start, falling to 0; else a tenth of the search's",
    )
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None,
        description="weight below which an edge goes, but for the best of its node; Fair DARTS: "
        "0.85",
    )
    epoch: Literal["last", "best", "every_size"] = Field(
        "last",
        description="whose architecture: the last, the best by validation, or the best of every "
        "size",
    )
    compare: int = Field(
        0,
        ge=0,
        le=10_000,
        description="architectures drawn near the scores; the best by validation is taken",
    )
    against: int = Field(
        5, ge=0, le=1000, description="random architectures that the result is held against"
    )
    penalty: float = Field(
        0.0, ge=0, description="weight of the expected excess over `require` while searching"
    )


# ---- evaluation and export ----------------------------------------------------------------------


class EvaluateSettings(Section):
    """Training the found architecture from scratch (DARTS, appendix A.2)."""

    kind = "evaluate"
    epochs: Epochs = Field(600, description="passes over the training data")
    batch: Batch = Field(96, description="examples in a step")
    accumulate: Accumulate = 1
    channels: Channels = Field(36, description="C of the network that is trained")
    repeat: int = Field(6, ge=0, le=256, description="N of the network that is trained")
    weights: Weights = Sgd(lr=Cosine(start=0.025, end=0.0))
    epoch: Literal["last", "best"] | None = Field(
        None,
        description="whose network: the last, or the best by validation; else last, for text and "
        "ratings best",
    )
    label_smoothing: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of a label that goes to all classes alike (Szegedy et al., CVPR 2016)",
    )
    ema: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None,
        description="decay of an exponential moving average of the weights, which is then measured "
        "and exported",
    )
    augment: tuple[Augmentation, ...] = Field(
        (), description="in addition to the data's own, such as cutout(16)"
    )
    drop_path: Annotated[float, Aliases(("drop_path_prob", "drop_path_rate"))] = Field(
        0.2, ge=0, lt=1, description="rate at the end, rising linearly from 0"
    )
    auxiliary: float = Field(
        0.0, ge=0, description="weight of the auxiliary head's loss; the paper: 0.4"
    )
    dropout: Dropout = None
    slowness: Slowness = None
    norms: Norms = None
    average: Annotated[int, Field(ge=0)] | None = Field(
        None,
        description="text: checks without improvement before SGD is averaged (Merity et al., "
        "2018); 0: never",
    )
    vary: Literal["nothing", "lengths"] | None = Field(
        None,
        description="text: `lengths` draws every segment's length anew and scales the rate by it",
    )


Format: TypeAlias = Literal["onnx", "python"]
"""An export target; all are written unless a spec says which."""


Narrow: TypeAlias = Literal["float32", "float16", "int8"]
"""A precision of an exported model."""

_PRECISIONS = {"none": "float32", "fp32": "float32", "fp16": "float16", "half": "float16"}


class ExportSettings(Section):
    """Files that are written for deployment."""

    kind = "export"
    formats: tuple[Format, ...] = Field(
        get_args(Format), min_length=1, description=", ".join(get_args(Format))
    )
    tolerance: float = Field(
        1e-4,
        gt=0,
        le=1e-2,
        description="largest difference between the backends, as a share of the outputs' spread",
    )
    opset: Annotated[int, Field(ge=OLDEST_OPSET, le=NEWEST_OPSET)] | None = Field(
        None, description="operator set that ONNX models declare; else the oldest with their nodes"
    )
    ir_version: Annotated[int, Field(ge=4, le=NEWEST_IR)] | None = Field(
        None, description="format of their files; else the oldest that goes with the opset"
    )
    precision: Annotated[tuple[Narrow, ...], Spellings(_PRECISIONS)] = Field(
        ("float32",),
        min_length=1,
        description="int8, float16: ONNX models beside the one in float32, which is always written",
    )
    within: Annotated[float, Field(ge=0, le=0.5), SHARE] = Field(
        0.01,
        description="how much worse they may be on the validation part, as in 1%: points of a "
        "share such as accuracy, else a share of the metric",
    )

    @property
    def others(self) -> tuple[str, ...]:
        """The precisions beside float32, each once."""
        return tuple(dict.fromkeys(name for name in self.precision if name != "float32"))

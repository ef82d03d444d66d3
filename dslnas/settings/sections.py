"""One record per section of a spec. `dslnas show --defaults` prints what its fields say.

Settings that are expressions of the language (a stem, a list of cells) stay syntax here; the
checker gives them their meaning.
"""

from __future__ import annotations

from typing import Literal

from dslnas.settings.kinds import Call, Number, Whole, Word
from dslnas.settings.lists import Exactly, Many, Names
from dslnas.settings.schema import Settings, setting
from dslnas.settings.search import ACCUMULATE_ABOUT, DROPOUT_ABOUT, SLOWNESS_ABOUT
from dslnas.settings.values import Augmentation, Cosine, Crop, Cutout, Flip, Sgd, Variational

_SIDE = Whole(ge=1, le=65536)
_AUGMENTATIONS = Many(Call(Crop, Flip, Cutout))


# ---- cells and the network ----------------------------------------------------------------------


class CellSettings(Settings):
    """A cell: a DAG whose nodes sum one operation per incoming edge, or of fixed values alone."""

    kind = "cell"
    inputs: int | tuple[str, ...] = setting(
        Whole(ge=1, le=8) | Names(least=1),
        "how many outputs of earlier cells it reads, or their names",
        default=2,
    )
    states: tuple[str, ...] = setting(
        Names(), "names of what it carries from step to step: it is recurrent", default=()
    )
    nodes: int | None = setting(
        Whole(ge=1, le=64),
        "nodes that see all inputs, or `first` alone, and all earlier nodes",
        default=None,
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
    next: tuple[str, ...] = setting(
        Names(), "what each state is after the step; else the only state is the output", default=()
    )


CELL_EXPRESSIONS = {
    "choose": "operations or a set of them: what each edge chooses from",
    "preprocess": "operation that fits each input to the cell's channels and size",
    "first": "value that the nodes read instead of the inputs",
    "edge": "gate that stands around the operation of every edge",
    "normalise": "operation after `first` and after every node, one layer for all of them",
    "output": "concat, sum, mean or last of all nodes, or of some: concat(n2, n3); or a value",
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


# ---- from a search to an architecture -----------------------------------------------------------


class DeriveSettings(Settings):
    """How the search ends in an architecture, and what that may cost."""

    kind = "derive"
    by: Literal["magnitude", "perturbation"] = setting(
        Word("magnitude", "perturbation"),
        "scores: the weights of operations, or how much worse the supernet is without one",
        default="magnitude",
    )
    epoch: Literal["last", "best", "every_size"] = setting(
        Word("last", "best", "every_size"),
        "whose architecture: the last, the best by validation, or the best of every size",
        default="last",
    )
    penalty: float = setting(
        Number(ge=0), "weight of the expected excess over `require` while searching", default=0.0
    )


DERIVE_EXPRESSIONS = {
    "count": "edges of a derived cell by operation: skip_connect <= 2, sep_conv(3) >= 1",
    "require": "what the network may cost: params < 4M, flops < 600M, latency < 5ms",
}


# ---- evaluation and export ----------------------------------------------------------------------


class EvaluateSettings(Settings):
    """Training the found architecture from scratch (DARTS, appendix A.2)."""

    kind = "evaluate"
    epochs: int = setting(Whole(ge=1), "passes over the training data", default=600)
    batch: int = setting(Whole(ge=2), "examples in a step", default=96)
    accumulate: int = setting(Whole(ge=1), ACCUMULATE_ABOUT, default=1)
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
    dropout: Variational | None = setting(Call(Variational), DROPOUT_ABOUT, default=None)
    slowness: float | None = setting(Number(ge=0), SLOWNESS_ABOUT, default=None)
    average: int | None = setting(
        Whole(ge=0),
        "text: checks without improvement before SGD is averaged (Merity et al., 2018); 0: never",
        default=None,
    )
    vary: Literal["nothing", "lengths"] | None = setting(
        Word("nothing", "lengths"),
        "text: `lengths` draws every segment's length anew and scales the rate by it",
        default=None,
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

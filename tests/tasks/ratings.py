"""A third task, as its author would write it: two tokens are read, and a number is predicted."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from dslnas.backends.torch.losses import BatchOutput
from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts
from dslnas.data.rows import RowPart
from dslnas.data.tensor_part import TensorPart
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example, Token
from dslnas.ops.shapes import show_example
from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.tasks.metric import Column, Metric, Row
from dslnas.tasks.task import Measurement, Task
from tests.tasks.rating_settings import TASK, RatingSettings

ITEMS = 7
RMSE = Metric("rmse", "errors", False, "{of} error {value:.3f}", "error: lower is better.")


@dataclass(frozen=True)
class RatingFacts(Facts):
    """The mean of the ratings, and names of the users."""

    mean: float = 0.0
    users: tuple[str, ...] = ()

    def files(self) -> dict[str, bytes]:
        return {"users.json": json.dumps(self.users).encode()}

    def entries(self) -> dict[str, object]:
        return {"mean": self.mean}


def shape_of(data: RatingSettings) -> Example:
    return {"user": Token(data.users), "item": Token(ITEMS)}


class Ratings(Task):
    """Prediction of a number, by its squared error."""

    name = "ratings"
    example = "rating"
    settings = TASK
    needed = "`input`"
    metrics = (RMSE,)
    columns = (
        Column("test error", "test_rmse", ".3f"),
        Column("validation error", "validation_rmse", ".3f"),
    )
    rows = (Row("test error", "{test_rmse:.3f}"), Row("mean error", "{mean_rmse:.3f}"))
    files = MappingProxyType({"users.json": "names of the users"})
    selects_epoch = True

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        assert isinstance(data, RatingSettings)
        return DataShape(shape_of(data), 1, has_test=False)

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        pass

    def described(self, example: Example, classes: int) -> str:
        return show_example(example)

    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        assert isinstance(data, RatingSettings)
        generator, shape = Generator().manual_seed(0), shape_of(data)
        parts = (self.noise(data, shape, 1, n, generator, dtype) for n in (64, 32, 32, 32))
        weights, architecture, validation, test = (part.to(device) for part in parts)
        return Data(weights, architecture, validation, test, RatingFacts((), 0.5, ("a", "b")))

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        assert isinstance(data, RatingSettings)
        users = torch.randint(data.users, (count,), generator=generator)
        items = torch.randint(ITEMS, (count,), generator=generator)
        return TensorPart({"user": users, "item": items}, targets=(users + items - 5).to(dtype))

    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        users = tuple(json.loads((run / "users.json").read_text()))
        return RatingFacts((), entries["mean"], users)

    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        batch = next(iter(part.in_order(8)))
        return {name: tensor.numpy() for name, tensor in batch.inputs.items()}

    def loss(self, output: BatchOutput, batch: Batch) -> Tensor:
        return functional.mse_loss(output.logits[:, 0], batch.targets)

    def sums(self, output: Tensor, batch: Batch) -> Mapping[str, float]:
        squares = (output[:, 0] - batch.targets).double().square()
        return {"loss": float(squares.sum())}

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        return Measurement(means["loss"], {RMSE.name: math.sqrt(means["loss"])})

    def more_results(self, data: Data) -> dict[str, object]:
        assert isinstance(data.test, RowPart)
        return {"mean_rmse": float(data.test.targets.std())}

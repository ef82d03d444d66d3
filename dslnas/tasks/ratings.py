"""Rating prediction: the number that a user gives an item, from the numbers of both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dslnas.data.examples import DataShape
from dslnas.data.facts import Facts
from dslnas.data.rating_division import check_batches, describe
from dslnas.data.rating_facts import NUMBERS, read_facts
from dslnas.language.check.checked import CheckedNetwork
from dslnas.ops.primitive import Example, Token, by_name
from dslnas.ops.shapes import show_example
from dslnas.settings.data_base import DataSettings
from dslnas.settings.gradient import GradientSettings
from dslnas.settings.ratings import RatingSettings
from dslnas.settings.search_base import SearchSettings
from dslnas.settings.sections import EvaluateSettings, NetworkSettings
from dslnas.settings.task import Special, TaskSettings
from dslnas.settings.values import Adagrad, Adam
from dslnas.tasks.metric import RMSE, STANDARDISED_RMSE, Column, Row
from dslnas.tasks.task import Chance, Measurement, Task

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Generator, Tensor

    from dslnas.backends.torch.losses import BatchOutput
    from dslnas.data.batches import Batch, Part
    from dslnas.data.dataset import Data

_DIMENSIONS = 8
"""Numbers that a user has, and an item."""

_NORMS = 1e-5

SETTINGS = TaskSettings(
    data=RatingSettings,
    method="nasp",
    source="simulated_ratings",
    inputs=("user", "item"),
    examples="ratings",
    is_recurrent=False,
    least_classes=1,
    specials=(Special("search.norms"), Special("evaluate.norms")),
    # Those of the published program, xiangning-chen/SIF; it trains for as long as the loss falls.
    defaults={
        NetworkSettings: {"channels": _DIMENSIONS},
        SearchSettings: {"epochs": 100, "weights": Adagrad(), "norms": _NORMS},
        GradientSettings: {"arch": Adam(lr=3e-4)},
        EvaluateSettings: {
            "epochs": 100,
            "batch": 512,
            "channels": _DIMENSIONS,
            "weights": Adagrad(),
            "norms": _NORMS,
            "drop_path": 0.0,
        },
    },
)

COMPARED = 64
"""Ratings of the test part on which exported networks are compared."""


class RatingPrediction(Task):
    """Prediction of a rating by its squared error."""

    name = "rating_prediction"
    example = "rating"
    settings = SETTINGS
    needed = "`input`"
    metrics = (RMSE, STANDARDISED_RMSE)
    columns = (
        Column("test RMSE", "test_rmse", ".4f"),
        Column("validation RMSE", "validation_rmse", ".4f"),
        Column("standardised", "test_standardised_rmse", ".4f"),
    )
    rows = (
        Row("test RMSE", "{test_rmse:.4f}", "on ratings that chose nothing"),
        Row("  by means alone", "{means_test_rmse:.4f}", "of the user and of the item"),
        Row("  standardised", "{test_standardised_rmse:.4f}", "in deviations of the ratings"),
        Row("validation RMSE", "{validation_rmse:.4f}", "the best, of epoch {retrain_epoch}"),
        Row("  by means alone", "{means_validation_rmse:.4f}"),
    )
    files = MappingProxyType({NUMBERS: "numbers of users and items; 0 is any other"})
    selects_epoch = True
    measured_at_once = 8192

    # ---- data -----------------------------------------------------------------------------------

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        """Return how many users and items there are, or for how many the network is made."""
        assert isinstance(data, RatingSettings)
        found = describe(data)
        if found is not None:
            return found
        given = {each.name: each.shape for each in network.inputs}
        shape = {name: known for name, known in given.items() if isinstance(known, Token)}
        return DataShape(shape, 1, has_test=None) if len(shape) == len(given) else None

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        """Check that the parts that train have enough ratings for a step."""
        if known.counts:
            check_batches(known, data.batch if searching else None, evaluate.batch)

    def counts(self, data: Data, part: str) -> Mapping[str, int]:
        """Return how many ratings of a part are of a user, or an item, that none trains."""
        from dslnas.tasks.labelled import rows_of

        inputs = rows_of(data, part).inputs_at(slice(None))
        return {f"unknown {name}": int((numbers == 0).sum()) for name, numbers in inputs.items()}

    def described(self, example: Example, classes: int) -> str:
        """Return in words how many users and items there are."""
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
        """Read ratings, divide them at random, and standardise them."""
        from dslnas.data import rating_tensors

        assert isinstance(data, RatingSettings)
        return rating_tensors.load(data, device, dtype)

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        """Return random users and items with random ratings."""
        import torch

        from dslnas.data.tensor_part import TensorPart

        inputs = {}
        for name, token in by_name(example).items():
            assert isinstance(token, Token)
            inputs[name] = torch.randint(token.words, (count,), generator=generator)
        return TensorPart(inputs, targets=torch.randn(count, generator=generator, dtype=dtype))

    def read_facts(self, entries: Mapping[str, Any], run: Path, classes: int) -> Facts:
        """Return mean and deviation, and the numbers, which have a file of their own."""
        return read_facts(entries, run)

    def real_inputs(self, part: Part) -> dict[str, np.ndarray]:
        """Return some users and items."""
        batch = next(iter(part.in_order(COMPARED)))
        return {name: tensor.cpu().numpy() for name, tensor in batch.inputs.items()}

    # ---- loss and metrics -----------------------------------------------------------------------

    def loss(self, output: BatchOutput, batch: Batch) -> Tensor:
        """Return the mean squared error of standardised ratings."""
        from torch.nn.functional import mse_loss

        return mse_loss(output.logits[:, 0], batch.targets)

    def sums(self, output: Tensor, batch: Batch) -> Mapping[str, float]:
        """Return the squared errors: `loss` of standardised ratings, `squares` of those given."""
        squares = float((output[:, 0] - batch.targets).double().square().sum())
        return {"loss": squares, "squares": squares * float(batch.unit) ** 2}

    def measurement(self, means: Mapping[str, float]) -> Measurement:
        """Return the mean squared error, and its root in both units."""
        loss = means["loss"]
        roots = {RMSE.name: math.sqrt(means["squares"]), STANDARDISED_RMSE.name: math.sqrt(loss)}
        return Measurement(loss, roots)

    def chance(self, data: Data) -> Chance:
        """Return the error of the mean of the ratings that train."""
        from dslnas.data.rows import RowPart

        assert isinstance(data.weights, RowPart)
        assert isinstance(data.validation, RowPart)
        targets = data.validation.targets.double()
        error = float(data.validation.unit) * float(targets.square().mean().sqrt())
        return Chance(-error, -error, f"always the mean rating: an error of {error:.4f}")

    def guess_loss(self, data: Data) -> float:
        """Return the squared error of a guess that is off by a deviation."""
        return 1.0

    # ---- reports --------------------------------------------------------------------------------

    def more_results(self, data: Data) -> dict[str, object]:
        """Return the error of a prediction by the means of users and items alone."""
        from dslnas.data.rating_tensors import mean_errors
        from dslnas.data.rows import RowPart

        training, found = data.training, dict[str, object]()
        assert isinstance(training, RowPart)
        for name, part in (("test", data.test), ("validation", data.validation)):
            assert isinstance(part, RowPart)
            error = float(mean_errors(training, part).square().mean().sqrt())
            found[f"means_{name}_{RMSE.name}"] = float(part.unit) * error
        return found

"""A task with two inputs and a regression loss is one class: shared code asks it alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Generator, Tensor
from torch.nn import functional

from dslnas.backends.torch.losses import BatchOutput
from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.data.examples import DataShape
from dslnas.data.facts import NO_FACTS, Facts
from dslnas.data.rows import RowPart
from dslnas.exporters.export import export
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedNetwork
from dslnas.language.link.link import link
from dslnas.ops.primitive import Example
from dslnas.runs.results import training_results
from dslnas.settings.data import DataSettings
from dslnas.settings.search import DartsSettings
from dslnas.settings.sections import EvaluateSettings, ExportSettings
from dslnas.settings.task import TaskSettings
from dslnas.settings.values import Sgd
from dslnas.source import SourceFile
from dslnas.space.lower import lower
from dslnas.space.network import SearchSpace
from dslnas.tasks import catalogue
from dslnas.tasks.metric import Column, Metric, Row
from dslnas.tasks.task import Measurement, Task
from dslnas.training.memory_check import check_search_fits
from dslnas.training.search import search
from dslnas.training.search_plan import SearchPlan
from dslnas.training.synthetic_data import noise
from dslnas.training.train import train
from tests.training.tiny import CPU, Listener

USERS: Example = {"user": (3,), "item": ()}
ITEMS = 7
SPACE = f"""op scaled = linear(C)
cell mixed {{
    inputs  2
    nodes   1
    choose  identity, relu, scaled
    keep    2
    output  n1
}}
network {{
    stem      user: linear(C), item: embedding(C, words = {ITEMS})
    channels  8
    cells     mixed
    head      linear(classes)
}}
evaluate {{ channels 8 }}
"""
RMSE = Metric("rmse", "errors", False, "validation error {:.3f}")


class RatingSettings(DataSettings):
    """Ratings that are made up."""

    source: str = "ratings"


class Ratings(Task):
    """Prediction of a number, by its squared error."""

    name = "ratings"
    example = "rating"
    settings = TaskSettings(RatingSettings, "ratings", "ratings", is_recurrent=False)
    needed = "`input`"
    metrics = (RMSE,)
    columns = (Column("test", "test_rmse", ".3f"),)
    rows = (Row("test error", "{test_rmse:.3f}"),)
    selects_epoch = True

    def describe(self, data: DataSettings, network: CheckedNetwork) -> DataShape | None:
        return DataShape(USERS, 1, has_test=False)

    def check_sizes(
        self, known: DataShape, data: DataSettings, evaluate: EvaluateSettings, *, searching: bool
    ) -> None:
        pass

    def described(self, example: Example, classes: int) -> str:
        return "a rating"

    def load(
        self,
        data: DataSettings,
        device: torch.device | str,
        dtype: torch.dtype,
        *,
        classes: int | None,
        searching: bool,
    ) -> Data:
        generator = Generator().manual_seed(0)
        parts = (self.noise(data, USERS, 1, n, generator, dtype) for n in (64, 32, 32, 32))
        weights, architecture, validation, test = (part.to(device) for part in parts)
        return Data(weights, architecture, validation, test, NO_FACTS)

    def noise(
        self,
        data: DataSettings,
        example: Example,
        classes: int,
        count: int,
        generator: Generator,
        dtype: torch.dtype,
    ) -> Part:
        users = torch.randn((count, 3), generator=generator, dtype=dtype)
        items = torch.randint(ITEMS, (count,), generator=generator)
        ratings = users.sum(1) + (items - 3).to(dtype)
        return RowPart({"user": users, "item": items}, ratings)

    def read_facts(self, manifest: Mapping[str, Any], run: Path, classes: int) -> Facts:
        return NO_FACTS

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


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch) -> Task:
    added = Ratings()
    monkeypatch.setattr(catalogue, "TASKS", (*catalogue.TASKS, added))
    return added


def test_it_is_searched_trained_measured_and_exported(task: Task, tmp_path: Path) -> None:
    settings, runtime, report = RatingSettings(batch=16), Runtime(CPU), Listener()
    data = task.load(settings, CPU, torch.float32, classes=1, searching=True)
    program = check(link(SourceFile("ratings.nas", SPACE)), catalogue.TASK_SETTINGS)
    space = lower(program, USERS, 1)
    assert isinstance(space, SearchSpace)
    plan = SearchPlan(DartsSettings(epochs=2, warmup=0), settings)
    graph = build_supernet_graph(space)
    check_search_fits(space, graph, plan, data, runtime)
    found = search(space, graph, plan, data, 0, runtime, report)
    evaluate = EvaluateSettings(
        epochs=12, batch=16, channels=8, drop_path=0.0, weights=Sgd(lr=0.02, weight_decay=0.0)
    )
    trained = train(found.architecture, evaluate, settings, data, 0, runtime, report)
    errors = [record.validation_metrics["rmse"] for record in report.epochs[2:]]
    assert trained.validation.metrics["rmse"] == min(errors) == errors[trained.epoch - 1]
    assert trained.test.metrics["rmse"] < 1.0, "the ratings deviate by 2.6"
    results = training_results(trained, data, task)
    assert list(results)[:3] == ["test_rmse", "validation_rmse", "retrain_epoch"]
    written = export(
        trained.network, tmp_path, ExportSettings(), name="x", metadata={},
        real=task.real_inputs(data.test),
    )  # fmt: skip
    assert max(written.differences.values()) < 1e-4


def test_noise_stands_for_its_data(task: Task) -> None:
    data = noise(RatingSettings(), USERS, 1, 16, CPU)
    assert [len(part) for part in data.parts] == [32] * 4
    (batch, *_) = data.training.batches(16, Generator().manual_seed(0))
    assert {name: tuple(t.shape) for name, t in batch.inputs.items()} == {
        "user": (16, 3),
        "item": (16,),
    }

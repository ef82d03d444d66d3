"""A network for ratings, from its spec to files that take a user and an item and give a rating."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import dslnas
from dslnas.app.run import Run
from dslnas.data.tensor_part import TensorPart
from dslnas.exporters.onnx import OnnxExporter
from dslnas.exporters.python import PythonExporter
from dslnas.exporters.written import Written
from dslnas.settings.ratings import RatingFile, SimulatedRatings
from dslnas.tasks.catalogue import task_of
from dslnas.training.measure import measure
from tests.exporters.brief import check_briefly

SPEC = """cell largest {
    inputs  user, item
    let joined = max(user, item)
    output  joined
}
network {
    stem  user: embedding(unknown = true), item: embedding(unknown = true)
    cells largest
    head  bounded_linear(classes)
}
data simulated_ratings { ratings 600; users 30; items 20 }
evaluate { epochs 2; batch 64; channels 4; weights sgd(lr = 0.1, weight_decay = 0) }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("ratings")
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        (folder / "rate.nas").write_text(SPEC)
        trained = dslnas.train(dslnas.compile_spec(folder / "rate.nas"), folder / "run")
        dslnas.export(trained)
        return trained


def test_errors_are_told_in_the_unit_of_the_data_beside_those_of_means(run: Run) -> None:
    results = run.results.model_dump()
    std = run.manifest.facts.model_dump()["std"]
    assert results["test_rmse"] == pytest.approx(std * results["test_standardised_rmse"])
    assert 0 < results["means_test_rmse"] < results["test_rmse"]
    assert results["retrain_epoch"] in (1, 2)
    assert results["params"] == 4 * (31 + 21) + 4


@pytest.mark.parametrize("exporter", [OnnxExporter(), PythonExporter()], ids=lambda e: e.name)
def test_exported_models_give_ratings_for_any_number_of_pairs(
    run: Run, exporter: OnnxExporter | PythonExporter
) -> None:
    model = exporter.run(Written(run.path))
    data = task_of(SimulatedRatings()).load(
        run.spec.program.data, "cpu", torch.float32, classes=1, searching=False
    )
    assert isinstance(data.test, TensorPart)
    inputs = {name: tensor.numpy() for name, tensor in data.test.inputs.items()}
    given = model(inputs)
    facts = run.manifest.facts.model_dump()
    ratings = facts["mean"] + facts["std"] * data.test.targets.numpy()
    error = float(np.sqrt(np.square(given[:, 0] - ratings).mean()))
    assert error == pytest.approx(run.results.model_dump()["test_rmse"], rel=1e-5)
    (alone,) = model({name: values[:1] for name, values in inputs.items()})
    assert alone == pytest.approx(given[0], abs=1e-5)


def test_an_unknown_user_is_the_mean_of_those_that_are_known(run: Run) -> None:
    numbers = json.loads((run.path / "numbers.json").read_text())["numbers"]
    assert 0 not in numbers["user"].values()
    network = run.trained.network if run.trained else None
    assert network is not None
    table = network.get_parameter("stem/user/0_embedding/weight").detach()
    torch.testing.assert_close(table[0], table[1:].mean(0))


def test_a_batch_is_measured_in_both_units() -> None:
    task = task_of(RatingFile())
    part = TensorPart(
        {"user": torch.tensor([1, 2, 3])}, targets=torch.tensor([0.0, 1.0, 2.0]), unit=1.5
    )
    found = measure(lambda batch: torch.ones(len(batch), 1), part, task)
    assert found.loss == pytest.approx(2 / 3)
    assert found.metrics["standardised_rmse"] == pytest.approx((2 / 3) ** 0.5)
    assert found.metrics["rmse"] == pytest.approx(1.5 * (2 / 3) ** 0.5)


def test_too_few_ratings_for_a_step_are_found_by_check(tmp_path: Path) -> None:
    (tmp_path / "rate.nas").write_text(SPEC.replace("batch 64", "batch 4096"))
    with pytest.raises(dslnas.UserError) as caught:
        dslnas.compile_spec(tmp_path / "rate.nas")
    (found,) = caught.value.diagnostics
    assert found.code == "NAS606"
    assert "a step reads 4096 ratings but the parts that train have 420" in found.message

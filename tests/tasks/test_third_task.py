"""A task with two inputs and a regression loss is one class: shared code asks it alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Generator

from dslnas.ops.primitive import Token
from dslnas.tasks import catalogue
from dslnas.training.synthetic_data import noise
from tests.conftest import REPOSITORY
from tests.tasks.rating_settings import RatingSettings
from tests.tasks.ratings import ITEMS, Ratings
from tests.training.tiny import CPU

SPEC = """op scaled = linear(C)
cell mixed {
    inputs  2
    nodes   1
    choose  identity, relu, scaled
    keep    2
    output  n1
}
network {
    stem      user: embedding(C), item: embedding(C)
    channels  8
    cells     mixed
    head      linear(classes)
}
data made_up { batch 16; users 6 }
search darts { epochs 2 }
evaluate { channels 8; epochs 12; batch 16; weights sgd(lr = 0.02, weight_decay = 0) }
"""


def dslnas(spec: Path, commands: str) -> subprocess.CompletedProcess[str]:
    """Run commands of `dslnas` that knows the task, in the folder of a spec."""
    spec.write_text(SPEC)
    return subprocess.run(
        [sys.executable, "-m", "tests.tasks.with_ratings"],
        cwd=spec.parent,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        input=commands,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow  # ratings, tables and signals show it of tasks of the catalogue
def test_from_a_spec_to_a_deployed_network(tmp_path: Path) -> None:
    done = dslnas(
        tmp_path / "rate.nas",
        "check rate.nas\n"
        "show rate.nas\n"
        "estimate rate.nas\n"
        "interrupt:compile rate.nas --search --out run\n"
        "compile rate.nas --search --out run --resume\n"
        "compile rate.nas --search --out whole\n"
        "check run/architecture.nas\n"
        "export run --out again\n",
    )
    assert done.returncode == 0, done.stderr
    assert "rate: darts on made_up (user: token(6), item: token(7))" in done.stdout
    assert "validation error 0." in done.stderr
    assert "  users.json           names of the users" in done.stdout
    manifest, whole = (
        json.loads((tmp_path / run / "manifest.json").read_text()) for run in ("run", "whole")
    )
    results = manifest["results"]
    assert results["test_rmse"] == whole["results"]["test_rmse"] < 0.5 < results["mean_rmse"]
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    epochs = [epoch for epoch in map(json.loads, lines) if epoch["stage"] == "retrain"]
    errors = [epoch["validation_rmse"] for epoch in epochs]
    assert results["validation_rmse"] == min(errors) == errors[results["retrain_epoch"] - 1]
    assert max(results["largest_difference"].values()) < 1e-4
    assert manifest["facts"] == {"mean": 0.5}
    written = (tmp_path / "run" / "spec.nas").read_text()
    assert "    input     user: token(6), item: token(7)\n    classes   1\n" in written
    files = {"model.onnx", "model.py", "model.safetensors", "users.json"}
    assert {path.name for path in (tmp_path / "again").iterdir()} == files


@pytest.mark.slow  # four runs in processes of their own
def test_runs_are_compared_by_its_metric_and_settings_of_other_tasks_refused(
    tmp_path: Path,
) -> None:
    less = "--set evaluate.epochs=1 --set search.epochs=1"
    done = dslnas(
        tmp_path / "rate.nas",
        f"compile rate.nas --search --repeats 2 --out runs {less}\n"
        "check rate.nas --set evaluate.auxiliary=0.4\n",
    )
    assert done.returncode == 1
    assert done.stderr.count("error[") == 1
    assert "`auxiliary` is for images, and the data are ratings" in done.stderr
    summary = json.loads((tmp_path / "runs" / "summary.json").read_text())
    runs, best = summary["search"]["runs"], summary["search"]["best_by_validation_rmse"]
    assert min(runs, key=lambda run: run["validation_rmse"])["seed"] == best
    assert "  seed   test error   validation error   parameters" in done.stdout
    assert "Test errors chose nothing.\nerror: lower is better." in done.stdout


def test_noise_stands_for_its_data(monkeypatch: pytest.MonkeyPatch) -> None:
    task, settings = Ratings(), RatingSettings(batch=16)
    monkeypatch.setattr(catalogue, "TASKS", (*catalogue.TASKS, task))
    data = noise(settings, {"user": Token(5), "item": Token(ITEMS)}, 1, 16, CPU)
    assert [len(part) for part in data.parts] == [32] * 4
    (batch, *_) = data.training.batches(16, Generator().manual_seed(0))
    shapes = {name: (tuple(tensor.shape), tensor.dtype) for name, tensor in batch.inputs.items()}
    assert shapes == {"user": ((16,), torch.int64), "item": ((16,), torch.int64)}

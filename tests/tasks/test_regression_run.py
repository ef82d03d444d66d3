"""Several numbers are predicted from a table, by models that give them in its unit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import dslnas
from dslnas.app.run import Run
from dslnas.data.facts import LabelledFacts
from dslnas.data.tensor_part import TensorPart
from dslnas.exporters.onnx import OnnxExporter
from dslnas.exporters.python import PythonExporter
from dslnas.exporters.written import Written
from tests.exporters.brief import check_briefly

SPEC = """use std.common
op layer = linear(C) -> relu
cell block { inputs 1; nodes 1; choose identity, layer; output n1 }
network { stem linear(C); channels 4; cells block; head linear(classes) }
data table {
    path    "houses.csv"
    target  "price", "rent"
    task    regression
    metric  mae
    split   0.4, 0.2, 0.2, 0.2
    batch   8
}
search darts { epochs 1; weights adam }
evaluate { channels 4; epochs 2; batch 8; weights rmsprop(lr = 0.01); ema 0.5 }
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("table")
    drawn = np.random.default_rng(0).random((60, 2))
    rows = [f"{a:.3f},{b:.3f},{5000 + 3000 * a:.1f},{b - a:.3f}" for a, b in drawn]
    (folder / "houses.csv").write_text("\n".join(["size,age,price,rent", *rows]))
    (folder / "house.nas").write_text(SPEC)
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        spec = dslnas.compile_spec(folder / "house.nas")
        found = dslnas.train(dslnas.search(spec, folder / "run"))
        dslnas.export(found)
    return found


@pytest.mark.parametrize("exporter", [OnnxExporter(), PythonExporter()], ids=lambda e: e.name)
def test_models_give_each_number_in_its_unit(
    run: Run, exporter: OnnxExporter | PythonExporter
) -> None:
    part, facts = run.data.test, run.data.facts
    assert isinstance(part, TensorPart)
    assert isinstance(facts, LabelledFacts)
    given = exporter.run(Written(run.path))({k: x.numpy() for k, x in part.inputs.items()})
    unit, mean = (torch.tensor(values).double() for values in (facts.target_std, facts.target_mean))
    true = (part.targets.double() * unit + mean).numpy()
    roots = np.sqrt(np.square(given - true).mean(0))
    results = run.results.model_dump()
    assert list(results["test_rmse_by_number"]) == ["price", "rent"]
    assert list(results["test_rmse_by_number"].values()) == pytest.approx(list(roots), rel=1e-3)
    assert results["test_rmse"] == pytest.approx(roots.mean(), rel=1e-3)


def test_models_read_features(run: Run) -> None:
    part = run.data.test
    assert isinstance(part, TensorPart)
    assert list(part.inputs) == ["features"]
    assert "def forward(self, features: torch.Tensor)" in (run.path / "model.py").read_text()


def test_a_guess_stands_beside_and_the_facts_come_back(run: Run) -> None:
    results = run.results.model_dump()
    assert results["mean_test_mae"] > 0
    read = dslnas.load_run(run.path)
    assert read.manifest.facts.targets is not None
    assert read.manifest.facts.class_names == ("price", "rent")
    text = (run.path / "spec.nas").read_text()
    assert '    target   "price", "rent"\n' in text
    assert dslnas.compile_spec(run.path / "spec.nas", with_data=False).hash == run.spec.hash

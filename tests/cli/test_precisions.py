"""A run in other precisions: files, numbers, and what is told of those that are not delivered."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import dslnas
from dslnas.cli.main import run
from dslnas.cli.render.report import report_text
from dslnas.report.reading import read_run
from dslnas.runs.folder import ARCHITECTURE
from dslnas.runs.manifest import MANIFEST
from tests.cli.outcome import manifest_in
from tests.exporters.brief import check_briefly

BOTH = ("--set", "export.precision=int8, float16", "--set", "export.within=50%")
FILES = {"int8": "model_int8.onnx", "float16": "model_float16.onnx"}


@pytest.fixture(scope="module")
def exported(_finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that was exported again in both precisions. Nobody may write to it."""
    folder = shutil.copytree(_finished, tmp_path_factory.mktemp("precisions") / "run")
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        assert run(["export", str(folder), *BOTH]) == 0
    return folder


def records(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = manifest_in(folder)["results"]["precisions"]
    return found


def test_models_lie_beside_the_one_in_float32_and_are_smaller(exported: Path) -> None:
    plain = (exported / "model.onnx").read_bytes()
    for precision, name in FILES.items():
        content = (exported / name).read_bytes()
        assert len(content) < len(plain)
        assert records(exported)[precision]["bytes"] == len(content)
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert records(exported)["float32"]["bytes"] == len(plain)


def test_the_manifest_has_the_measures_of_every_precision(exported: Path) -> None:
    manifest = manifest_in(exported)
    found, results = records(exported), manifest["results"]
    assert list(found) == ["float32", "int8", "float16"]
    assert set(FILES.values()) <= set(results["files"])
    assert found["float32"]["validation"] == results["validation_accuracy"]
    assert found["float32"]["test"] == results["test_accuracy"]
    for name, record in found.items():
        assert record["lost"] == found["float32"]["validation"] - record["validation"]
        assert (record["largest_difference"] == 0) == (name == "float32")
        assert len(record["latency_ms"]) == 4
        assert min(record["latency_ms"].values()) > 0


def test_the_report_has_a_row_for_every_precision(exported: Path) -> None:
    printed = report_text(read_run(exported)).splitlines()
    start = next(n for n, line in enumerate(printed) if line.startswith("Precisions of"))
    rows = [line.split()[0] for line in printed[start + 1 : start + 5]]
    assert rows == ["precision", "float32", "int8", "float16"]


def test_a_later_export_leaves_nothing_behind_of_precisions_that_it_does_not_write(
    exported: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(exported, tmp_path / "run")
    assert run(["export", str(folder), "--set", "export.opset=15"]) == 0
    results = manifest_in(folder)["results"]
    models = {path.name for path in folder.glob("*.onnx")}
    assert models.isdisjoint(FILES.values())
    assert results["onnx"].keys() == models
    assert {name for name in results["files"] if name.endswith(".onnx")} == models
    assert results["precisions"] == {}
    assert run(["export", str(folder), "--set", "export.formats=python"]) == 0
    assert manifest_in(folder)["results"]["onnx"] == results["onnx"]
    assert manifest_in(folder)["results"]["files"] == results["files"]
    assert run(["export", str(folder)]) == 0  # as it was trained
    opset = onnx.load(folder / "model.onnx").opset_import[0].version
    assert manifest_in(folder)["results"]["onnx"]["model.onnx"]["opset"] == opset < 15


def test_a_trained_run_is_exported_where_the_machine_is_slower_than_its_limit(
    finished: Path, tmp_path: Path
) -> None:
    architecture = finished / ARCHITECTURE
    architecture.write_text(f"{architecture.read_text()}derive {{ require latency < 0.001ms }}\n")
    out = tmp_path / "again"
    assert run(["export", str(finished), "--out", str(out), "--set", "export.formats=python"]) == 0


def test_data_that_have_changed_are_refused(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = manifest_in(finished)
    (finished / MANIFEST).write_text(json.dumps({**manifest, "data_hash": "0"}))
    assert run(["export", str(finished), *BOTH]) == 1
    assert "NAS026" in capsys.readouterr().err


def test_an_untrained_network_is_exported_in_float32_alone(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture = str(exported / "architecture.nas")
    out = ("--out", str(tmp_path / "out"))
    assert run(["export", architecture, "--untrained", *out, *BOTH]) == 1
    assert "NAS714" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


ROWS = """use std.cnn
cell one { inputs 1; node n1 = relu(linear(C)(in1)); output n1 }
network { stem linear(C); channels 4; cells one; head linear(classes) }
data table { path "here.csv"; target "c"; split 40%, 20%, 20%, 20% }
evaluate { epochs 1; batch 8; repeat 1; channels 4 }
"""


def table(seed: int) -> str:
    rows = np.random.default_rng(seed).standard_normal((60, 2))
    lines = (f"{a:.3f},{b:.3f},{'up' if a > b else 'down'}" for a, b in rows)
    return "\n".join(("a,b,c", *lines)) + "\n"


def test_data_that_have_moved_are_read_where_they_are_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, there = tmp_path / "here.csv", tmp_path / "there.csv"
    (tmp_path / "rows.nas").write_text(ROWS)
    here.write_text(table(0))
    spec = dslnas.compile_spec(tmp_path / "rows.nas")
    dslnas.export(dslnas.train(spec, tmp_path / "run"))
    here.rename(there)
    command = ["export", str(tmp_path / "run"), *BOTH]
    assert run(command) == 1
    assert "NAS601" in capsys.readouterr().err
    assert run([*command, "--set", f"data.path={there}"]) == 0
    assert (tmp_path / "run" / FILES["int8"]).exists()
    there.write_text(table(1))
    assert run([*command, "--set", f"data.path={there}"]) == 1
    assert "NAS026" in capsys.readouterr().err

"""The functions that `dslnas` offers to notebooks: stage by stage, from folder to folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import dslnas
from tests.exporters.brief import check_briefly
from tests.small import SMALL

FILES = ("architecture.nas", "model.safetensors", "model.onnx", "model.py", "spec.nas")


@pytest.fixture(autouse=True)
def _brief_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def test_every_stage_can_be_gone_on_with_from_the_folder(spec: Path, tmp_path: Path) -> None:
    whole, staged = tmp_path / "whole", tmp_path / "staged"
    run = dslnas.search(dslnas.compile_spec(spec), whole)
    statuses = [run.manifest.status, dslnas.train(run).manifest.status]
    assert dslnas.export(run).files == run.results.files
    assert [*statuses, run.manifest.status] == ["searched", "trained", "finished"]

    dslnas.search(dslnas.compile_spec(str(spec)), str(staged))
    dslnas.train(dslnas.load_run(staged))
    dslnas.export(dslnas.load_run(str(staged)))
    again = dslnas.load_run(staged)
    assert again.manifest.without_measurements() == run.manifest.without_measurements()
    for name in FILES:
        assert (whole / name).read_bytes() == (staged / name).read_bytes(), name
    assert not (staged / "checkpoint.safetensors").exists()


def test_a_finished_run_is_left_as_it_is(spec: Path, tmp_path: Path) -> None:
    run = dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    dslnas.export(dslnas.train(run))
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    loaded = dslnas.load_run(run.path)
    assert dslnas.train(loaded).manifest == run.manifest
    dslnas.export(loaded)
    assert before == {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_a_run_that_is_only_searched_has_no_network_yet(spec: Path, tmp_path: Path) -> None:
    run = dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    for use in (run.network, lambda: dslnas.export(run)):
        with pytest.raises(dslnas.UserError, match=r"is not trained yet\n.*`dslnas.train\(run\)`"):
            use()
    assert run.manifest.status == "searched"


def test_what_a_spec_is_no_good_for_is_said(spec: Path, tmp_path: Path) -> None:
    compiled = dslnas.compile_spec(spec)
    with pytest.raises(dslnas.UserError, match=r"NAS310.*cannot be trained: it still has choices"):
        dslnas.train(compiled, tmp_path / "run")
    spec.write_text(SMALL.replace("search darts {\n    epochs  1\n}", ""))
    with pytest.raises(dslnas.UserError, match=r"NAS505.*spec names no search method"):
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    with pytest.raises(dslnas.UserError, match="NAS023"):
        dslnas.load_run(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_interrupted_stage_is_said_and_reported(spec: Path, tmp_path: Path) -> None:
    seen: list[object] = []

    def stop(record: object) -> None:
        seen.append(record)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run", report=stop)
    assert len(seen) == 1
    assert dslnas.load_run(tmp_path / "run").manifest.status == "interrupted"


def test_all_names_are_there_and_importing_them_imports_little() -> None:
    program = (
        "import sys, dslnas\n"
        "heavy = {'torch', 'onnx', 'sklearn', 'pydantic', 'networkx'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert all(callable(getattr(dslnas, name)) for name in dslnas.__all__)\n"
        "assert not {'torch', 'onnx', 'sklearn'} & set(sys.modules)\n"
        "import dslnas.exporters.export, dslnas.training.search, dslnas.training.train\n"
        "assert all(callable(getattr(dslnas, name)) for name in dslnas.__all__)\n"
        "assert not hasattr(dslnas, 'nothing')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr

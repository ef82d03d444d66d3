"""Whole runs from the command line: what is written, that it repeats, and that it is safe."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors.numpy import load_file

import dslnas
from dslnas.app.compile import compile_spec
from dslnas.app.open_run import begin
from dslnas.cli.commands import export as export_command
from dslnas.cli.main import run
from dslnas.diagnostics import UserError
from dslnas.exporters.agreement import Agreement
from dslnas.exporters.export import Exported
from tests.cli.outcome import Interrupt
from tests.small import SMALL
from tests.training.tiny import FEW

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    "alphas.safetensors",
    "architecture.nas",
    "examples.csv",
    "manifest.json",
    "metrics.jsonl",
    "mistakes.png",
    "model.onnx",
    "model.py",
    "model.safetensors",
    "model_uint8.onnx",
    "predict.py",
    "predictions.csv",
    "preprocessing.py",
    "report.html",
    "spec.nas",
]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def search(spec: Path, out: Path, *arguments: str) -> dict[str, Any]:
    code = run(["compile", str(spec), "--search", "--out", str(out), *arguments])
    assert code == 0
    manifest: dict[str, Any] = json.loads((out / "manifest.json").read_text())
    return manifest


def test_run_folder_holds_everything_and_the_manifest_says_so(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = search(spec, tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == FILES
    assert manifest["status"] == "finished"
    assert manifest["method"] == "darts"
    assert manifest["seed"] == 0
    assert 0 <= manifest["results"]["test_accuracy"] <= 1
    assert manifest["settings"]["search"]["epochs"] == 1
    assert manifest["results"]["largest_difference"].keys() == {"onnx", "python"}
    metrics = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["stage"] for line in metrics] == ["search", "check", "retrain"]
    printed = capsys.readouterr()
    assert "test accuracy" in printed.out
    assert "epoch   1/1" in printed.err
    assert "loss" not in printed.out.replace("losses", "")
    model = onnx.load(tmp_path / "run" / "model.onnx")
    facts = {p.key: p.value for p in model.metadata_props}
    assert facts["spec_hash"] == manifest["spec_hash"]
    assert manifest["spec_hash"] in (tmp_path / "run" / "model.py").read_text()


OFTEN, SLOW = ("enas",), ("darts", "random_search", "nasp", "gdas", "evolution")
"""The one that learns between epochs, and one of each kind; all search in the tests of training."""


@pytest.mark.parametrize(
    "method", [*OFTEN, *(pytest.param(m, marks=pytest.mark.slow) for m in SLOW)]
)
def test_one_word_changes_the_method_and_a_seed_repeats_bit_for_bit(
    spec: Path, tmp_path: Path, method: str
) -> None:
    text = SMALL.replace("search darts", f"search {method}")
    spec.write_text(text.replace("normal, reduction", "reduction"))
    few = [
        f"search.{name}={value}" for name, value in FEW.get(method, {}).items() if name != "each"
    ]
    options = [word for each in few for word in ("--set", each)]
    first = search(spec, tmp_path / "a", *options)
    search(spec, tmp_path / "b", *options)
    assert first["method"] == method
    for name in ("alphas.safetensors", "architecture.nas", "model.safetensors", "model.onnx"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_another_seed_is_another_run(spec: Path, finished: Path, tmp_path: Path) -> None:
    search(spec, tmp_path / "b", "--seed", "1")
    same, other = (load_file(f / "model.safetensors") for f in (finished, tmp_path / "b"))
    assert other.keys() != same.keys() or any((other[k] != same[k]).any() for k in same)


@pytest.mark.sample(0)
def test_effective_spec_of_a_run_is_the_same_program(spec: Path, tmp_path: Path) -> None:
    first = search(spec, tmp_path / "a", "--set", "search.epochs=2", "--set", "search=nasp")
    again = search(tmp_path / "a" / "spec.nas", tmp_path / "b")
    assert first["spec_hash"] == again["spec_hash"]
    assert again["method"] == "nasp"
    same = [(tmp_path / x / "alphas.safetensors").read_bytes() for x in "ab"]
    assert same[0] == same[1]


def test_found_architecture_can_be_trained_and_exported(finished: Path, tmp_path: Path) -> None:
    architecture = finished / "architecture.nas"
    assert run(["check", str(architecture)]) == 0
    assert run(["fmt", "--check", str(architecture)]) == 0
    out = tmp_path / "again"
    assert run(["export", str(architecture), "--out", str(out)]) == 0
    names = {p.name for p in out.iterdir()}
    assert names == {*FILES} - {"alphas.safetensors"}
    first, second = (load_file(f / "model.safetensors") for f in (finished, out))
    assert all((first[k] == second[k]).all() for k in first), "same seed, same training"


def test_run_can_be_exported_again_from_its_weights(finished: Path, tmp_path: Path) -> None:
    assert run(["export", str(finished), "--out", str(tmp_path / "again")]) == 0
    images = np.random.default_rng(0).standard_normal((3, 1, 8, 8)).astype(np.float32)
    outputs = []
    for folder in (finished, tmp_path / "again"):
        session = onnxruntime.InferenceSession(folder / "model.onnx")
        outputs.append(np.asarray(session.run(None, {"image": images})[0]))
    assert (outputs[0] == outputs[1]).all()


def test_an_export_says_why_outputs_differ_by_more_than_is_allowed(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    agreements = {"onnx": Agreement(0.5, 4e-4), "python": Agreement(0.5, 4e-7)}
    exported = Exported(("model.onnx",), agreements, None, {}, {}, tolerance=1e-4)
    monkeypatch.setattr(export_command, "export_files", lambda *_: exported)
    assert run(["export", str(finished)]) == 0
    onnx, python = capsys.readouterr().err.splitlines()
    assert onnx.startswith("agreement: 4e-04, ONNX Runtime against PyTorch")
    assert onnx.endswith("; rounding alone changes as much")
    assert "rounding" not in python


def test_the_architecture_in_a_run_has_the_name_of_the_spec_that_found_it(finished: Path) -> None:
    spec = compile_spec(finished / "architecture.nas", with_data=False)
    again = begin(spec)
    assert again.manifest.spec == "small"
    assert again.path.name == "small-trained-seed0"
    (finished / "manifest.json").write_text("[")
    assert begin(spec).manifest.spec == "architecture"


def test_runs_without_out_go_to_new_folders_below_exported(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dslnas.training.search.Search.run", interrupt)
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run(["compile", str(spec), "--search"]) == 130
    made = sorted(p.name for p in (tmp_path / "exported").iterdir())
    assert made == ["small-darts-seed0", "small-darts-seed0-2"]


def test_search_of_json_prints_the_manifest_only(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = search(spec, tmp_path / "run", "--json")
    printed = capsys.readouterr()
    assert json.loads(printed.out) == manifest
    assert printed.err == ""


def test_warnings_of_a_search_stay_in_the_manifest(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dslnas.training.monitor.STILL", float("inf"))
    manifest = search(spec, tmp_path / "run")
    warning = "alpha does not move: raise the learning rate of `arch`"
    assert f"epoch 1: {warning}" in manifest["warnings"]
    printed = capsys.readouterr()
    assert f"  warning: {warning}\n" in printed.err
    assert f"warning: epoch 1: {warning}\n" in printed.out


@pytest.mark.sample(0)
def test_every_member_of_a_family_can_be_trained(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text(f"{SMALL}derive {{ epoch every_size }}\n")
    manifest = search(spec, tmp_path / "run", "--set", "search.epochs=2")
    assert "The best of every size" in capsys.readouterr().out
    files = [tmp_path / "run" / member["file"] for member in manifest["results"]["family"]]
    assert files
    assert run(["fmt", "--check", *map(str, files)]) == 0
    assert run(["train", str(files[0]), "--out", str(tmp_path / "member")]) == 0
    trained = json.loads((tmp_path / "member" / "manifest.json").read_text())
    assert trained["results"]["params"] == manifest["results"]["family"][0]["params"]


def test_folder_with_something_in_it_is_left_alone(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    assert run(["compile", str(spec), "--search", "--out", str(out)]) == 1
    assert capsys.readouterr().err == (
        f"{out}: error[NAS022]: folder is not empty\n"
        "  = help: choose another with `--out DIR` (in Python `out='DIR'`), or remove it\n"
    )
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_interrupted_run_says_so_and_keeps_what_it_has(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dslnas.training.train.train", interrupt)
    out = tmp_path / "run"
    assert run(["compile", str(spec), "--search", "--out", str(out)]) == 130
    assert json.loads((out / "manifest.json").read_text())["status"] == "interrupted"
    assert (out / "architecture.nas").exists()
    assert "Traceback" not in capsys.readouterr().err


def test_fault_of_our_own_has_a_traceback_and_code_3(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dslnas.training.train.train", fail)
    assert run(["compile", str(spec), "--search", "--out", str(tmp_path / "run")]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["status"] == "failed"


def test_backends_that_differ_are_not_exported_but_the_weights_stay(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    tolerance = "export.tolerance=0.000000000001"
    arguments = ["compile", str(spec), "--search", "--out", str(out), "--set", tolerance]
    assert run(arguments) == 1
    printed = capsys.readouterr().err
    assert "error[NAS711]: onnx and torch differ on random inputs by" in printed
    assert not (out / "model.onnx").exists()
    assert json.loads((out / "manifest.json").read_text())["status"] == "failed"
    assert run(["export", str(out), "--set", "export.tolerance=1e-4"]) == 0
    assert (out / "model.onnx").exists()


def test_run_on_data_from_a_file_is_exported_again_without_the_data(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    data = tmp_path / "mine.npz"
    images = generator.integers(0, 256, (90, 10, 9), dtype=np.uint8)
    np.savez(data, x=images, y=np.arange(90) % 3)
    spec = tmp_path / "mine.nas"
    spec.write_text(
        SMALL.replace("data digits", "data npz").replace(
            "subset  10%", 'path "mine.npz"; split 40%, 20%, 20%, 20%'
        )
    )
    search(spec, tmp_path / "run")
    for name in ("spec.nas", "architecture.nas"):
        assert run(["check", str(tmp_path / "run" / name)]) == 0
    data.unlink()
    assert run(["export", str(tmp_path / "run"), "--out", str(tmp_path / "again")]) == 0


def test_without_a_manifest_a_folder_is_no_run(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished / "manifest.json").unlink()
    assert run(["export", str(finished)]) == 1
    message = f"{finished}: error[NAS023]: is not a run folder: it has no readable manifest.json"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            {"spec": ""},
            "manifest.json: error[NAS027]: damaged: `spec`: must have 1 or more characters",
        ),
        (
            {"facts": {"level": "line"}},
            "manifest.json: error[NAS027]: damaged: `facts.level`: must be 'word'",
        ),
        (
            {"facts": {"normalisation": {"mean": [0.5, "x"], "std": [1.0]}}},
            "damaged: `facts.normalisation.mean[1]`: must be a number",
        ),
        (
            {"facts": {"class_names": ["a"]}},
            "error[NAS023]: manifest.json names 1 classes, the network has 10",
        ),
        (
            {"spec_hash": 64 * "0"},
            "error[NAS023]: manifest.json is of another spec than architecture.nas",
        ),
    ],
)
def test_damaged_manifest_is_a_message(
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    entries: dict[str, object],
    message: str,
) -> None:
    path = finished / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    assert run(["export", str(finished), "--out", str(tmp_path / "again")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("epoch", "told"), [(1, ""), (2, ": 1 of 2 epochs of its training are stored")]
)
def test_a_run_that_is_not_trained_says_what_goes_on_with_it(
    spec: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    interrupt: Interrupt,
    epoch: int,
    told: str,
) -> None:
    out = tmp_path / "run"
    interrupt("retrain", epoch)
    two = ("--set", "evaluate.epochs=2")
    assert run(["compile", str(spec), "--search", "--out", str(out), *two]) == 130
    assert run(["export", str(out)]) == 1
    error = capsys.readouterr().err
    assert f"{out}: error[NAS024]: is not trained yet{told}\n" in error
    assert f"`dslnas compile {out}/spec.nas --search --out {out} --resume`" in error
    assert "`dslnas.train(run)`" in error


def test_a_run_whose_search_is_not_over_is_not_trained(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], interrupt: Interrupt
) -> None:
    out = tmp_path / "run"
    interrupt("search", 1)
    assert run(["compile", str(spec), "--search", "--out", str(out)]) == 130
    assert run(["export", str(out)]) == 1
    error = capsys.readouterr().err
    assert f"{out}: error[NAS024]: is not trained yet: its search is not over" in error
    assert "dslnas.train" not in error


def test_a_run_whose_search_is_not_over_has_no_architecture(
    spec: Path, tmp_path: Path, interrupt: Interrupt
) -> None:
    out = tmp_path / "run"
    interrupt("search", 1)
    assert run(["compile", str(spec), "--search", "--out", str(out)]) == 130
    message = f"{out}: error[NAS024]: has no architecture yet: its search is not over"
    uses: list[Callable[[], object]] = [
        lambda: dslnas.convert(out),
        lambda: dslnas.train(dslnas.load_run(out)),
        lambda: dslnas.load_run(out).architecture,
    ]
    for use in uses:
        with pytest.raises(UserError) as raised:
            use()
        assert raised.value.render().startswith(f"{message}\n")
        assert (
            f"`dslnas compile {out}/spec.nas --search --out {out} --resume`"
            in raised.value.render()
        )
    assert dslnas.load_run(out).manifest.status == "interrupted"


def test_a_trained_run_without_weights_is_a_message(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (finished / "model.safetensors").unlink()
    assert run(["export", str(finished)]) == 1
    error = capsys.readouterr().err
    assert f"{finished / 'model.safetensors'}: error[NAS024]: does not exist" in error
    assert f"train the architecture again: `dslnas train {finished / 'architecture.nas'}`" in error


def test_a_damaged_architecture_is_a_message(
    spec: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = finished / "architecture.nas"
    path.write_bytes(path.read_bytes() + b"\xff")
    for command in (["export", str(finished)], again(spec, finished)):
        assert run(command) == 1
        assert f"{path}: error[NAS002]" in capsys.readouterr().err


def again(spec: Path, out: Path) -> list[str]:
    return ["compile", str(spec), "--search", "--resume", "--out", str(out)]


def test_weights_of_another_architecture_are_a_message(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = finished / "model.safetensors"
    weights.write_bytes((ROOT / "exported" / "reference" / "model.safetensors").read_bytes())
    assert run(["export", str(finished)]) == 1
    assert "weights are not those of architecture.nas" in capsys.readouterr().err
    weights.write_bytes(b"not a file of weights")
    assert run(["export", str(finished)]) == 1
    assert "error[NAS024]: is damaged" in capsys.readouterr().err


def test_options_that_would_change_a_run_are_wrong_usage(
    spec: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for option in (["--seed", "1"], ["--set", "evaluate.epochs=3"], ["--untrained"]):
        assert run(["export", str(finished), *option]) == 2
    assert run(["compile", str(spec), "--seed", "1"]) == 2
    assert "--seed needs --search" in capsys.readouterr().err


def test_memory_that_runs_out_is_a_message(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def exhaust(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ...")

    monkeypatch.setattr("dslnas.training.train.train", exhaust)
    assert run(["compile", str(spec), "--search", "--out", str(tmp_path / "run")]) == 1
    assert "error[NAS702]: out of memory on `cpu`" in capsys.readouterr().err
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**40, 2**40))
    assert run(["compile", str(spec), "--search", "--out", str(tmp_path / "run"), "--resume"]) == 1
    told = "error[NAS031]: out of memory: this process may have 1,048,576 MiB (DefaultCPUAllocator"
    assert told in capsys.readouterr().err

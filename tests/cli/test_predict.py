"""`dslnas predict`, and what a run keeps of single examples."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dslnas
from dslnas.cli.main import run
from dslnas.diagnostics import UserError
from dslnas.exporters.web.runtime import BINARY, SCRIPT
from dslnas.json_model import json_text
from tests.cli.outcome import manifest_in
from tests.exporters.brief import check_briefly
from tests.exporters.programs import run_program
from tests.runs.made import made_manifest

SPEC = """
use std.cnn
cell a {
    inputs      1
    preprocess  preprocess
    node n1 = conv(3)(in1)
    output      n1
}
network { channels 4; repeat 0; cells a }
data images {
    path   "photos"
    size   8
    split  40%, 20%, 20%, 20%
    batch  8
}
evaluate { channels 4; repeat 0; epochs 2; batch 8 }
"""
RESULTS = {"params": 1, "flops": 1, "retrain_seconds": 1.0}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run on pictures of odd sizes, with `photos` beside it."""
    folder = tmp_path_factory.mktemp("trained")
    generator = np.random.default_rng(0)
    for label, name in enumerate(("dark", "light, bright", "odd")):
        (folder / "photos" / name).mkdir(parents=True)
        for number in range(15):
            height, width = generator.integers(5, 40, 2)
            noise = generator.integers(60 * label, 60 * label + 130, (height, width, 3), np.uint8)
            Image.fromarray(noise).save(folder / "photos" / name / f"{number}.png")
    (folder / "spec.nas").write_text(SPEC)
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        assert run(["export", str(folder / "spec.nas"), "--out", str(folder / "run")]) == 0
    return folder / "run"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Return a folder with what stands for ONNX Runtime for browsers."""
    (tmp_path / "dist").mkdir()
    for name in (SCRIPT, BINARY):
        (tmp_path / "dist" / name).write_bytes(b"a part of it")
    return tmp_path


def test_a_page_is_written_beside_the_model(
    trained: Path, runtime: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(trained, tmp_path / "out")
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        given = ["export", str(out), "--web"]
        assert run([*given, "--web-runtime", str(runtime)]) == 0
        assert str(out / "web.html") in capsys.readouterr().out
        assert "light, bright" in (out / "web.html").read_text(encoding="utf-8")
        assert "web.html" in manifest_in(out)["results"]["files"]
        assert run([*given, "--web-runtime", str(out)]) == 1
    assert "error[NAS717]" in capsys.readouterr().err


def test_a_page_is_made_of_a_run(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(trained / "architecture.nas"), "--web"]) == 2
    assert "train the architecture first" in capsys.readouterr().err


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_parts_of_the_data_are_kept(trained: Path) -> None:
    rows = table(trained / "examples.csv")
    counts = Counter(row["part"] for row in rows)
    assert counts == {"weights": 18, "architecture": 9, "validation": 9, "test": 9}
    files = {
        path.relative_to(trained.parent / "photos").as_posix(): path.parent.name
        for path in (trained.parent / "photos").rglob("*.png")
    }
    assert {row["file"]: row["class"] for row in rows} == files
    seen = dslnas.report_data(trained.parent / "spec.nas")  # counts them without a run
    of_classes = Counter((row["part"], row["class"]) for row in rows)
    assert of_classes == {
        (name, kind): count
        for name, part in seen.parts.items()
        for kind, count in part.counts.items()
    }


def test_predictions_are_those_that_were_measured(trained: Path) -> None:
    results, rows = manifest_in(trained)["results"], table(trained / "predictions.csv")
    right = sum(row["class"] == row["predicted"] for row in rows)
    assert right / len(rows) == results["test_accuracy"]
    counts = Counter((row["class"], row["predicted"]) for row in rows)
    confusion = results["test_confusion"]
    assert counts == {(a, b): n for a, said in confusion.items() for b, n in said.items()}
    kept = [row["file"] for row in table(trained / "examples.csv") if row["part"] == "test"]
    assert [row["file"] for row in rows] == kept


def test_the_accuracy_is_reproduced_from_the_files(trained: Path) -> None:
    kept: list[str | Path] = ["--list", trained / "examples.csv"]
    done = run_program(trained / "predict.py", *kept, "--data", trained.parent / "photos")
    accuracy = manifest_in(trained)["results"]["test_accuracy"]
    right = round(9 * accuracy)
    assert done.stdout == f"accuracy {accuracy:.2%}: {right} of 9 pictures of the part test\n"


def test_pictures_are_labelled_as_predict_py_does(
    trained: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = trained.parent / "photos" / "odd"
    assert run(["predict", str(trained), str(folder), "--top", "2"]) == 0
    found = capfd.readouterr().out
    done = run_program(trained / "predict.py", folder, "--top", "2")
    assert found == done.stdout
    assert len(found.splitlines()) == 15


def test_predictions_in_python(trained: Path) -> None:
    rows = table(trained / "predictions.csv")
    files = [trained.parent / "photos" / row["file"] for row in rows]
    found = dslnas.predict(dslnas.load_run(trained), files)
    assert [one.label for one in found] == [row["predicted"] for row in rows]
    for one, row in zip(found, rows, strict=True):
        assert one.values[one.label] == pytest.approx(float(row["probability"]), abs=1e-5)
    with pytest.raises(UserError, match=r"NAS603.*no such file or directory"):
        dslnas.predict(trained, ["none.png"])


def test_a_picture_or_a_folder_needs_no_list_in_python(trained: Path) -> None:
    folder = trained.parent / "photos" / "odd"
    (one,) = dslnas.predict(trained, str(folder / "0.png"))
    found = dslnas.predict(trained, folder)
    assert len(found) == 15
    assert one in found
    for given in (None, [None], b"0.png"):
        with pytest.raises(TypeError, match=r"takes paths of pictures and folders; a .* was given"):
            dslnas.predict(trained, given)  # type: ignore[arg-type]


def test_a_damaged_model_is_told(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_bytes((trained / "manifest.json").read_bytes())
    (tmp_path / "model.onnx").touch()
    assert run(["predict", str(tmp_path), "x.png"]) == 1
    told = capfd.readouterr().err
    assert f"{tmp_path}: error[NAS024]: its model.onnx is damaged, or nothing that" in told
    assert f"help: `dslnas export {tmp_path}` writes it anew" in told


def test_the_report_says_what_was_taken_for_what(
    trained: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from dslnas.cli.render.report import report_text
    from dslnas.report.reading import read_run

    lines = report_text(read_run(trained)).splitlines()
    first = lines.index("Test examples by class (rows) and by what they were taken for (columns):")
    assert lines[first + 1].split() == ["dark", "light,", "bright", "odd"]
    numbers = [int(text) for line in lines[first + 2 : first + 5] for text in line.split()[-3:]]
    assert sum(numbers) == 9


def test_a_run_that_is_not_trained_says_how_to_go_on_with_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text(json_text(made_manifest({}).model_dump()))
    assert run(["predict", str(tmp_path), "x.png"]) == 1
    printed = capfd.readouterr().err
    assert "NAS024]: is not trained yet: its search is not over" in printed
    assert f"--out {tmp_path} --resume`" in printed


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ((), "NAS024]: has no model.onnx\n  = help: `dslnas export RUN` writes it"),
        (
            ("model.onnx", "sample.py"),
            "NAS024]: is a model of no pictures\n"
            "  = help: `python RUN/sample.py` writes text with it",
        ),
        (
            ("model.onnx",),
            "NAS024]: is a model of no pictures\n"
            "  = help: its metadata say what it reads, as do those of `model.py`",
        ),
    ],
)
def test_runs_that_label_no_pictures(
    files: tuple[str, ...], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").write_text(json_text(made_manifest(RESULTS).model_dump()))
    for name in files:
        (tmp_path / name).touch()
    assert run(["predict", str(tmp_path), "x.png"]) == 1
    assert capfd.readouterr().err.strip().endswith(message.replace("RUN", str(tmp_path)))

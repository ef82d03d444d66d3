"""`predict.py` beside an exported model: numpy, Pillow and onnxruntime are all that it needs."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import LabelledFacts
from dslnas.data.image_files import files_in
from dslnas.data.preprocessing import Preprocessing
from dslnas.diagnostics import UserError
from dslnas.exporters import pictures as checked
from dslnas.exporters.export import export
from dslnas.exporters.predict import Predictor, listed, load, pictures
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.sections import ExportSettings
from tests.data.made import pixels
from tests.exporters.brief import check_briefly
from tests.exporters.programs import run_program
from tests.training.tiny import architecture

NAMES = tuple("abcd")

# Runs a script where dslnas, torch and onnx cannot be imported.
ALONE = """
import runpy, sys
sys.modules["dslnas"] = sys.modules["torch"] = sys.modules["onnx"] = None
sys.path.insert(0, sys.argv[1].rpartition("/")[0])
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


HOW = Preprocessing("L", 8, 8, "crop", (0.3,), (0.2,), shorter_side=10)


def facts(goal: str = "classification") -> LabelledFacts:
    numbers = ((0.0,) * 4, (2.0,) * 4) if goal == "regression" else ((), ())
    return LabelledFacts(NAMES, (0.3,), (0.2,), *numbers, preprocessing=HOW, goal=goal)


def made(folder: Path, facts: LabelledFacts) -> Path:
    """Export a network with random weights; return the folder."""
    graph = build_derived_graph(architecture())
    network = TorchNetwork(graph, torch.Generator().manual_seed(0)).eval()
    export(network, folder, ExportSettings(), name="x", metadata={}, facts=facts)
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        yield {
            goal: made(tmp_path_factory.mktemp(goal), facts(goal))
            for goal in ("classification", "multilabel", "regression")
        }


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of pictures of odd sizes, of two levels, with a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "deeper").mkdir()
    (folder / "notes.txt").write_text("no picture")
    for number, (height, width) in enumerate(((9, 13), (40, 7), (8, 8), (31, 32))):
        place = folder / "deeper" if number % 2 else folder
        Image.fromarray(pixels(height, width, 3)).save(place / f"{number}.png")
    return folder


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_program(folder / "predict.py", *arguments)


def by_uint8(folder: Path, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(folder / "model_uint8.onnx")
    return np.asarray(session.run(None, {"image": picture})[0])


def test_pictures_of_folders_are_labelled(
    models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    folder, other = models["classification"], tmp_path / "Łódź.png"
    done = run(folder, photos, "--csv")
    other.write_bytes((photos / "0.png").read_bytes())
    command = [sys.executable, "-c", ALONE, str(folder / "predict.py"), str(photos), "--csv"]
    alone = subprocess.run(
        [*command, str(other)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONIOENCODING": "cp1252"},  # as of output into a file on many a Windows
        encoding="cp1252",
    )
    *same, last = alone.stdout.splitlines()
    assert same == done.stdout.splitlines()
    assert last.startswith(rf"{tmp_path}/\u0141ód\u017a.png,")
    note = "note: files that are not read: 1 .txt\n"
    assert (alone.returncode, alone.stderr) == (done.returncode, done.stderr) == (0, note)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    names = [Path(row["file"]).name for row in rows]
    assert names == ["0.png", "2.png", "1.png", "3.png"]
    for row in rows:
        values = by_uint8(folder, HOW.decode(row["file"]))
        np.testing.assert_allclose([float(row[name]) for name in NAMES], values, atol=1e-5)
        assert row["label"] == NAMES[values.argmax()]


def test_a_reader_may_have_enough(models: dict[str, Path], photos: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = models["classification"] / "predict.py"
    command = [sys.executable, str(program), str(photos / "0.png")]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_likeliest_classes_are_told(models: dict[str, Path], photos: Path) -> None:
    done = run(models["classification"], photos / "0.png", "--top", "2")
    (entry,) = json.loads(run(models["classification"], photos / "0.png", "--json").stdout)
    (first, one), (second, other), *_ = entry["values"].items()
    assert entry["label"] == first
    assert one >= other
    assert done.stdout == f"{photos / '0.png'}: {first} {one:.2%}, {second} {other:.2%}\n"


def test_pictures_that_are_always_alike_are_noted(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    how = replace(HOW, polarity="light on dark")
    done = run(made(tmp_path, facts=replace(facts(), preprocessing=how)), photos / "0.png")
    assert (done.returncode, done.stderr) == (0, "note: the model knows pictures light on dark\n")


def test_outputs_without_names_are_numbered(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    folder = made(tmp_path, facts=replace(facts("multilabel"), class_names=()))
    found = Predictor(load(folder / "model.onnx")).predict(photos / "0.png")
    assert sorted(found.values) == ["0", "1", "2", "3"]


def test_labels_and_numbers_are_told(models: dict[str, Path], photos: Path) -> None:
    path = photos / "0.png"
    for goal in ("multilabel", "regression"):
        values = by_uint8(models[goal], HOW.decode(path))
        (entry,) = json.loads(run(models[goal], path, "--json").stdout)
        found = [entry["values"][name] for name in NAMES]
        np.testing.assert_allclose(found, values, rtol=1e-4, atol=1e-5)


def test_the_python_module_gives_the_same(
    models: dict[str, Path], photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for goal, folder in models.items():
        for name in ("preprocessing", "model"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        monkeypatch.syspath_prepend(folder)
        module = import_module("model")
        found = module.predict(module.load(), photos / "0.png").tolist()
        expected = Predictor(load(folder / "model.onnx")).predict(photos / "0.png").values
        assert dict(zip(NAMES, found, strict=True)) == pytest.approx(expected, 1e-4, 1e-5), goal
        assert sys.modules["preprocessing"].__file__ == str(folder / "preprocessing.py")


def test_damaged_files_are_told_and_others_are_labelled(
    models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    page, empty, cut = (tmp_path / f"{name}.png" for name in ("page", "empty", "cut"))
    page.write_bytes(b"<html>")
    empty.touch()
    cut.write_bytes((photos / "deeper" / "3.png").read_bytes()[:900])
    os.mkfifo(tmp_path / "pipe.png")
    none = tmp_path / "none.png"
    done = run(models["classification"], tmp_path, photos / "0.png", none, "")
    assert done.returncode == 1
    formats = "PNG, JPEG, GIF, BMP, PPM, WEBP, TIFF, AVIF, HEIF"
    assert done.stderr == (
        f"error: {cut}: damaged\n"
        f"error: {empty}: empty\n"
        f"error: {page}: damaged, or of no format that is read: {formats}\n"
        f"error: {tmp_path / 'pipe.png'}: no file\n"
        f"error: {none}: no such file or directory\n"
        "error: '': no such file or directory\n"
    )
    assert len(done.stdout.splitlines()) == 1


def test_folders_are_read_as_in_training(tmp_path: Path) -> None:
    meant = ("1.png", "2.MPO", "3.hif", "folder.png/4.jpg", "link/5.png")
    others = (".hidden/1.png", "__MACOSX/1.png", "a.tga", "b.TGA", "c")
    for name in (*meant, *others, "elsewhere/5.png"):
        path = tmp_path / ("outside" if "elsewhere" in name else "photos") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name != "link/5.png":
            path.touch()
    folder = tmp_path / "photos"
    (folder / "link").rmdir()
    (folder / "link").symlink_to(tmp_path / "outside" / "elsewhere", target_is_directory=True)
    (folder / "folder.png" / "circle").symlink_to(folder, target_is_directory=True)
    found, unread = pictures(folder)
    assert found == [str(folder / name) for name in meant]
    assert unread == {".tga": 2, "": 1}
    assert tuple(map(Path, found)) == files_in(folder).pictures


def test_names_are_json_in_any_encoding(
    models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    path = tmp_path / os.fsdecode(b"latin\xe9.png")
    try:
        path.write_bytes((photos / "0.png").read_bytes())
    except OSError:
        pytest.skip("names are always UTF-8 here")
    done = run(models["classification"], path, "--json")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)[0]["file"] == str(path)


def test_another_model_in_the_folder(models: dict[str, Path], photos: Path) -> None:
    folder = models["classification"]
    (folder / "model_other.onnx").write_bytes((folder / "model.onnx").read_bytes())
    usual, other = (run(folder, photos, *more) for more in ((), ("--model", "model_other.onnx")))
    assert usual.stdout == other.stdout != ""
    uint8 = run(folder, photos, "--model", "model_uint8.onnx")
    path = folder / "model_uint8.onnx"
    assert uint8.stderr == f"error: {path} reads no normalised pictures: name model.onnx\n"
    none = run(folder, photos, "--model", "none.onnx")
    assert none.stderr.endswith("none.onnx does not exist: keep the exported files together\n")
    assert [uint8.returncode, none.returncode] == [1, 1]


def test_models_that_are_damaged_or_of_other_data(
    models: dict[str, Path], photos: Path, tmp_path: Path
) -> None:
    for name in ("predict.py", "preprocessing.py"):
        (tmp_path / name).write_bytes((models["classification"] / name).read_bytes())
    path = tmp_path / "model.onnx"
    whole = onnx.load(models["classification"] / "model.onnx")
    path.write_bytes(whole.SerializeToString()[:900])
    damaged = run(tmp_path, photos)
    assert (damaged.returncode, damaged.stdout) == (1, "")
    reader = f"ONNX Runtime {onnxruntime.__version__}"
    assert damaged.stderr == f"error: {path} is damaged, or nothing that {reader} reads\n"
    del whole.metadata_props[:]
    onnx.save(whole, path)
    message = f"error: {path} has no property `preprocessing`, as models of pictures have\n"
    assert run(tmp_path, photos).stderr == message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": None}, "has no property `task`, as models of pictures have"),
        ({"task": "segmentation"}, "has a wrong property `task`: `segmentation`"),
        ({"class_names": '["a"]'}, "has 4 outputs, and 1 names for them"),
        ({"class_names": "a, b"}, "has a wrong property `class_names`: no list in JSON"),
        (
            {"preprocessing": replace(HOW, fit="wobble").to_json()},
            "has a wrong property `preprocessing`: `fit` cannot be `wobble`",
        ),
        (
            {"preprocessing": replace(HOW, width=9).to_json()},
            "reads [1, 8, 8], where its preprocessing gives [1, 8, 9]",
        ),
    ],
)
def test_properties_that_do_not_fit_the_model(
    models: dict[str, Path], tmp_path: Path, changes: dict[str, str | None], message: str
) -> None:
    model = onnx.load(models["classification"] / "model.onnx")
    told = {entry.key: entry.value for entry in model.metadata_props} | changes
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {key: text for key, text in told.items() if text})
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Predictor(load(tmp_path / "model.onnx"))


def test_the_accuracy_on_a_kept_list(models: dict[str, Path], photos: Path, tmp_path: Path) -> None:
    folder = models["classification"]
    files = ["0.png", "deeper/1.png", "2.png"]
    labels = [Predictor(load(folder / "model.onnx")).predict(photos / name).label for name in files]
    other = next(name for name in NAMES if name != labels[2])
    rows = [("test", labels[0], files[0]), ("test", labels[1], files[1]), ("test", other, files[2])]
    kept = tmp_path / "examples.csv"
    text = "".join(f"{','.join(row)}\n" for row in (*rows, ("weights", "a", "none.png")))
    kept.write_text(f"part,class,file\n{text}")
    done = run(folder, "--list", kept, "--data", photos)
    assert done.stdout == "accuracy 66.67%: 2 of 3 pictures of the part test\n"
    lacking = run(folder, "--list", kept, "--data", photos, "--part", "weights")
    assert (lacking.returncode, lacking.stdout) == (1, "")
    assert lacking.stderr == f"error: {photos / 'none.png'}: no such file or directory\n"
    nowhere = run(folder, "--list", "none.csv", "--data", photos)
    assert nowhere.stderr == "error: none.csv: no such file or directory\n"
    none = run(folder, "--list", kept, "--data", photos, "--part", "more")
    assert none.stderr == f"error: {kept} lists no examples of the part more\n"
    elsewhere = run(folder, "--list", kept, "--data", tmp_path / "nowhere")
    assert elsewhere.stderr == f"error: {tmp_path / 'nowhere'}: no such folder\n"
    kept.write_text("part,class,row\ntest,a,17\n")
    rows_of_data = run(folder, "--list", kept, "--data", photos)
    message = f"error: {kept}: its examples are rows of the data, and no files to read\n"
    assert (rows_of_data.returncode, rows_of_data.stderr) == (1, message)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f'test,a,"{"x" * 132_000}"', ": field larger than field limit (131072)"),
        ("test,a", ": has fewer values than there are columns"),
    ],
)
def test_a_list_that_is_damaged_is_told_with_its_line(
    tmp_path: Path, row: str, message: str
) -> None:
    kept = tmp_path / "examples.csv"
    kept.write_text(f"part,class,file\ntest,a,0.png\n{row}\n")
    with pytest.raises(ValueError, match=re.escape(f"{kept}, line 3{message}")):
        listed(kept, "test")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give pictures or folders of them, or a --list of examples"),
        (("x.png", "--top", "0"), "--top is a whole number of at least 1, not 0"),
        (("--list", "x.csv"), "--list and --data go together"),
    ],
)
def test_wrong_usage(models: dict[str, Path], arguments: tuple[str, ...], message: str) -> None:
    done = run(models["classification"], *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"error: {message}\n")


def test_a_model_of_other_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setattr(checked, "Predictor", Shifted)
    with pytest.raises(UserError, match=r"NAS711.*differ by") as caught:
        made(tmp_path, facts())
    assert "of a random picture" not in str(caught.value)
    assert not (tmp_path / "model_uint8.onnx").exists()


class Shifted(Predictor):
    """A program that takes one row of a picture for another one."""

    def outputs_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the outputs of another picture."""
        return super().outputs_of(np.roll(pixels, 1, axis=0))

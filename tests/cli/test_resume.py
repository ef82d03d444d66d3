"""`--resume`: a run that was interrupted comes to the same end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from dslnas.app.data import load_data
from dslnas.app.run import Notice
from dslnas.cli.main import run
from dslnas.cli.render.progress import Progress
from dslnas.data.dataset import Data
from dslnas.runs.checkpoint import content_hash
from dslnas.runs.folder import REPORT
from dslnas.training.records import EpochRecord, Line, StepRecord
from tests.cli.outcome import (
    Interrupt,
    assert_same,
    interrupting,
    manifest_in,
    search,
    search_briefly,
)
from tests.small import LONGER

# ---- runs that several tests look at ------------------------------------------------------------

BEGIN = "leave out `--resume` (in Python `resume=True`) to begin one"
LONG_SEARCH = ("--set", "search.epochs=3")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(LONGER)
    return path


@pytest.fixture(scope="module")
def _interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupted")
    (folder / "small.nas").write_text(LONGER)
    with interrupting() as interrupt:
        interrupt("retrain", 2)
        assert search(folder / "small.nas", folder / "run") == 130
    return folder / "run"


@pytest.fixture
def interrupted(_interrupted: Path, tmp_path: Path) -> Path:
    """A copy of the folder of a run that was interrupted in its second epoch of training."""
    return shutil.copytree(_interrupted, tmp_path / "out")


@pytest.fixture(scope="module")
def long_search(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run with a search of three epochs. Nobody may write to it."""
    folder = tmp_path_factory.mktemp("long")
    (folder / "small.nas").write_text(LONGER)
    search_briefly(folder / "small.nas", folder / "run", *LONG_SEARCH)
    return folder / "run"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# ---- what is gone on with -----------------------------------------------------------------------


@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_training_goes_on_bit_for_bit(
    spec: Path,
    whole: Path,
    tmp_path: Path,
    interrupt: Interrupt,
    capsys: pytest.CaptureFixture[str],
    epoch: int,
) -> None:
    out = tmp_path / "out"
    interrupt("retrain", epoch)
    assert search(spec, out) == 130
    assert manifest_in(out)["status"] == "interrupted"
    assert (out / "checkpoint.safetensors").exists() == (epoch > 1)
    interrupt("retrain", 0)
    capsys.readouterr()
    assert search(spec, out, "--resume") == 0
    printed = capsys.readouterr()
    assert f"Going on with the {'training' if epoch > 1 else 'run'} in {out}" in printed.err
    assert "Searching" not in printed.err
    assert "test accuracy" in printed.out
    assert_same(whole, out)


@pytest.mark.sample(0)
def test_an_epoch_that_was_told_is_not_done_again(
    spec: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = Progress.__call__

    def show(self: Progress, record: Line | StepRecord | Notice) -> None:
        shown(self, record)
        if isinstance(record, EpochRecord) and (record.stage, record.epoch) == ("retrain", 2):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", show)
        assert search(spec, tmp_path / "out") == 130
    assert "epoch   2/3 " in capsys.readouterr().err
    assert search(spec, tmp_path / "out", "--resume") == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line[:13] for line in lines if "epoch" in line[:8]] == ["  epoch   3/3"]
    assert_same(whole, tmp_path / "out")


def test_a_training_can_be_interrupted_many_times(
    spec: Path, whole: Path, interrupted: Path, interrupt: Interrupt
) -> None:
    interrupt("retrain", 3)
    assert search(spec, interrupted, "--resume") == 130
    interrupt("retrain", 0)
    assert search(spec, interrupted, "--resume", "--json") == 0
    assert_same(whole, interrupted)


def test_a_checkpoint_is_read_once(
    spec: Path, interrupted: Path, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def opening(path: Path, **how: Any) -> Any:
        opened.append(path.name)
        return safe_open(path, **how)

    monkeypatch.setattr("dslnas.runs.checkpoint.safe_open", opening)
    interrupt("retrain", 2)
    assert search(spec, interrupted, "--resume") == 130
    assert opened == ["checkpoint.safetensors"]


@pytest.mark.parametrize("epoch", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_interrupted_search_goes_on_bit_for_bit(
    spec: Path,
    long_search: Path,
    tmp_path: Path,
    interrupt: Interrupt,
    capsys: pytest.CaptureFixture[str],
    epoch: int,
) -> None:
    out = tmp_path / "out"
    interrupt("search", epoch)
    assert search(spec, out, *LONG_SEARCH) == 130
    interrupt("search", 0)
    capsys.readouterr()
    assert search(spec, out, *LONG_SEARCH, "--resume") == 0
    said = (
        f"No epoch of the search in {out} was finished: it starts again\n",
        f"Going on with the search in {out}, after epoch 1\n",
    )
    assert said[epoch - 1] in capsys.readouterr().err
    assert_same(long_search, out)


@pytest.mark.sample(0)
def test_a_run_that_failed_only_at_its_export_is_exported(
    spec: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"

    def fail(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("dslnas.app.export.export_network", fail)
        assert search(spec, out) == 1
    capsys.readouterr()
    assert search(spec, out, "--resume") == 0
    assert "epoch  " not in capsys.readouterr().err
    assert_same(whole, out)


def test_a_killed_run_goes_on_with_its_warnings(spec: Path, whole: Path, interrupted: Path) -> None:
    """A process that is killed writes no status, and perhaps half a line."""
    out = interrupted
    manifest = {**manifest_in(out), "status": "running"}
    manifest.pop("warnings")
    (out / "manifest.json").write_text(json.dumps(manifest))
    lines = (out / "metrics.jsonl").read_text()
    last = {**json.loads(lines.splitlines()[-1]), "epoch": 2}
    (out / "metrics.jsonl").write_text(f'{lines}{json.dumps(last)}\n{{"stage": "retr')
    assert search(spec, out, "--resume") == 0
    assert manifest_in(out)["status"] == "finished"
    assert manifest_in(out)["warnings"] == manifest_in(whole)["warnings"]
    assert_same(whole, out)


def test_a_finished_run_is_told_again(
    spec: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(whole, tmp_path / "out")
    assert search(spec, out, "--json", "--resume") == 0
    assert json.loads(capsys.readouterr().out) == manifest_in(whole) == manifest_in(out)
    assert_same(whole, out)


@pytest.mark.sample(0)
def test_an_architecture_goes_on_too(finished: Path, tmp_path: Path, interrupt: Interrupt) -> None:
    architecture = finished / "architecture.nas"
    whole, out = tmp_path / "whole", tmp_path / "out"
    command = ["export", str(architecture), "--set", "evaluate.epochs=3", "--out"]
    assert run([*command, str(whole)]) == 0
    interrupt("retrain", 2)
    assert run([*command, str(out)]) == 130
    interrupt("retrain", 0)
    assert run([*command, str(out), "--resume"]) == 0
    assert_same(whole, out)


@pytest.mark.slow  # runs with baselines; those that were killed go on by the same code
def test_repeats_go_on_with_the_run_that_was_interrupted(
    spec: Path, repeated: Path, tmp_path: Path, interrupt: Interrupt
) -> None:
    out = tmp_path / "out"
    repeats = ("--repeats", "1")
    interrupt("retrain", 2)
    assert search(spec, out, *repeats) == 130
    interrupt("retrain", 0)
    assert search(spec, out, *repeats, "--resume") == 0
    for name in ("seed-0", "random-seed-0"):
        assert_same(repeated / name, out / name)
    assert sorted(p.name for p in out.iterdir()) == ["random-seed-0", "seed-0", "summary.json"]


@pytest.mark.parametrize(
    ("stage", "epoch"), [pytest.param("search", 1, marks=pytest.mark.slow), ("retrain", 2)]
)
@pytest.mark.sample(0)
def test_repeats_that_were_killed_go_on_with_the_same_command_and_resume(
    spec: Path, whole: Path, tmp_path: Path, interrupt: Interrupt, stage: str, epoch: int
) -> None:
    out = tmp_path / "out"
    repeats = ("--repeats", "1", "--no-baseline")
    interrupt(stage, epoch)
    assert search(spec, out, *repeats) == 130
    for name in ("seed-0/manifest.json", "summary.json"):  # as a killed process leaves them
        path = out / name
        path.write_text(json.dumps({**json.loads(path.read_text()), "status": "running"}))
    interrupt(stage, 0)
    assert search(spec, out, *repeats) == 1
    assert search(spec, out, *repeats, "--resume") == 0
    assert_same(whole, out / "seed-0")
    (out / "seed-0" / REPORT).unlink()  # as one that is killed in front of it, or has no room
    assert search(spec, out, *repeats, "--resume") == 0
    assert_same(whole, out / "seed-0")


@pytest.mark.sample(0)
def test_repeats_go_on_where_a_run_was_killed_before_it_began(
    spec: Path, tmp_path: Path, interrupt: Interrupt
) -> None:
    out = tmp_path / "out"
    repeats = ("--repeats", "1", "--no-baseline")
    interrupt("search", 1)
    assert search(spec, out, *repeats) == 130
    for path in (out / "seed-0").iterdir():
        path.unlink()
    interrupt("search", 0)
    assert search(spec, out, *repeats, "--resume") == 0
    assert (out / "seed-0" / "model.onnx").exists()


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "evaluate.epochs=9"], "its spec says `epochs 3`, not `epochs 9`"),
        (["--set", "data.subset=40%"], "its spec says `subset 10%`, not `subset 40%`"),
        (["--seed", "1"], "its seed is `0`, not `1`"),
        (["--set", "search=nasp"], "its spec says"),
    ],
)
def test_another_run_is_refused_with_what_differs(
    spec: Path,
    interrupted: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    before = contents(interrupted)
    capsys.readouterr()
    assert search(spec, interrupted, "--resume", *arguments) == 1
    error = capsys.readouterr().err
    assert f"{interrupted}: error[NAS026]: is of another run: {message}" in error
    assert before == contents(interrupted)


def test_a_damaged_checkpoint_is_a_message(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = interrupted / "checkpoint.safetensors"
    content = path.read_bytes()
    for damaged in (b"", b"not a checkpoint", content[: len(content) // 2]):
        path.write_bytes(damaged)
        assert search(spec, interrupted, "--resume") == 1
        message = f"{path}: error[NAS027]: damaged: not a whole safetensors file"
        assert message in capsys.readouterr().err
    path.unlink()
    assert search(spec, interrupted, "--resume") == 0


def rewrite(path: Path, progress: dict[str, Any], **header: object) -> None:
    """Change what a checkpoint says, as if a run had written it; None takes an entry away."""
    with safe_open(path, framework="pt") as file:
        texts = {name: json.loads(text) for name, text in file.metadata().items()}
    state = load_file(path)
    text = json.dumps({**texts["progress"], **progress})
    whole = {**texts["dslnas"], "content_hash": content_hash(text, state), **header}
    save_file(state, path, {"dslnas": json.dumps(whole), "progress": text})


def test_a_checkpoint_without_its_texts_is_a_message(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = interrupted / "checkpoint.safetensors"
    save_file(load_file(path), path)
    assert search(spec, interrupted, "--resume") == 1
    message = f"{path}: error[NAS027]: damaged: its header has no `dslnas`"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("header", "progress", "message"),
    [
        ({"seed": None}, {}, "`seed`: must be a whole number"),
        ({}, {"measured": [], "best": 1}, "the best epoch is 1"),
        (
            {},
            {"measured": [{"loss": "low", "metrics": {}}]},
            "`measured[0].loss`: must be a number",
        ),
    ],
)
def test_a_damaged_text_of_a_checkpoint_is_a_message(
    spec: Path,
    interrupted: Path,
    capsys: pytest.CaptureFixture[str],
    header: dict[str, object],
    progress: dict[str, object],
    message: str,
) -> None:
    path = interrupted / "checkpoint.safetensors"
    rewrite(path, progress, **header)
    before = contents(interrupted)
    assert search(spec, interrupted, "--resume") == 1
    assert f"{path}: error[NAS027]: damaged: {message}" in capsys.readouterr().err
    assert before == contents(interrupted)


@pytest.mark.parametrize("place", [-1, -2000, -10_000])
def test_a_bit_that_turned_over_is_a_message(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str], place: int
) -> None:
    path = interrupted / "checkpoint.safetensors"
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)
    before = contents(interrupted)
    assert search(spec, interrupted, "--resume") == 1
    assert f"{path}: error[NAS027]: damaged" in capsys.readouterr().err
    assert before == contents(interrupted)


@pytest.mark.parametrize(
    ("epochs", "message"),
    [(2, "has 2 epochs, metrics.jsonl has 1"), (4, "has 4 epochs, the training has 3")],
)
def test_a_checkpoint_with_epochs_that_were_not_trained_is_a_message(
    spec: Path,
    interrupted: Path,
    capsys: pytest.CaptureFixture[str],
    epochs: int,
    message: str,
) -> None:
    path = interrupted / "checkpoint.safetensors"
    with safe_open(path, framework="pt") as file:
        (measured,) = json.loads(file.metadata()["progress"])["measured"]
    rewrite(path, {"measured": [measured] * epochs})
    before = contents(interrupted)
    assert search(spec, interrupted, "--resume") == 1
    error = capsys.readouterr().err
    assert f"{path}: error[NAS027]: damaged: `progress`: {message}" in error
    assert before == contents(interrupted)


@pytest.mark.parametrize(
    ("how", "stage"),
    [
        ("damaged", "search"),
        pytest.param("foreign", "retrain", marks=pytest.mark.slow),
        pytest.param("missing", "search", marks=pytest.mark.slow),
    ],
)
@pytest.mark.sample(0)
def test_the_checkpoint_before_is_taken(
    spec: Path,
    long_search: Path,
    tmp_path: Path,
    interrupt: Interrupt,
    capsys: pytest.CaptureFixture[str],
    stage: str,
    how: str,
) -> None:
    out = tmp_path / "out"
    interrupt(stage, 3)
    assert search(spec, out, *LONG_SEARCH) == 130
    name = "search" if stage == "search" else "checkpoint"
    last = out / f"{name}.safetensors"
    match how:
        case "damaged":
            last.write_bytes(last.read_bytes()[:-1])
        case "foreign":
            rewrite(last, {}, seed=1)
        case "missing":
            last.unlink()
    interrupt(stage, 0)
    capsys.readouterr()
    assert search(spec, out, *LONG_SEARCH, "--resume") == 0
    told = capsys.readouterr().err
    assert (f"{last}: " in told and "the checkpoint before is taken" in told) == (how != "missing")
    word = "search" if stage == "search" else "training"
    assert f"Going on with the {word} in {out}, after epoch 1\n" in told
    assert_same(long_search, out)


def test_a_checkpoint_of_other_work_is_a_message(
    spec: Path, tmp_path: Path, interrupt: Interrupt, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one of another version of dslnas may be, or one that somebody made."""
    out = tmp_path / "out"
    interrupt("search", 2)
    assert search(spec, out, *LONG_SEARCH) == 130
    path = out / "search.safetensors"
    with safe_open(path, framework="pt") as file:
        texts = file.metadata()
    state = load_file(path)
    state.pop(next(name for name in state if name.startswith("network/")))
    whole = {**json.loads(texts["dslnas"]), "content_hash": content_hash(texts["progress"], state)}
    save_file(state, path, {**texts, "dslnas": json.dumps(whole)})
    interrupt("search", 0)
    assert search(spec, out, *LONG_SEARCH, "--resume") == 1
    error = capsys.readouterr().err
    assert f"{path}: error[NAS026]: checkpoint does not fit: network: `" in error
    assert "is missing" in error


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"settings": "none"}, "`settings`: must be an object"),
        ({"status": "over"}, "`status`: must be 'running', 'searched'"),
        ({"passes": ["separable", 3]}, "`passes[1]`: must be text"),
        ({"results": {"search_seconds": [1]}}, "`results.search_seconds`: must be"),
        ({"results": {"more": "much"}}, "`results.more`: must be"),
        ({"status": "finished"}, "a finished run has results.flops"),
    ],
)
def test_a_damaged_manifest_is_a_message(
    spec: Path,
    interrupted: Path,
    capsys: pytest.CaptureFixture[str],
    entries: dict[str, object],
    message: str,
) -> None:
    path = interrupted / "manifest.json"
    path.write_text(json.dumps({**manifest_in(interrupted), **entries}))
    before = contents(interrupted)
    assert search(spec, interrupted, "--resume") == 1
    assert f"{path}: error[NAS027]: damaged: {message}" in capsys.readouterr().err
    assert before == contents(interrupted)


def test_half_a_character_in_a_manifest_is_a_message(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = interrupted / "manifest.json"
    path.write_text(path.read_text().replace("x86", "\\ud800").replace("aarch", "\\ud800"))
    assert search(spec, interrupted, "--resume") == 1
    assert f"{path}: error[NAS027]: damaged: is not JSON: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"stage": "retrain"', "is not JSON: EOF while parsing an object"),
        ("[1]", "must be an object"),
        ("", "is not JSON: EOF"),
        ('{"stage": "retrain", "epoch": "../x"}', "`epoch`: must be a whole number"),
    ],
)
def test_damaged_metrics_are_a_message(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    path = interrupted / "metrics.jsonl"
    path.write_text(path.read_text() + line + "\n")
    before = contents(interrupted)
    assert search(spec, interrupted, "--resume") == 1
    assert f"{path}:4: error[NAS027]: damaged: {message}" in capsys.readouterr().err
    assert before == contents(interrupted)


def test_an_architecture_that_was_edited_does_not_fit_its_checkpoint(
    spec: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (interrupted / "architecture.nas").open("a") as file:
        file.write("# mine\n")
    assert search(spec, interrupted, "--resume") == 1
    assert "checkpoint is of another run: its architecture_hash differs" in capsys.readouterr().err


def test_a_folder_without_a_run_is_a_message(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    several, other = tmp_path / "several", tmp_path / "other"
    (several / "seed-1").mkdir(parents=True)
    other.mkdir()
    files = (several / "summary.json", several / "seed-1" / "manifest.json", other / "notes.txt")
    for file in files:
        file.touch()
    for out, message, help_ in (
        (other, "is not a run folder: it has no readable manifest.json", BEGIN),
        (tmp_path, "is a folder of several runs", f"name one of them, such as `{several}/seed-1`"),
        (several, "is a folder of several runs", f"name one of them, such as `{several}/seed-1`"),
    ):
        assert search(spec, out, "--resume") == 1
        expected = f"{out}: error[NAS023]: {message}\n  = help: {help_}\n"
        assert capsys.readouterr().err == expected


def test_a_run_that_is_not_there_begins(
    spec: Path, whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A job may run the same command until its exit code is another than 75."""
    out = tmp_path / "out"
    assert search(spec, out, "--resume") == 0
    assert f"There is no run in {out} yet: it begins\n" in capsys.readouterr().err
    assert_same(whole, out)


def test_data_that_have_changed_are_refused(
    spec: Path,
    interrupted: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def changed(*given: Any, **how: Any) -> Data:
        data = load_data(*given, **how)
        first = next(data.weights.tensors())
        first[0] += 1
        return data

    monkeypatch.setattr("dslnas.app.run.load_data", changed)
    assert search(spec, interrupted, "--resume") == 1
    message = f"{interrupted}: error[NAS026]: is of another run: its data have changed"
    assert message in capsys.readouterr().err


def test_another_version_of_a_package_is_told(
    spec: Path, whole: Path, interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = interrupted / "manifest.json"
    manifest = manifest_in(interrupted)
    manifest["versions"]["torch"] = "1.13.1"
    manifest["versions"]["numba"] = "none"
    path.write_text(json.dumps(manifest))
    assert search(spec, interrupted, "--resume") == 0
    told = capsys.readouterr().err
    assert "It began with torch 1.13.1, here is" in told
    assert "It began with numba none, here is" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "--search", "--resume"],
        ["compile", "--resume", "--out", "run"],
        ["export", "--resume"],
        ["export", "--resume", "--untrained"],
    ],
)
def test_resuming_nothing_is_wrong_usage(spec: Path, arguments: list[str]) -> None:
    reference = Path(__file__).resolve().parents[2] / "exported" / "reference"
    target = reference / "architecture.nas" if arguments[0] == "export" else spec
    assert run([arguments[0], str(target), *arguments[1:]]) == 2

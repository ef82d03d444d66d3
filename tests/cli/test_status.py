"""How far runs are, as another shell is told."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dslnas.app.status import RunStatus, status_of
from dslnas.cli.main import run
from dslnas.cli.render.durations import duration
from dslnas.json_model import json_text
from dslnas.runs import pulse as module
from dslnas.runs.folder import METRICS
from dslnas.runs.manifest import MANIFEST
from dslnas.runs.pulse import PULSE, Heart, Pace, Pulse, read_pulse
from dslnas.training.records import StepRecord
from tests.cli.outcome import Interrupt, manifest_in, search
from tests.small import SMALL


def beating(folder: Path, **changes: object) -> None:
    """Write the pulse of a process of ours, which has done half of the second of four epochs."""
    Heart(folder).hear(StepRecord("retrain", 2, 4, 5, 10))
    read = read_pulse(folder)
    assert read is not None
    (folder / PULSE).write_text(json_text(read.model_copy(update=changes).model_dump()))


def running(finished: Path, epochs: int) -> Path:
    """Make a finished run look like one amid its training, after so many epochs of it."""
    manifest = manifest_in(finished)
    manifest |= {"status": "running", "results": {}}
    (finished / MANIFEST).write_text(json.dumps(manifest))
    lines = (finished / METRICS).read_text().splitlines(keepends=True)
    own = [line for line in lines if '"retrain"' in line][:epochs]
    (finished / METRICS).write_text("".join([*(li for li in lines if '"retrain"' not in li), *own]))
    return finished


def test_a_finished_run_tells_its_results(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", str(finished)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"{finished}: small by darts, finished\n")
    accuracy = manifest_in(finished)["results"]["test_accuracy"]
    assert f"test {accuracy:.2%}" in printed
    assert "go on with" not in printed
    assert not (finished / PULSE).exists()


def test_a_run_that_goes_on_tells_where_it_is_and_how_long_is_left(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beating(running(finished, 1), seconds_left=200.0)
    assert run(["status", str(finished), "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert RunStatus.model_validate_json(json.dumps(told)).is_running
    assert told["place"] == {
        "stage": "retrain",
        "epoch": 2,
        "epochs": 4,
        "step": 5,
        "steps": 10,
        "done": 0.375,
        "seconds_left": 200.0,
    }
    assert run(["status", str(finished)]) == 0
    printed = capsys.readouterr().out
    assert "training\n  training: epoch 2 of 4, step 5 of 10, 38%, 3 min 20 s left" in printed


def test_a_run_whose_process_is_gone_says_how_to_go_on(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    beating(running(finished, 1), process=int(gone.stdout))
    assert run(["status", str(finished)]) == 0
    printed = capsys.readouterr().out
    assert "its process is gone" in printed
    assert f"go on with: dslnas compile {finished / 'spec.nas'} --search" in printed


def test_a_process_on_another_machine_lives_as_long_as_it_writes(finished: Path) -> None:
    beating(running(finished, 1), host="elsewhere", process=1)
    assert status_of(finished).state == "running"
    beating(finished, host="elsewhere", time=time.time() - 2 * module.LOST)
    assert status_of(finished).state == "lost"


def test_an_interrupted_search_tells_its_last_epoch_and_what_it_would_derive(
    tmp_path: Path, interrupt: Interrupt, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "small.nas").write_text(SMALL)
    interrupt("search", 2)
    mine = tmp_path / "runs" / "mine"
    assert search(tmp_path / "small.nas", mine, "--set", "search.epochs=2") == 130
    assert not (tmp_path / "runs" / "mine" / PULSE).exists()
    capsys.readouterr()
    assert run(["status", str(tmp_path / "runs")]) == 0
    printed = capsys.readouterr().out
    assert "small by darts, interrupted\n  search: epoch 1 of " in printed
    assert "would be derived now: normal " in printed


def test_a_run_is_shown_with_its_results_and_the_scores_of_its_choices(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(finished)]) == 0
    printed = capsys.readouterr().out
    (search, *_) = (json.loads(line) for line in (finished / METRICS).read_text().splitlines())
    edge = next(li for li in printed.splitlines() if li.split()[:4] == ["normal", "in1", "→", "n1"])
    best = max(score for score in search["scores"]["normal"][0] if score is not None)
    assert f"{best:.4g}" in edge
    assert f"{manifest_in(finished)['results']['test_accuracy']:.2%}" in printed
    assert run(["show", str(finished), "--effective"]) == 2
    assert f"dslnas show {finished / 'spec.nas'}" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", str(tmp_path)]) == 1
    assert "NAS023" in capsys.readouterr().err


def test_several_runs_have_a_line_each(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        shutil.copytree(finished, tmp_path / "runs" / name)
    assert run(["status", str(tmp_path / "runs")]) == 0
    heads, *lines = capsys.readouterr().out.splitlines()
    assert heads.split() == ["run", "state", "at", "done", "left", "validation", "test"]
    assert [Path(line.split()[0]).name for line in lines] == ["one", "two"]


def test_watching_ends_when_nothing_runs(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = {name: (finished / name).read_text() for name in (MANIFEST, METRICS)}
    beating(running(finished, 1))
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for name, text in whole.items():
            (finished / name).write_text(text)

    monkeypatch.setattr("time.sleep", sleep)
    assert run(["status", str(finished), "--watch"]) == 0
    printed = capsys.readouterr().out
    assert printed.index("darts, training") < printed.index("darts, finished")
    assert len(slept) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "folder does not exist"),
        ("", "folder has no runs"),
        ("circle", "is a link that leads to itself"),
    ],
)
def test_what_is_no_run_is_told(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "circle").symlink_to("circle")
    assert run(["status", str(tmp_path / name)]) == 1
    printed = capsys.readouterr().err
    assert "NAS023" in printed
    assert message in printed


def test_a_pulse_that_is_damaged_is_told_and_hides_nothing(
    finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (running(finished, 1) / PULSE).write_text("{")
    assert run(["status", str(finished)]) == 0
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith(f"  left out: {finished / PULSE}: damaged: is not JSON: ")


def test_a_number_that_another_process_has_now_is_no_sign_of_life(finished: Path) -> None:
    beating(running(finished, 1), began=1)
    assert status_of(finished).state == "lost"


def test_where_no_beginning_is_told_a_pulse_lives_as_long_as_it_is_young(finished: Path) -> None:
    beating(running(finished, 1), began=None)
    assert status_of(finished).state == "running"
    beating(finished, began=None, time=time.time() - 2 * module.LOST)
    assert status_of(finished).state == "lost"


def test_a_damaged_run_hides_no_other(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        shutil.copytree(finished, tmp_path / "runs" / name)
    (tmp_path / "runs" / "one" / MANIFEST).write_text("{")
    capsys.readouterr()
    assert run(["status", str(tmp_path / "runs")]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{tmp_path / 'runs' / 'two'}: small by darts, finished\n")
    assert f"{tmp_path / 'runs' / 'one' / MANIFEST}: error[NAS027]: damaged" in printed.err


def test_where_nothing_was_begun_it_is_told_where_runs_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["status"]) == 1
    assert capsys.readouterr() == (
        "",
        "exported: error[NAS023]: folder does not exist\n"
        "  = help: give the folder of a run, or one that has runs; `exported` is where those lie "
        "that were begun here without `--out`\n",
    )


def test_a_pulse_is_of_this_process(tmp_path: Path) -> None:
    beating(tmp_path)
    read = read_pulse(tmp_path)
    assert read is not None
    assert (read.process, read.is_alive()) == (os.getpid(), True)
    assert isinstance(read, Pulse)


def test_the_pace_is_that_since_the_stage_was_first_heard_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace()
    pace.hear(StepRecord("search", 3, 4, 5, 10))  # a run that goes on amid its search
    assert pace.seconds_left is None
    now = 10.0
    pace.hear(StepRecord("search", 3, 4, 10, 10))
    assert pace.seconds_left == pytest.approx(20.0)
    pace.hear(StepRecord("learn", 3, 4, 1, 10))
    now = 20.0
    assert pace.seconds_left == pytest.approx(40.0)
    pace.hear(StepRecord("retrain", 1, 1, 1, 2))
    assert pace.seconds_left is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (11 * 60 + 30, "11 min"),
        (3600, "1 h"),
        (2 * 3600 + 600, "2 h 10 min"),
        (30 * 3600, "1 d 6 h"),
        (20 * 86400 + 7200, "20 d"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text

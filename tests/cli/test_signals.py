"""Signals end a run after the step under way, and say by which command it goes on."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dslnas.app.data import load_data
from dslnas.app.run import Notice
from dslnas.cli.interruption import Stopped, ending_on_signals
from dslnas.cli.main import run
from dslnas.cli.render.progress import Progress
from dslnas.data.dataset import Data
from dslnas.runs.stop_request import StopRequest
from dslnas.training.records import Line, StepRecord
from tests.cli.outcome import assert_same, manifest_in, search
from tests.small import LONGER

Kill = Callable[..., None]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(LONGER)
    return path


@pytest.fixture(autouse=True)
def as_in_a_terminal() -> Iterator[None]:
    """Take away what `nohup` and shells in the background do to signals."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[StepRecord]:
    """All steps that are told."""
    found: list[StepRecord] = []
    shown = Progress.__call__

    def show(self: Progress, record: Line | StepRecord | Notice) -> None:
        shown(self, record)
        if isinstance(record, StepRecord):
            found.append(record)

    monkeypatch.setattr(Progress, "__call__", show)
    return found


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Kill:
    """Say at which step of which stage a signal comes to this process."""
    when: dict[tuple[str, int], list[int]] = {}
    shown = Progress.__call__

    def show(self: Progress, record: Line | StepRecord | Notice) -> None:
        shown(self, record)
        if isinstance(record, StepRecord):
            for number in when.pop((record.stage, record.step), ()):
                os.kill(os.getpid(), number)

    def set_(stage: str, step: int, *numbers: int) -> None:
        when[stage, step] = [*numbers]

    monkeypatch.setattr(Progress, "__call__", show)
    return set_


@pytest.mark.parametrize(
    ("name", "stage", "code"),
    [
        pytest.param("SIGTERM", "search", 75, marks=pytest.mark.slow),
        ("SIGTERM", "retrain", 75),
        pytest.param("SIGHUP", "search", 75, marks=pytest.mark.slow),
        pytest.param("SIGUSR1", "retrain", 75, marks=pytest.mark.slow),
        pytest.param("SIGXCPU", "search", 75, marks=pytest.mark.slow),
        ("SIGINT", "search", 130),
    ],
)
@pytest.mark.sample(1)
def test_a_signal_ends_a_run_after_its_step(
    name: str,
    code: int,
    stage: str,
    spec: Path,
    whole: Path,
    tmp_path: Path,
    kill: Kill,
    steps: list[StepRecord],
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    kill(stage, 2, getattr(signal, name))
    assert search(spec, out) == code
    assert (steps[-1].stage, steps[-1].step) == (stage, 2)
    assert manifest_in(out)["status"] == "interrupted"
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
    line = capsys.readouterr().err.splitlines()[-1]
    program, *arguments = shlex.split(line)
    assert program == "dslnas"
    assert run(arguments) == 0
    assert f"Going on with the {'search' if stage == 'search' else 'training'}" in (
        capsys.readouterr().err
    )
    assert_same(whole, out)


def test_a_second_ctrl_c_ends_a_run_at_once(
    spec: Path, whole: Path, tmp_path: Path, kill: Kill, steps: list[StepRecord]
) -> None:
    out = tmp_path / "out"
    kill("search", 2, signal.SIGINT, signal.SIGINT)
    assert search(spec, out) == 130
    assert search(spec, out, "--resume") == 0
    assert_same(whole, out)


@pytest.mark.sample(0)
def test_repeats_go_on_amid_a_search(
    spec: Path, whole: Path, tmp_path: Path, kill: Kill, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    two = ("--repeats", "2", "--no-baseline")
    kill("search", 1, signal.SIGTERM)
    assert search(spec, out, *two) == 75
    arguments = shlex.split(capsys.readouterr().err.splitlines()[-1])[1:]
    assert run(arguments) == 0
    assert_same(whole, out / "seed-0")
    assert manifest_in(out / "seed-1")["status"] == "finished"


def test_nothing_is_left_of_a_signal_before_anything_was_written(
    tmp_path: Path,
    spec: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def load(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("dslnas.app.run.load_data", load)
    assert search(spec, tmp_path / "out") == 75
    assert not (tmp_path / "out").exists()
    assert "interrupted; nothing was written yet" in capsys.readouterr().err


def test_a_signal_before_a_run_goes_on_leaves_it_to_be_gone_on_with(
    tmp_path: Path,
    spec: Path,
    kill: Kill,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    kill("search", 2, signal.SIGTERM)
    assert search(spec, out) == 75

    def make_runtime(*_: object, **options: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("dslnas.app.open_run.make_runtime", make_runtime)
    capsys.readouterr()
    assert search(spec, out, "--resume") == 75
    command = shlex.join(["compile", str(spec), "--search", "--out", str(out), "--resume"])
    assert capsys.readouterr().err == f"interrupted; go on with\n  dslnas {command}\n"


def test_a_signal_whose_interrupt_is_swallowed_ends_the_run_all_the_same(
    tmp_path: Path, spec: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As callbacks of Python swallow it."""

    def loading(*arguments: Any, **named: Any) -> Data:
        with suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        return load_data(*arguments, **named)

    monkeypatch.setattr("dslnas.app.run.load_data", loading)
    assert search(spec, tmp_path / "out") == 75
    assert manifest_in(tmp_path / "out")["status"] == "interrupted"


def test_the_signal_that_comes_every_second_breaks_nothing_off() -> None:
    """As the system tells that the time of the processor is used up, until it kills."""
    before = signal.getsignal(signal.SIGXCPU)
    stored: list[str] = []

    def train(stop: StopRequest) -> None:
        with stop.heard():
            os.kill(os.getpid(), signal.SIGXCPU)
            os.kill(os.getpid(), signal.SIGXCPU)
        os.kill(os.getpid(), signal.SIGXCPU)
        stored.append("weights")
        raise KeyboardInterrupt

    with pytest.raises(Stopped), ending_on_signals(["train", "spec.nas"]) as stop:
        train(stop)
    assert (stop.is_asked, stored) == (True, ["weights"])
    assert signal.getsignal(signal.SIGXCPU) == before


def test_a_signal_that_is_ignored_stays_ignored(spec: Path, tmp_path: Path, kill: Kill) -> None:
    """As `nohup` has it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        kill("search", 2, signal.SIGHUP)
        assert search(spec, tmp_path / "out") == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "often"])
def test_minutes_between_checkpoints_are_a_number_above_0(
    minutes: str, spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(spec, tmp_path / "out", "--checkpoint-minutes", minutes) == 2
    assert "Invalid value for '--checkpoint-minutes'" in capsys.readouterr().err

"""`--on`: where many runs go, what each takes there, and how far all of them are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dslnas.app.on_ray import OnRay
from dslnas.app.overview import overview_of
from dslnas.cli.main import run
from dslnas.cli.place_options import PlaceOptions
from dslnas.cli.render.progress import Progress
from dslnas.runs.hold import held
from tests.small import SMALL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize(
    ("options", "device", "expected"),
    [
        (("ray", None, None), "cpu", (None, 1, 0)),
        (("ray", None, None), "cuda", (None, 1, 1)),
        (("ray://head:10001", 4, 0.5), "cuda", ("ray://head:10001", 4, 0.5)),
    ],
)
def test_runs_take_a_gpu_if_they_use_one(
    options: tuple[str, float | None, float | None], device: str, expected: tuple[object, ...]
) -> None:
    place = PlaceOptions(*options).place({"device": device})
    assert isinstance(place, OnRay)
    assert (place.address, place.cpus, place.gpus) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--repeats", "2", "--on", "slurm"], "takes ray, or ray://HOST:PORT"),
        (["--on", "ray"], "--on needs --repeats"),
        (["--repeats", "2", "--gpus-per-run", "1"], "--gpus-per-run need --on"),
        (["--repeats", "2", "--on", "ray", "--cpus-per-run", "0"], "0.0 is not in the range x>0"),
    ],
)
def test_places_that_make_no_sense_are_wrong_usage(
    spec: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert run(["compile", str(spec), "--search", *options]) == 2
    assert message in capsys.readouterr().err


def test_without_the_extra_nothing_begins(
    spec: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    out = tmp_path / "out"
    command = ["compile", str(spec), "--search", "--repeats", "2", "--out", str(out)]
    assert run([*command, "--on", "ray"]) == 1
    error = capsys.readouterr().err
    assert "error[NAS028]: runs on a cluster need Ray\n" in error
    assert "pip install 'dslnas[ray]'" in error
    assert not out.exists()


def test_all_runs_are_seen_at_once_in_a_log_once_a_minute_in_a_terminal_anew(
    finished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = finished / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"finished"', '"running"', 1))
    with held(finished):
        overview = overview_of([finished, finished.parent / "not there"], 6)
    assert overview.text == "4 of 6 runs ended, 1 under way"
    shown = Progress()
    shown(overview)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("dslnas.cli.render.progress.SECONDS", 0.0)
    shown(overview)
    assert f"{overview.text}\n{finished}: small by darts," in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown(overview)
    lines = capsys.readouterr().err.count("\n")
    shown(overview)
    assert f"\x1b[{lines}A\x1b[J" in capsys.readouterr().err
    shown.close()
    assert f"\x1b[{lines}A\x1b[J" in capsys.readouterr().err

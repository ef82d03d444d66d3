"""Two processes and one folder: one goes on, and the other says why it does not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dslnas
from dslnas.app.open_run import begin
from dslnas.cli.main import run
from dslnas.runs.hold import holding
from tests.cli.outcome import search
from tests.small import SMALL

TOLD = (
    "error[NAS030]: another process is at it\n"
    "  = help: wait until that one has ended, or choose another folder with `--out DIR` (in Python "
    "`out='DIR'`)\n"
)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait for the other."""
    monkeypatch.setattr("dslnas.runs.hold.GLANCE", 0.0)


@pytest.mark.parametrize("more", [(), ("--resume",)])
def test_a_run_that_another_process_is_at_is_left_alone(
    finished: Path, spec: Path, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool, holding(finished):
        assert pool.submit(search, spec, finished, *more).result() == 1
    assert capsys.readouterr().err == f"{finished}: {TOLD}"


@pytest.mark.parametrize("place", ["finished", "files"])
def test_nothing_is_exported_where_another_process_writes(
    finished: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = finished.parent / place
    with ThreadPoolExecutor(1) as pool, holding(folder):
        assert pool.submit(run, ["export", str(finished), "--out", str(folder)]).result() == 1
    assert capsys.readouterr().err == f"{folder}: {TOLD}"


def test_a_run_that_was_changed_since_it_was_read_is_left_alone(
    finished: Path, tmp_path: Path
) -> None:
    ours, again = dslnas.load_run(finished), dslnas.load_run(finished)
    again.folder.update(warnings=("changed",))
    with pytest.raises(dslnas.UserError, match=r"NAS030.*another process was at it since"):
        dslnas.export(ours)
    assert dslnas.load_run(finished).manifest.warnings == ("changed",)


def test_of_two_runs_that_begin_in_a_folder_one_goes_on(spec: Path, tmp_path: Path) -> None:
    compiled, out = dslnas.compile_spec(spec), tmp_path / "out"
    first, second = begin(compiled, out), begin(compiled, out)
    with first.stage("searched"):
        first.start()
    with pytest.raises(dslnas.UserError, match=r"NAS022.*not empty"), second.stage("searched"):
        pass
    assert dslnas.load_run(out).manifest.status == "searched"

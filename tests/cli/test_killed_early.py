"""A process that was killed before its run had a manifest, or before its first step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dslnas.app.compile import compile_spec
from dslnas.app.open_run import begin
from dslnas.app.run import Notice
from dslnas.app.status import status_of
from dslnas.files import PART
from dslnas.runs.hold import MARK, holding, lock_of
from dslnas.runs.manifest import MANIFEST
from tests.cli.outcome import manifest_in, search
from tests.small import SMALL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


@pytest.mark.parametrize("left", [(), (f".manifest.json.f00{PART}", f".spec.nas{MARK}")])
@pytest.mark.parametrize("resume", [False, True])
def test_a_run_killed_before_it_had_a_manifest_begins_again(
    spec: Path, tmp_path: Path, left: tuple[str, ...], resume: bool
) -> None:
    out, told = tmp_path / "out", list[object]()
    out.mkdir()
    for name in left:
        (out / name).write_bytes(b"half")
    begun = begin(compile_spec(spec), out, resume=resume, report=told.append)
    assert told == ([Notice(f"There is no run in {out} yet: it begins")] if resume else [])
    begun.folder.make(begun.spec.text)
    names = {path.name for path in out.iterdir()}
    assert {name for name in names if name.endswith(PART)} == set()
    assert {"manifest.json", "spec.nas"} <= names


def test_a_folder_with_a_run_says_how_that_goes_on(
    spec: Path, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(spec, finished) == 1
    assert "help: go on with its run by `--resume` (in Python `resume=True`), choose another" in (
        capsys.readouterr().err
    )


def test_a_run_killed_before_its_first_step_is_known_to_be_gone(finished: Path) -> None:
    (finished / MANIFEST).write_text(json.dumps({**manifest_in(finished), "status": "running"}))
    lock_of(finished).touch()
    assert status_of(finished).state == "lost"
    with holding(finished):
        assert status_of(finished).state == "running"

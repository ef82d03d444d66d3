"""A pipe in the place of a file is never opened: nobody may ever write into it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dslnas.cli.main import run
from dslnas.runs.folder import METRICS, SPEC
from dslnas.runs.manifest import MANIFEST
from tests.cli.test_damage import COMMANDS
from tests.data.every_source import MADE
from tests.fuzz.of_data import IMAGES, USES
from tests.fuzz.of_runs import made_run
from tests.pipes import piped

REFUSALS = ("neither a file nor a folder", "not a file", "is no file", "is missing in the folder")
LOOKS = ("status", "show")


def answers(
    file: Path, commands: Sequence[Sequence[str]], capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[int, str]]:
    """Yield code and output of commands while a pipe is in the place of a file."""
    with piped(file) as was_opened:
        for command in commands:
            code, told = run([*command]), "".join(capsys.readouterr())
            assert not was_opened.is_set(), (file, command)
            assert code in (0, 1), (file, command, told)
            yield code, told


@pytest.mark.parametrize("source", MADE)
def test_no_file_of_data_is_a_pipe(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, spec, new = MADE[source](tmp_path), tmp_path / "spec.nas", tmp_path / "new.nas"
    spec.write_text(f'use {USES.get(source, IMAGES)}\ndata {source} {{ path "{place.name}" }}\n')
    files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
    commands = [["check", str(spec)], ["new", str(new), "--data", str(place)]]
    for code, told in answers(files[-1], commands, capsys):
        assert code == 1, told
        assert any(refusal in told for refusal in REFUSALS) or place.is_dir(), told


@pytest.mark.slow
@pytest.mark.parametrize("source", MADE)
def test_data_are_looked_at_without_pipes(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place, spec = MADE[source](tmp_path), tmp_path / "spec.nas"
    spec.write_text(f'use {USES.get(source, IMAGES)}\ndata {source} {{ path "{place.name}" }}\n')
    files = [place] if place.is_file() else sorted(f for f in place.rglob("*") if f.is_file())
    for file in files[:4]:
        for command in (["data", str(spec)], ["estimate", str(spec)]):
            assert [*answers(file, [command], capsys)]


def test_no_file_of_a_run_is_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = made_run(tmp_path)
    spec = Path(shutil.copy(out / SPEC, tmp_path))
    for file in sorted(out.iterdir()):
        found = [*answers(file, [COMMANDS[name](spec, out) for name in LOOKS], capsys)]
        if file.name in (MANIFEST, METRICS):
            assert all("neither a file nor a folder" in told for _, told in found), found


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_opens_a_pipe_in_a_run(
    finished: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = Path(shutil.copy(finished / SPEC, tmp_path))
    for file in sorted(path for path in finished.iterdir() if path.is_file()):
        assert [*answers(file, [COMMANDS[command](spec, finished)], capsys)]


def test_a_spec_may_be_a_pipe(tmp_path: Path) -> None:
    """As that of a shell is, in `dslnas check <(...)`: what writes into it is there already."""
    spec = tmp_path / "spec.nas"
    spec.touch()
    with piped(spec) as was_opened:
        assert run(["check", str(spec)]) == 1  # nobody writes into it
        assert was_opened.is_set()

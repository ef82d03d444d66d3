"""Runs that several tests look at, and interrupting a run where a test wants it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.outcome import Interrupt, interrupting, search
from tests.exporters.brief import check_briefly
from tests.small import SMALL


@pytest.fixture(autouse=True)
def _brief_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check exported models briefly: no test here asks for more."""
    check_briefly(monkeypatch)


@pytest.fixture
def interrupt() -> Iterator[Interrupt]:
    """Interrupt the next runs in the second step of an epoch of a stage."""
    with interrupting() as set_:
        yield set_


@pytest.fixture(scope="session")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "small.nas").write_text(SMALL)
    assert search(folder / "small.nas", folder / "run") == 0
    return folder / "run"


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A copy of the folder of a run of `SMALL` that is finished."""
    return shutil.copytree(_finished, tmp_path / "finished")

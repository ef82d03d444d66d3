"""Runs that several tests look at, and interrupting a run where a test wants it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from dslnas.app.open_run import begin
from tests.cli.fake_training import Fake
from tests.cli.outcome import Interrupt, interrupting, killed_before, search_briefly
from tests.exporters.brief import check_briefly
from tests.small import LONGER, SMALL


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
    search_briefly(folder / "small.nas", folder / "run")
    return folder / "run"


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """A copy of the folder of a run of `SMALL` that is finished."""
    return shutil.copytree(_finished, tmp_path / "finished")


@pytest.fixture(scope="session")
def _whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.nas").write_text(LONGER)
    with killed_before(folder / "run", -1) as writes:
        search_briefly(folder / "small.nas", folder / "run")
    return folder / "run", writes


@pytest.fixture
def whole(_whole: tuple[Path, list[str]]) -> Path:
    """The folder of a run of `LONGER` that nobody interrupted. Nobody may write to it."""
    return _whole[0]


@pytest.fixture
def writes(_whole: tuple[Path, list[str]]) -> list[str]:
    """Files that this run wrote, one after the other."""
    return _whole[1]


@pytest.fixture(scope="session")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search of `LONGER` and of its baseline. Nobody may write to it."""
    folder = tmp_path_factory.mktemp("repeated")
    (folder / "small.nas").write_text(LONGER)
    search_briefly(folder / "small.nas", folder / "out", "--repeats", "1")
    return folder / "out"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(
        "dslnas.app.pipeline.search", lambda *a, trains, **given: begin(*a, **given)
    )
    monkeypatch.setattr("dslnas.app.pipeline.draw", partial(begin, baseline=True))
    monkeypatch.setattr("dslnas.app.pipeline.train", fake.train)
    return fake

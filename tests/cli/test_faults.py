"""A call of the system that fails in the middle of a run: it ends in a message, and goes on."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dslnas.files import PART
from dslnas.runs.folder import has_checkpoint
from tests.cli.outcome import assert_same, search, search_briefly
from tests.small import LONGER

FAULTS = {
    "full": (os, "fsync", errno.ENOSPC, "no space left on device"),
    "broken": (os, "fsync", errno.EIO, "input/output error"),
    "read-only": (os, "replace", errno.EROFS, "read-only file system"),
    "files": (tempfile, "mkstemp", errno.EMFILE, "too many open files"),
    "folders": (os, "mkdir", errno.EACCES, "permission denied"),
}
"""By name the call that fails, its error, and what is told of it."""

SHARES = [0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
"""When it fails, as a share of all such calls of a run; one can do without the last, its report."""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(LONGER)
    return path


@contextmanager
def failing(where: object, name: str, number: int, code: int) -> Iterator[list[int]]:
    """Let a call inside of this fail, counted from 0, and all after it; yield how many came."""
    calls: list[int] = []
    whole: Callable[..., Any] = getattr(where, name)

    def call(*arguments: Any, **named: Any) -> Any:
        calls.append(len(calls))
        if 0 <= number < len(calls):
            raise OSError(code, os.strerror(code))
        return whole(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, call)
        yield calls


@pytest.fixture(scope="module")
def counts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return how often a run makes each call that may fail."""
    spec = tmp_path_factory.mktemp("counted") / "small.nas"
    spec.write_text(LONGER)
    found = {}
    for name, (where, call, code, _) in FAULTS.items():
        with failing(where, call, -1, code) as calls:
            search_briefly(spec, spec.parent / name)
        found[name] = len(calls)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_call_that_fails_is_told_and_the_run_goes_on(
    spec: Path,
    whole: Path,
    counts: dict[str, int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    fault: str,
    share: float,
) -> None:
    where, call, code, told = FAULTS[fault]
    out = tmp_path / "out"
    with failing(where, call, round(share * (counts[fault] - 1)), code):
        ended = search(spec, out)
    printed = capsys.readouterr().err
    assert ended == 1, printed
    assert "error[NAS021]" in printed
    assert told in printed
    resume = ["--resume"] if (out / "manifest.json").exists() else []
    assert search(spec, out, *resume) == 0, capsys.readouterr().err
    assert_same(whole, out)
    assert not [*out.glob(f".*{PART}")]
    assert not has_checkpoint(out)

"""Runs rows: a small run from its spec to its exports on each kind of data, then tests."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from time import monotonic

from tests.matrix.environment import AS_NOBODY, ROOT, Made
from tests.matrix.outcomes import FAILED, PASSED, SKIPPED, MissingError, Outcome, StepError
from tests.matrix.rows import DIGITS, RATINGS, TEXT, Row

LOGS = ROOT / "build" / "matrix"

_EPOCH = ("search.epochs=1", "evaluate.epochs=1")
_CELL = ("cell.normal.nodes=2", "network.channels=4", "evaluate.channels=4", "network.repeat=0")
_CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    DIGITS: (
        "specs/digits_nasp.nas",
        (*_EPOCH, *_CELL, "network.cells=normal, reduction", "data.subset=20%"),
    ),
    TEXT: (
        "specs/text_darts.nas",
        (*_EPOCH, "data.subset=5%", "data.batch=8", "evaluate.batch=8", "evaluate.channels=16"),
    ),
    RATINGS: ("specs/ratings_sif.nas", _EPOCH),
}
"""Spec and settings of the small run on each kind of data."""


def run_rows(rows: Sequence[Row]) -> Iterator[Outcome]:
    """Run rows, those of one environment one after another, and yield how each ended."""
    for environment, user in dict.fromkeys((row.environment, row.other_user) for row in rows):
        with TemporaryDirectory(prefix="dslnas-matrix-") as name:
            os.chmod(name, 0o755)  # others have to come in
            made = Made(Path(name), environment, user)
            for row in rows:
                if (row.environment, row.other_user) == (environment, user):
                    yield _outcome(row, made)


def _outcome(row: Row, made: Made) -> Outcome:
    log = LOGS / f"{re.sub(r'[^A-Za-z0-9.]+', '-', row.name)}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    started, status, reason = monotonic(), PASSED, ""
    with log.open("w", encoding="utf-8") as file:
        try:
            check_possible(row)
            made.make(file)
            variables = {**row.variables, **({"LC_ALL": row.locale} if row.locale else {})}
            for task in row.tasks:
                out = made.home / f"{row.name} {task}"
                words = _small_run(task, out)
                made.call(f"the run on {task}", words, file, variables)
            made.call("pytest", ["python", "-m", "pytest", *_PYTEST, *row.tests], file, variables)
        except MissingError as skipped:
            status, reason = SKIPPED, str(skipped)
        except StepError as failed:
            status, reason = FAILED, f"{failed}; its words are in {log.relative_to(ROOT)}"
    return Outcome(row.name, status, monotonic() - started, reason)


_PYTEST = ("-q", "-p", "no:cacheprovider")


def _small_run(task: str, out: Path) -> list[str]:
    spec, settings = _CALLS[task]
    sets = [word for setting in settings for word in ("--set", setting)]
    return ["dslnas", "compile", spec, "--search", "--out", str(out), *sets]


def check_possible(row: Row) -> None:
    """Check that this machine has the locale and the rights that a row needs.

    Raises:
        MissingError: It has not.
    """
    if row.locale and not _is_known(row.locale):
        raise MissingError(f"`locale -a` has no {row.locale}")
    if row.other_user and os.geteuid() != 0:
        raise MissingError("only root can run commands as another user")
    if row.other_user and which(AS_NOBODY[0]) is None:
        raise MissingError(f"there is no {AS_NOBODY[0]} of util-linux to become another user")


def _is_known(locale: str) -> bool:
    if which("locale") is None:
        return False
    told = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    return _plain(locale) in {_plain(name) for name in told.stdout.splitlines()}


def _plain(locale: str) -> str:
    return locale.lower().replace("-", "")

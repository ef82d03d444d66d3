"""A virtual environment with dslnas: made once, removed after its last row."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from tests.matrix.interpreters import LOOKED, interpreter
from tests.matrix.outcomes import MissingError, StepError
from tests.matrix.rows import Environment

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("pytest", "pytest-xdist", "pytest-randomly", "hypothesis")
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "env")
"""Words before a command that run it as nobody. `setpriv` finds it with the rights of root still,
and so in folders that are closed to others; `env` has lost them."""


class Made:
    """An environment in a folder, for one user.

    Args:
        folder: Folder of its own, for all that the rows write, too.
        wanted: Python, versions and packages.
        other_user: Whether commands run as a user who may write in a home below the folder alone.
    """

    def __init__(self, folder: Path, wanted: Environment, other_user: bool) -> None:
        self.home = folder / "home"
        self._folder, self._wanted = folder / "venv", wanted
        self._as_user = AS_NOBODY if other_user else ()
        self._ready = False

    def make(self, log: TextIO) -> None:
        """Make the environment, unless it is there.

        Raises:
            MissingError: No such Python is here.
            StepError: Something cannot be installed.
        """
        if self._ready:
            return
        wanted = self._wanted
        python = interpreter(wanted.python, self._as_user)
        if python is None:
            raise MissingError(f"no Python {wanted.python or 'of a known version'} {LOOKED}")
        self.home.mkdir(exist_ok=True)
        if self._as_user:
            os.chown(self.home, NOBODY, NOBODY)
        pip = [str(self._bin / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        pinned = ["-c", str(ROOT / wanted.constraints)] if wanted.constraints else ["--upgrade"]
        extras = f"[{','.join(wanted.extras)}]" if wanted.extras else ""
        run("venv", [python, "-m", "venv", "--clear", str(self._folder)], log)
        run("pip", [*pip, "install", *pinned, "-e", f"{ROOT}{extras}", *TOOLS], log)
        if wanted.without:
            run("pip", [*pip, "uninstall", "--yes", *wanted.without], log)
        self._ready = True

    def call(
        self, step: str, words: Sequence[str], log: TextIO, variables: Mapping[str, str]
    ) -> None:
        """Call a program of the environment as its user, from the checkout.

        Raises:
            StepError: It ended with another exit code than 0.
        """
        command = [*self._as_user, str(self._bin / words[0]), *words[1:]]
        own = {
            "HOME": str(self.home),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self.home / "hypothesis"),
            "NUMBA_CACHE_DIR": str(self.home / "loops"),
            "TMPDIR": str(self.home),
        }
        run(step, command, log, {**own, **variables})

    @property
    def _bin(self) -> Path:
        return self._folder / "bin"


def run(
    step: str, command: Sequence[str], log: TextIO, variables: Mapping[str, str] | None = None
) -> None:
    """Run a command from the checkout; its words go into the log.

    Raises:
        StepError: It ended with another exit code than 0.
    """
    log.write(f"$ {' '.join(command)}\n")
    log.flush()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ended = subprocess.run(
        command,
        env={**kept, **(variables or {})},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if ended.returncode:
        raise StepError(f"{step} ended with {ended.returncode}")

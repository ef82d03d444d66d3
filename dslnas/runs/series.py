"""The folder of several runs of one spec: which are there already, and their summary.

A run is kept if it is finished and is the one that is wanted; one that was interrupted or failed
makes room for another try. Nothing is ever removed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from dslnas.diagnostics import user_error
from dslnas.files import cannot_write, make_folder, write_whole
from dslnas.runs.architecture import cells_of
from dslnas.runs.folder import MANIFEST, free_folder
from dslnas.runs.repeats import BASELINE, Outcome

SUMMARY = "summary.json"


class _Results(BaseModel):
    test_perplexity: float | None = None
    validation_perplexity: float | None = None
    test_bits_per_character: float | None = None
    validation_bits_per_character: float | None = None
    test_accuracy: float
    validation_accuracy: float
    params: int
    flops: int
    search_seconds: float = 0.0
    retrain_seconds: float


class _Run(BaseModel):
    """What must agree between runs that are compared, and how far one got."""

    status: str
    spec_hash: str
    method: str
    seed: int
    device: str
    passes: list[str]
    compiled: bool
    precision: str


class _Finished(BaseModel):
    results: _Results


class _Summary(BaseModel):
    spec_hash: str


@dataclass(frozen=True)
class Series:
    """The folder of several runs.

    Attributes:
        path: Where it is.
        spec_hash: Of all runs.
        how: How the networks of all run, as `Runtime.facts` returns it.
    """

    path: Path
    spec_hash: str
    how: Mapping[str, object]

    def run_path(self, method: str, seed: int) -> Path:
        """Return where a run goes."""
        return self.path / run_name(method, seed)

    def open(self) -> None:
        """Make the folder, or see that it is one of this spec's.

        Raises:
            UserError: NAS021 if it cannot be made, NAS022 if something else is in it, NAS025 if
                its runs are of another spec.
        """
        make_folder(self.path)
        path = self.path / SUMMARY
        if not path.exists():
            if any(self.path.iterdir()):
                raise user_error(
                    "NAS022",
                    "folder is not empty",
                    where=str(self.path),
                    help="choose another with `--out DIR`, or remove it",
                )
            return
        try:
            summary = _Summary.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise _refused(path, "is not a summary that `--repeats` wrote") from None
        if summary.spec_hash != self.spec_hash:
            raise _refused(path, "is of another spec, or of the same with other settings")

    def finished(self, method: str, seed: int, *, resume: bool = False) -> Outcome | None:
        """Return what a run came to; None if it is not there, or has to be run again.

        With `resume` a run that was killed may be run again too.

        Raises:
            UserError: NAS025 if something else is in its place.
        """
        path = self.run_path(method, seed)
        if not path.exists():
            return None
        wanted = {
            "spec_hash": self.spec_hash,
            "method": method,
            "seed": seed,
            **self.how,
        }
        try:
            content = (path / MANIFEST).read_bytes()
            run = _Run.model_validate_json(content)
            for key, value in wanted.items():
                if getattr(run, key) != value:
                    found = getattr(run, key)
                    raise _refused(path, f"is of another run: {key} is `{found}`, not `{value}`")
            if run.status == "running" and not resume:
                raise _refused(path, "is still running, or was killed")
            if run.status != "finished":
                return None
            results = _Finished.model_validate_json(content).results
        except (OSError, ValidationError):
            raise _refused(path, f"is no run: it has no readable {MANIFEST}") from None
        values = results.model_dump(exclude_none=True)
        values["seconds"] = results.search_seconds + results.retrain_seconds
        return Outcome(seed, path.name, values, cells_of(path))

    def make_room(self, method: str, seed: int) -> None:
        """Move a run that did not finish aside, so that it can be run again.

        Raises:
            UserError: NAS021 if it cannot be moved.
        """
        path = self.run_path(method, seed)
        if not path.exists():
            return
        aside = free_folder(self.path, f"{path.name}-unfinished")
        try:
            path.rename(aside)
        except OSError as error:
            raise cannot_write(aside, error) from None

    def write(self, summary: Mapping[str, object]) -> None:
        """Write the summary."""
        text = json.dumps(summary, indent=2, ensure_ascii=False)
        write_whole(self.path / SUMMARY, text + "\n")


def run_name(method: str, seed: int | str) -> str:
    """Return the name of the folder of a run."""
    return f"{'random-' if method == BASELINE else ''}seed-{seed}"


def _refused(path: Path, why: str) -> Exception:
    return user_error(
        "NAS025", why, where=str(path), help="choose another folder with `--out DIR`, or remove it"
    )

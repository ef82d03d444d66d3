"""The folder of several runs of one spec: which are there already, and their summary.

A run is kept if it is finished and is the one that is wanted; one that was interrupted or failed
makes room for another try, or is gone on with. Nothing is ever removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import exists
from pathlib import Path

from dslnas.diagnostics import user_error
from dslnas.files import cannot_write, make_folder, write_whole
from dslnas.json_model import damaged, json_text, read_model
from dslnas.runs.architecture import cells_of, network_of
from dslnas.runs.folder import check_empty, free_folder
from dslnas.runs.hold import is_passing
from dslnas.runs.manifest import MANIFEST, SUMMARY, Manifest, read_manifest
from dslnas.runs.summary import BASELINE, Outcome, Summary
from dslnas.tasks.catalogue import task_of

HELP = "choose another folder with `--out DIR`, or remove it"
KILLED = "if it runs no more, the same command with `--resume` goes on with it"


@dataclass(frozen=True)
class RepeatsFolder:
    """The folder of several runs of a spec, which has this hash."""

    path: Path
    spec_hash: str

    def check(self) -> None:
        """Check that the folder is not there yet, is empty, or is one of this spec's.

        Raises:
            UserError: NAS022 if something else is in it, NAS025 if its runs are of another spec,
                NAS027 if its summary is damaged.
        """
        path = self.path / SUMMARY
        if not exists(path):
            check_empty(self.path, but=is_passing)
            return
        try:
            summary = read_model(Summary, path)
        except OSError:
            raise _refused(path, "is not a summary that `--repeats` wrote") from None
        if summary.spec_hash != self.spec_hash:
            raise _refused(path, "is of another spec, or of the same with other settings")

    @property
    def errors(self) -> Sequence[str]:
        """Errors that its summary tells, if there is one."""
        try:
            return read_model(Summary, self.path / SUMMARY).errors
        except OSError:
            return ()

    def write(self, summary: Summary) -> None:
        """Write the summary, in a folder that is made where it is not there yet."""
        make_folder(self.path)
        write_whole(self.path / SUMMARY, json_text(summary.model_dump()))


def finished_run(
    path: Path, wanted: Mapping[str, object], *, resume: bool = False
) -> Outcome | None:
    """Return what a run came to; None if it is not there, or has to be run again.

    Args:
        path: Its folder.
        wanted: Entries of its manifest in which it must be the one that is wanted.
        resume: Whether one that was killed may run again, too.

    Raises:
        UserError: NAS025 if something else is in its place, NAS027 if it is damaged.
    """
    if not exists(path) or (resume and not exists(path / MANIFEST)):
        return None
    run = _read(path)
    for key, value in wanted.items():
        if getattr(run, key) != value:
            found = getattr(run, key)
            raise _refused(path, f"is of another run: {key} is `{found}`, not `{value}`")
    if run.status == "running" and not resume:
        raise _refused(path, "is still running, or was killed", KILLED)
    if run.status != "finished":
        return None
    task = task_of(run.settings.data)
    outcome = Outcome.of(run.seed, path.name, run.results, cells_of(path), task, network_of(path))
    if task.criterion not in outcome.values:
        raise damaged({"results": f"has no `{task.criterion}`"}, str(path / MANIFEST))
    return outcome


def make_room(path: Path) -> None:
    """Move a run that did not finish aside, so that it can be run again."""
    if not exists(path):
        return
    aside = free_folder(path.parent, f"{path.name}-unfinished")
    try:
        path.rename(aside)
    except OSError as error:
        raise cannot_write(aside, error) from None


def run_name(method: str, seed: int | str) -> str:
    """Return the name of the folder of a run."""
    return f"{'random-' if method == BASELINE else ''}seed-{seed}"


def _read(path: Path) -> Manifest:
    try:
        return read_manifest(path)
    except OSError:
        raise _refused(path, f"is no run: it has no readable {MANIFEST}") from None


def _refused(path: Path, why: str, help_: str = HELP) -> Exception:
    return user_error("NAS025", why, where=str(path), help=help_)

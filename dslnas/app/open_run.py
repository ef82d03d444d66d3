"""Runs that begin, that go on, and that are read from their folder."""

from __future__ import annotations

import atexit
from dataclasses import replace
from itertools import chain
from os.path import exists, isdir
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, TypeVar, Unpack

from dslnas.app.compiled import Compiled, CompiledArchitecture
from dslnas.app.run import Listener, Notice, Run, silent
from dslnas.app.runtime import RuntimeOptions, make_runtime
from dslnas.diagnostics import UserError
from dslnas.files import write_whole
from dslnas.json_model import unread
from dslnas.launch import launched
from dslnas.regular import regular
from dslnas.runs.folder import (
    ARCHITECTURE,
    CHECKPOINTS,
    METRICS,
    SPEC,
    RunFolder,
    check_empty,
    free_folder,
    has_checkpoint,
    is_begun,
    is_searched,
    read_metrics,
)
from dslnas.runs.hold import held, is_passing
from dslnas.runs.manifest import (
    MANIFEST,
    Manifest,
    first_manifest,
    read_manifest,
    read_run_manifest,
)
from dslnas.runs.stop_request import StopRequest
from dslnas.runs.summary import BASELINE

if TYPE_CHECKING:
    from dslnas.ranks import Ranks

EXPORTED = Path("exported")
"""Folder below which runs go that name none."""

_Spec = TypeVar("_Spec", bound=Compiled)


def begin(
    spec: Compiled,
    out: Path | str | None = None,
    *,
    baseline: bool = False,
    seed: int = 0,
    resume: bool = False,
    report: Listener = silent,
    checkpoint_minutes: float | None = None,
    stop: StopRequest | None = None,
    **how: Unpack[RuntimeOptions],
) -> Run:
    """Begin a run of a spec, or go on with one; a new one has no folder yet, see `Run.start`.

    With `baseline` an architecture will be drawn at random instead of being searched.

    Raises:
        UserError: The folder holds something else, or nothing to go on with, or NAS030: another
            process is at it.
    """
    spec, launch = named_by_its_run(spec), launched()
    if launch.writes:
        path = place_of(spec, out, seed)
    else:  # it does all that the first one does, where nobody looks
        path = _folder_beside_the_first(make_runtime(spec, **how).ranks)
        resume = resume and exists(path / MANIFEST)
    with held(path):
        before = None
        if resume and out is not None and not is_begun(path):
            report(Notice(f"There is no run in {path} yet: it begins"))
        elif resume:  # all that needs no torch is refused before it is imported
            before = read_run_manifest(
                path, "leave out `--resume` (in Python `resume=True`) to begin one"
            )
        else:
            check_empty(path, but=is_passing)
        runtime = make_runtime(spec, **how)
        if launch.writes and not launch.is_alone:
            runtime.ranks.files(_stored(path))
            report(Notice(_shared_by(runtime.ranks)))
        method = BASELINE if baseline else spec.method
        manifest = first_manifest(spec.name, spec.hash, method, spec.program, seed, runtime.facts())
        if before is None:
            return Run(RunFolder(path, manifest), spec, report, checkpoint_minutes, stop)
        from dslnas.runs.resume import reopen

        folder = reopen(path, before, manifest, spec.text)
        run = Run(folder, spec, report, checkpoint_minutes, stop)
        if not run.is_finished:
            _tell_of_changes(run, before, manifest)
            if not has_checkpoint(path):
                report(Notice(_resumed(run)))
        return run


def place_of(spec: Compiled, out: Path | str | None, seed: int) -> Path:
    """Return the folder of a run of a spec: the one that is given, or a new one."""
    if out is not None:
        return Path(out)
    word = "trained" if isinstance(spec, CompiledArchitecture) else spec.method
    return free_folder(EXPORTED, f"{spec.name}-{word}-seed{seed}")


def _tell_of_changes(run: Run, before: Manifest, now: Manifest) -> None:
    """Say why the bits of a run that is gone on with may be others than without interruption."""
    if before.processes != now.processes:
        text = f"Processes: {before.processes} before, {now.processes} now"
        run.report(Notice(f"{text}: sums come in another order, and last digits may differ"))
        run.folder.update(processes=now.processes)
    for package, version in before.versions.items():
        here = now.versions.get(package, "none")
        if here != version:
            text = f"It began with {package} {version}, here is {here}: its bits may be others"
            run.report(Notice(text))


def _shared_by(ranks: Ranks) -> str:
    """Return what is said of processes that train together."""
    norms = "in each from its part; `--batch-norm together` makes it that of one process"
    if ranks.synchronised:
        norms = "from all of it; `--batch-norm apart` is faster, with fewer examples for a norm"
    return f"{ranks.size} processes share every batch. Batch norm takes its statistics {norms}"


def _stored(path: Path) -> dict[str, bytes]:
    """Return the files of a run that it is gone on with from, by name; none where it begins."""
    names = (MANIFEST, SPEC, METRICS, ARCHITECTURE, *chain.from_iterable(CHECKPOINTS.values()))
    return {name: _content(path / name) for name in names if exists(path / name)}


def _content(path: Path) -> bytes:
    try:
        return regular(path).read_bytes()
    except OSError as error:
        raise unread(path, error) from None


def _folder_beside_the_first(ranks: Ranks) -> Path:
    """Return a folder for a process that is not the first, with the run as that one finds it.

    It goes with the process.
    """
    path = Path(mkdtemp(prefix="dslnas-"))
    atexit.register(rmtree, path, ignore_errors=True)
    for name, content in ranks.files({}).items():
        write_whole(path / name, content)
    return path


def named_by_its_run(spec: _Spec) -> _Spec:
    """Return a spec with its name; an architecture in a run has that of the spec that found it."""
    path = Path(spec.linked.source.name)
    if path.name != ARCHITECTURE:
        return spec
    try:
        return replace(spec, name=read_manifest(path.parent).spec)
    except (OSError, UserError):
        return spec


def load_run(folder: Path | str) -> Run:
    """Return a run from its folder, to look at it or to go on with it.

    Raises:
        UserError: NAS023 if it is no run, NAS027 if a file of it is damaged.
    """
    path = Path(folder)
    return Run(RunFolder(path, read_run_manifest(path), read_metrics(path)))


def architecture_at(path: Path) -> Path:
    """Return the file of the architecture: that of a run, if its folder is given, else the path.

    Raises:
        UserError: NAS023 for the folder of something else, NAS024 for a run that has none yet.
    """
    if isdir(path):
        load_run(path).check_searched()
        return path / ARCHITECTURE
    if path.name == ARCHITECTURE and not exists(path) and exists(path.parent / MANIFEST):
        load_run(path.parent).check_searched()
    return path


def _resumed(run: Run) -> str:
    """Return what is said when a run is gone on with of which no epoch is stored."""
    path = run.path
    if isinstance(run.spec, CompiledArchitecture):
        return f"No epoch of the run in {path} was finished: it starts again"
    if is_searched(path):
        return f"Going on with the run in {path}: its search is over"
    return f"No epoch of the search in {path} was finished: it starts again"

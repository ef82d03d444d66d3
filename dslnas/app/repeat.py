"""A spec with several seeds, each search beside a random architecture."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Unpack

from dslnas.app.compiled import CompiledSearch
from dslnas.app.jobs import Here, Place
from dslnas.app.many import ManyRuns, seeds_below
from dslnas.app.open_run import EXPORTED
from dslnas.app.run import LoopOptions
from dslnas.runs.folder import free_folder
from dslnas.runs.manifest import SUMMARY
from dslnas.runs.repeats import RepeatsFolder
from dslnas.runs.summary import Summary
from dslnas.tasks.task import Task


class Repeats(ManyRuns):
    """The runs of one spec with several seeds, in one folder, with a summary."""

    table = SUMMARY

    def __init__(
        self,
        spec: CompiledSearch,
        seeds: Sequence[int],
        out: Path | str | None = None,
        *,
        baseline: bool = True,
        only: Collection[int] | None = None,
        where: Place | None = None,
        **options: Unpack[LoopOptions],
    ) -> None:
        """Check the folder, the data and the runs that are there; nothing runs yet.

        Args:
            spec: The spec.
            seeds: All seeds.
            out: The folder; by default a new one below `exported`.
            baseline: Whether a random architecture is trained beside every search.
            only: Seeds that are to be run; by default all.
            where: The place where they run; by default here.
            options: How they are made.

        Raises:
            UserError: The data are not there; NAS022 or NAS025 if something else is in the folder.
        """
        name = f"{spec.name}-{spec.search.method}-seeds{seeds[0]}-{seeds[-1]}"
        path = Path(out) if out else free_folder(EXPORTED, name)
        self.folder = RepeatsFolder(path, spec.hash)
        self.folder.check()
        where = where or Here()
        (facts,) = where.facts([spec], options)
        self._seeds = seeds_below(spec, seeds, path, facts, baseline=baseline)
        own = {job.path for job in self._seeds.jobs if only is None or job.seed in only}
        super().__init__(path, [self._seeds], where, options, own)

    @property
    def task(self) -> Task:
        """The task of the spec."""
        return self._seeds.task

    @property
    def summary(self) -> Summary:
        """Summary of the runs that are finished so far."""
        jobs = self._seeds.jobs
        errors = self.errors(jobs, self.path)
        return self._seeds.summary(self.outcomes, self.status(jobs), errors)

    def write(self) -> None:
        """Write the summary."""
        self.folder.write(self.summary)

    def told_errors(self) -> Sequence[str]:
        """Return the errors that the summary tells that is there."""
        return self.folder.errors

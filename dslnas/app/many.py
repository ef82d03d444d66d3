"""Many runs of one command: their jobs run in some place, and a table is kept of them.

Any number of such commands may work on the same folder. Each reads what all of them have done
whenever it writes the table, so the last of them makes it whole.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from dslnas.app.compiled import CompiledSearch
from dslnas.app.jobs import Ended, Facts, Job, Place
from dslnas.app.run import LoopOptions, RunInterrupted
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.runs.hold import holding, is_held
from dslnas.runs.repeats import run_name
from dslnas.runs.summary import (
    BASELINE,
    Outcome,
    Sample,
    Summary,
    SummaryStatus,
    against_baseline,
)
from dslnas.tasks.catalogue import task_of
from dslnas.tasks.task import Task

PATIENCE = 60.0
"""Seconds to wait for another process that writes the table."""


@dataclass(frozen=True)
class Seeds:
    """The runs of one spec with several seeds.

    Attributes:
        spec: The spec.
        seeds: The seeds.
        jobs: The runs, seed by seed.
    """

    spec: CompiledSearch
    seeds: tuple[int, ...]
    jobs: tuple[Job, ...]

    @property
    def task(self) -> Task:
        """The task of the spec."""
        return task_of(self.spec.program.data)

    def sample(self, method: str, outcomes: Mapping[Path, Outcome]) -> Sample:
        """Return the statistics of those runs of a method that have an outcome."""
        jobs = (job for job in self.jobs if job.method == method and job.path in outcomes)
        return Sample.of(method, [outcomes[job.path] for job in jobs], self.task)

    def summary(
        self, outcomes: Mapping[Path, Outcome], status: SummaryStatus, errors: Iterable[str]
    ) -> Summary:
        """Return the summary of the runs that have an outcome."""
        methods = dict.fromkeys(job.method for job in self.jobs)
        samples = [self.sample(method, outcomes) for method in methods]
        paired = against_baseline(samples, self.task)
        facts: dict[str, object] = {
            "spec": self.spec.name,
            "spec_hash": self.spec.hash,
            "data": self.spec.program.data.source,
            "status": status,
            "seeds": self.seeds,
            **dict(zip(("search", "baseline"), samples, strict=False)),
            **({} if paired is None else {"paired": paired}),
            "errors": tuple(errors),
        }
        return Summary.model_validate(facts)


def seeds_below(
    spec: CompiledSearch,
    seeds: Sequence[int],
    path: Path,
    facts: Facts,
    *,
    baseline: bool = False,
    prefix: str = "",
) -> Seeds:
    """Return the runs of a spec with several seeds, each in a folder of its own below another."""
    jobs = []
    for seed in seeds:
        for is_baseline in (False, True) if baseline else (False,):
            method = BASELINE if is_baseline else spec.search.method
            title = f"{prefix}{method}, seed {seed}"
            place = path / run_name(method, seed)
            jobs.append(Job(spec, place, seed, is_baseline, facts, title))
    return Seeds(spec, tuple(seeds), tuple(jobs))


class ManyRuns(ABC):
    """Runs with a table.

    Runs that are finished already are kept; others make room, or are gone on with. The table is
    written after every run.

    Attributes:
        path: Folder of the table.
        groups: The runs, spec by spec.
        outcomes: By folder, what runs came to that are finished.
    """

    table: ClassVar[str]

    def __init__(
        self,
        path: Path,
        groups: Sequence[Seeds],
        where: Place,
        options: LoopOptions,
        own: Collection[Path] | None = None,
    ) -> None:
        """Look at the runs that are there; nothing runs yet.

        Args:
            path: Folder of the table.
            groups: The runs, spec by spec.
            where: The place where they run.
            options: How they are made.
            own: Folders of those that are to be run, by default all; others belong to other
                processes.

        Raises:
            UserError: NAS025 if something else is in the place of a run, NAS027 if it is damaged.
        """
        self.path, self.groups = path, tuple(groups)
        self._where, self._options = where, options
        jobs = [job for group in groups for job in group.jobs]
        self._own = [job for job in jobs if own is None or job.path in own]
        self._others = [job for job in jobs if own is not None and job.path not in own]
        resume = options.get("resume", False)
        found = {
            # one that runs is passed over
            job.path: job.outcome(resume=resume or is_held(job.path) is True)
            for job in self._own
        }
        self.outcomes = {path: one for path, one in found.items() if one is not None}
        self._mistakes: list[Diagnostic] = []
        self._errors: dict[Path, tuple[str, ...]] = {}
        self._state: SummaryStatus | Literal["over"] = "running"

    @abstractmethod
    def write(self) -> None:
        """Write the table."""

    @abstractmethod
    def told_errors(self) -> Sequence[str]:
        """Return the errors that the table tells that is there."""

    def run(self) -> None:
        """Run what is not finished yet; what is wrong with one run alone is raised at the end.

        Raises:
            UserError: Something is wrong with all, or with some.
            RunInterrupted: Somebody wants it to end.
        """
        self._update()
        try:
            with closing(self._where.run(self._own, self._options)) as ends:
                for job, ended in ends:
                    self._take(job, ended)
                    self._update()
            self._state = "over"
        except KeyboardInterrupt:
            self._state = "interrupted"
            raise RunInterrupted(self.path) from None
        finally:
            if self._state == "running":
                self._state = "failed"
            self._update()
        if self._mistakes:
            raise UserError(self._mistakes)

    def status(self, jobs: Iterable[Job]) -> SummaryStatus:
        """Return how far some of the runs are."""
        missing = [job.path for job in jobs if job.path not in self.outcomes]
        if not missing:
            return "finished"
        if self._state != "over":
            return self._state
        return "failed" if all(path in self._errors for path in missing) else "running"

    def errors(self, jobs: Iterable[Job], folder: Path) -> list[str]:
        """Return the errors of some of the runs, each with its place below a folder."""
        found = [(job.path, line) for job in jobs for line in self._errors.get(job.path, ())]
        return [f"{path.relative_to(folder).as_posix()}: {line}" for path, line in found]

    def _take(self, job: Job, ended: Ended) -> None:
        """Note the mistakes of a run."""
        for mistake in ended.mistakes:
            where = f"{job.path}: {mistake.where}" if mistake.where else str(job.path)
            self._mistakes.append(replace(mistake, where=where))
        self._errors[job.path] = tuple(
            f"{mistake.place}: {mistake.code}: {mistake.message}" for mistake in ended.mistakes
        )

    def _update(self) -> None:
        """Read what was done since, and write the table, which nobody else does meanwhile."""
        with holding(self.path / self.table, PATIENCE):
            for job in (*self._own, *self._others):
                if job.path not in self.outcomes:
                    with suppress(UserError):  # who runs it will hear of it
                        self._add(job.path, job.outcome(resume=True))
            told = [line.partition(": ") for line in self.told_errors()]
            for job in self._others:
                name = job.path.relative_to(self.path).as_posix()
                self._errors[job.path] = tuple(line for whose, _, line in told if whose == name)
            self._errors = {
                path: lines
                for path, lines in self._errors.items()
                if lines and path not in self.outcomes
            }
            self.write()

    def _add(self, path: Path, outcome: Outcome | None) -> None:
        if outcome is not None:
            self.outcomes[path] = outcome

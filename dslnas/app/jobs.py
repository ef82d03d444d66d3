"""Runs that a command stands for: each is a job, and a place runs them.

Jobs know nothing of each other. Whoever runs one holds its folder meanwhile, so any number of
processes can work on the same jobs.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os.path import exists
from pathlib import Path
from typing import Protocol, TypeAlias

from dslnas.app.compiled import CompiledSearch
from dslnas.app.data import load_data
from dslnas.app.pipeline import run_pipeline
from dslnas.app.run import LoopOptions, Notice, Run, silent, telling_how_far
from dslnas.app.runtime import make_runtime, runtime_facts, runtime_options_in
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.runs.hold import GLANCE, holding
from dslnas.runs.manifest import MANIFEST
from dslnas.runs.repeats import finished_run, make_room
from dslnas.runs.summary import BASELINE, Outcome

OF_ONE_RUN = frozenset({"NAS701", "NAS703", "NAS711"})
"""Mistakes that another run may not have: those after it go on."""

Facts: TypeAlias = Mapping[str, object]
"""How networks run, as manifests have it."""


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes:
        spec: Its spec.
        path: Its folder.
        seed: Seed of everything random.
        is_baseline: Whether its architecture is drawn at random instead of being searched.
        facts: How its networks run, as its manifest has it.
        title: Its name for people.
    """

    spec: CompiledSearch
    path: Path
    seed: int
    is_baseline: bool
    facts: Facts
    title: str

    @property
    def method(self) -> str:
        """Its method, as its manifest has it."""
        return BASELINE if self.is_baseline else self.spec.search.method

    def outcome(self, *, resume: bool = False) -> Outcome | None:
        """Return what it came to; None if it has to run, see `finished_run`."""
        wanted = {"spec_hash": self.spec.hash, "method": self.method, "seed": self.seed}
        return finished_run(self.path, {**wanted, **self.facts}, resume=resume)


@dataclass(frozen=True)
class Ended:
    """The end of a job.

    Attributes:
        told: Lines for people.
        mistakes: Mistakes that ended it, and that others may not have.
    """

    told: tuple[str, ...] = ()
    mistakes: tuple[Diagnostic, ...] = ()


class Place(Protocol):
    """A place where jobs run."""

    def facts(self, specs: Sequence[CompiledSearch], options: LoopOptions) -> Sequence[Facts]:
        """Return for every spec how its networks run there, as manifests have it.

        Raises:
            UserError: They cannot run like this, or the data are wrong.
        """

    def run(
        self, jobs: Sequence[Job], options: LoopOptions
    ) -> Generator[tuple[Job, Ended], None, None]:
        """Run jobs, and yield each when it has ended.

        Raises:
            UserError: A mistake that all of them share.
            KeyboardInterrupt: Somebody wants them to end; what was under way is stored.
        """


class Here:
    """This process, which runs one job after the other."""

    def facts(self, specs: Sequence[CompiledSearch], options: LoopOptions) -> Sequence[Facts]:
        """Return for every spec how its networks run here, once all data were read."""
        how = runtime_options_in(options)
        runtimes = [make_runtime(spec, **how) for spec in specs]
        of_data = {repr(s.program.data): (s, r) for s, r in zip(specs, runtimes, strict=True)}
        with telling_how_far(options.get("report", silent)):
            for spec, runtime in of_data.values():
                load_data(spec, runtime, searching=True)
        return [runtime_facts(spec, **how) for spec in specs]

    def run(
        self, jobs: Sequence[Job], options: LoopOptions
    ) -> Generator[tuple[Job, Ended], None, None]:
        """Run jobs and yield each with its end."""
        report = options.get("report", silent)
        for number, job in enumerate(jobs, 1):
            report(Notice(f"Run {number} of {len(jobs)}: {job.title}"))
            ended = run_job(job, options)
            for line in ended.told:
                report(Notice(f"  {line}"))
            yield job, ended


def run_job(job: Job, options: LoopOptions, patience: float = GLANCE) -> Ended:
    """Run a job that is not finished yet, unless another process is at it.

    Args:
        job: The job.
        options: How runs are made.
        patience: Seconds to wait for that process.

    Raises:
        UserError: A mistake that other jobs have, too.
        RunInterrupted: It was interrupted.
    """
    resume = options.get("resume", False)
    with holding(job.path, patience) as is_ours:
        if not is_ours:
            return Ended(("another process is at it, which goes on",))
        if was_finished(job, options):
            return Ended(("finished before, kept",))
        goes_on = resume and exists(job.path / MANIFEST)
        if not goes_on:
            make_room(job.path)
        how: LoopOptions = {**options, "resume": goes_on}
        try:
            run = run_pipeline(job.spec, job.path, baseline=job.is_baseline, seed=job.seed, **how)
        except UserError as error:
            if not {mistake.code for mistake in error.diagnostics} <= OF_ONE_RUN:
                raise
            failed = tuple(f"failed: {mistake.message}" for mistake in error.diagnostics)
            return Ended(failed, error.diagnostics)
    return Ended(tuple(_told(run)))


def was_finished(job: Job, options: LoopOptions) -> bool:
    """Whether a job has nothing to do any more; a report that its run lacks is written."""
    if job.outcome(resume=options.get("resume", False)) is None:
        return False
    from dslnas.app.report import report_if_missing

    report_if_missing(job.path, options.get("report", silent))
    return True


def _told(run: Run) -> Iterator[str]:
    """Yield what is said of a run that has finished."""
    yield from run.results.doubts
    for precision, record in run.results.precisions.items():
        if record.refusal:
            yield f"{precision} is not delivered: {record.refusal}"

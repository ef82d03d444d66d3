"""A spec with every combination of some values, each in a folder of its own below one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Unpack

from dslnas.app.compile import compile_source, spec_source, with_search
from dslnas.app.compiled import CompiledSearch
from dslnas.app.jobs import Facts, Here, Job, Place
from dslnas.app.many import ManyRuns, Seeds, seeds_below
from dslnas.app.open_run import EXPORTED
from dslnas.app.run import LoopOptions
from dslnas.diagnostics import Diagnostic, UserError
from dslnas.language.link.overrides import VARIED
from dslnas.runs.folder import free_folder
from dslnas.runs.repeats import RepeatsFolder
from dslnas.runs.sweep_table import (
    SWEEP,
    Combination,
    SweepTable,
    check_sweep_folder,
    read_table,
    write_table,
)
from dslnas.tasks.task import Task

_UNUSUAL = re.compile(r"[^\w.+-]+", re.ASCII)
"""Characters that names of folders do without."""


@dataclass(frozen=True)
class Point:
    """One combination of values.

    Attributes:
        values: By path of a setting, its value as it is written.
        spec: The spec with these values.
    """

    values: Mapping[str, str]
    spec: CompiledSearch


def points_of(
    path: Path | str,
    varied: Mapping[str, Sequence[str]],
    overrides: Sequence[str] = (),
    *,
    leave_out: bool = False,
) -> tuple[list[Point], list[Diagnostic]]:
    """Return every combination of values that a spec takes, and the mistakes of those left out.

    Args:
        path: The `.nas` file.
        varied: By path of a setting, its values as they are written.
        overrides: Arguments of `--set`, which hold for all.
        leave_out: Whether combinations that are wrong are left out, as long as one is right.

    Raises:
        UserError: All mistakes of all combinations, each said once with those that have it.
    """
    source = spec_source(path)
    points: list[Point] = []
    found: dict[object, tuple[Diagnostic, list[str]]] = {}
    for chosen in product(*varied.values()):
        values = dict(zip(varied, chosen, strict=True))
        given = [f"{name}={value}" for name, value in values.items()]
        try:
            points.append(Point(values, with_search(compile_source(source, [*overrides, *given]))))
        except UserError as error:
            for one in (_varied(mistake, given) for mistake in error.diagnostics):
                key = (one.code, one.message, one.place)
                found.setdefault(key, (one, []))[1].append(" ".join(given))
    mistakes = [_said_of(one, names) for one, names in found.values()]
    if mistakes and not (leave_out and points):
        raise UserError(mistakes)
    return points, mistakes


def _varied(mistake: Diagnostic, given: Sequence[str]) -> Diagnostic:
    """Return a mistake in one of the values given as one of `--vary`, where they come from."""
    span = mistake.span
    if span is None or span.source.path is not None or span.source.text not in given:
        return mistake
    return replace(mistake, span=replace(span, source=replace(span.source, name=VARIED)))


def _said_of(mistake: Diagnostic, combinations: Sequence[str]) -> Diagnostic:
    """Return a mistake that says which combinations have it."""
    first, *others = combinations
    more = f" and {len(others)} more" if others else ""
    place = mistake.where if mistake.span is None else ""
    return replace(mistake, where=f"{place}{': ' if place else ''}with {first}{more}")


def folder_names(all_values: Sequence[Mapping[str, str]]) -> list[str]:
    """Return a name for the folder of every combination, none twice."""
    names: list[str] = []
    for values in all_values:
        last = [path.rpartition(".")[2] for path in values]
        parts = []
        for path, key in zip(values, last, strict=True):
            parts.append(f"{key if last.count(key) == 1 else path}-{values[path]}")
        name = _UNUSUAL.sub("_", "-".join(parts))[:100]
        same = sum(other == name or other.startswith(f"{name}~") for other in names)
        names.append(f"{name}~{same + 1}" if same else name)
    return names


class Sweep(ManyRuns):
    """The runs of a spec with every combination of some values, with a table."""

    table = SWEEP

    def __init__(
        self,
        points: Sequence[Point],
        seeds: Sequence[int],
        out: Path | str | None = None,
        *,
        repeated: bool = False,
        only: Collection[int] | None = None,
        where: Place | None = None,
        **options: Unpack[LoopOptions],
    ) -> None:
        """Check the folder, the data and the runs that are there; nothing runs yet.

        Args:
            points: The combinations, which vary the same settings.
            seeds: Seeds of each.
            out: The folder; by default a new one below `exported`.
            repeated: Whether each combination is a folder of repeated runs, not a run.
            only: Numbers of the runs that are to be run, counted from 0; by default all.
            where: The place where they run; by default here.
            options: How they are made.

        Raises:
            UserError: The data are not there; NAS022 or NAS025 if something else is in the folder.
        """
        name = points[0].spec.name
        path = Path(out) if out else free_folder(EXPORTED, f"{name}-sweep")
        check_sweep_folder(path, name, tuple(points[0].values))
        where = where or Here()
        all_facts = where.facts([point.spec for point in points], options)
        self.points, self._seeds = tuple(points), tuple(seeds)
        self._names = folder_names([point.values for point in points])
        self._folders: list[RepeatsFolder] = []
        groups = []
        for point, folder, facts in zip(points, self._names, all_facts, strict=True):
            if repeated:
                self._folders.append(RepeatsFolder(path / folder, point.spec.hash))
                self._folders[-1].check()
                prefix = f"{folder}: "
                groups.append(seeds_below(point.spec, seeds, path / folder, facts, prefix=prefix))
            else:
                groups.append(_alone(point.spec, seeds[0], path / folder, facts))
        jobs = [job for group in groups for job in group.jobs]
        own = {job.path for number, job in enumerate(jobs) if only is None or number in only}
        super().__init__(path, groups, where, options, own)

    @property
    def task(self) -> Task:
        """The task of the spec."""
        return self.groups[0].task

    @property
    def result(self) -> SweepTable:
        """The table of the runs that are finished so far."""
        jobs = [job for group in self.groups for job in group.jobs]
        varied = {
            path: tuple(dict.fromkeys(point.values[path] for point in self.points))
            for path in self.points[0].values
        }
        return SweepTable(
            spec=self.points[0].spec.name,
            status=self.status(jobs),
            seeds=self._seeds,
            varied=varied,
            combinations=tuple(self._combinations()),
            errors=tuple(self.errors(jobs, self.path)),
        )

    def write(self) -> None:
        """Write the table, and the summary of every combination that is repeated.

        The table comes first: by it other processes know the folder that they share.
        """
        write_table(self.path, self.result)
        for group, folder in zip(self.groups, self._folders, strict=False):
            errors = self.errors(group.jobs, folder.path)
            folder.write(group.summary(self.outcomes, self.status(group.jobs), errors))

    def told_errors(self) -> Sequence[str]:
        """Return the errors that the table tells that is there."""
        table = read_table(self.path)
        return () if table is None else table.errors

    def _combinations(self) -> Iterator[Combination]:
        for point, name, group in zip(self.points, self._names, self.groups, strict=True):
            yield Combination(
                folder=name,
                values=dict(point.values),
                spec_hash=point.spec.hash,
                sample=group.sample(point.spec.search.method, self.outcomes),
            )


def _alone(spec: CompiledSearch, seed: int, path: Path, facts: Facts) -> Seeds:
    """Return the only run of a spec, in a folder of its own."""
    title = f"{path.name}: {spec.search.method}, seed {seed}"
    return Seeds(spec, (seed,), (Job(spec, path, seed, False, facts, title),))

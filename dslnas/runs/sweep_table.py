"""The table of a sweep: what every combination of values came to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dslnas.diagnostics import user_error
from dslnas.files import make_folder, write_whole
from dslnas.json_model import JsonModel, json_text, read_model
from dslnas.runs.folder import check_empty
from dslnas.runs.hold import is_passing
from dslnas.runs.repeats import HELP
from dslnas.runs.summary import Sample, SummaryStatus

SWEEP = "sweep.json"


class Combination(JsonModel):
    """The runs of one combination of values.

    Attributes:
        folder: Name of the folder of its run, or of its runs.
        values: By path of a setting, its value as it would be written.
        spec_hash: Hash of the effective text of the spec with these values.
        sample: Those of its runs that are finished.
    """

    folder: str
    values: dict[str, str]
    spec_hash: str
    sample: Sample


class SweepTable(JsonModel):
    """The runs of a sweep.

    Attributes:
        spec: Name of the spec.
        status: How far the runs are.
        seeds: Seeds of every combination.
        varied: By path of a setting, the values that it takes.
        combinations: The combinations in their order.
        errors: Errors of the runs that failed.
    """

    spec: str
    status: SummaryStatus
    seeds: tuple[int, ...]
    varied: dict[str, tuple[str, ...]]
    combinations: tuple[Combination, ...]
    errors: tuple[str, ...]


def check_sweep_folder(path: Path, spec: str, varied: tuple[str, ...]) -> None:
    """Check that a folder is not there yet, is empty, or is one of this sweep, of some values.

    Raises:
        UserError: NAS022 if something else is in it, NAS025 if it is of another sweep, NAS027 if
            its table is damaged.
    """
    table = read_table(path)
    if table is None:
        check_empty(path, but=is_passing)
    elif table.spec != spec:
        raise _another(path, f"its spec is `{table.spec}`, not `{spec}`")
    elif tuple(table.varied) != varied:
        raise _another(path, f"it varies {_listed(table.varied)}, not {_listed(varied)}")


def read_table(path: Path) -> SweepTable | None:
    """Return the table in the folder of a sweep; None if there is none, NAS027 for damaged ones."""
    try:
        return read_model(SweepTable, path / SWEEP)
    except OSError:
        return None


def write_table(path: Path, table: SweepTable) -> None:
    """Write the table of a sweep, in a folder that is made where it is not there yet."""
    make_folder(path)
    write_whole(path / SWEEP, json_text(table.model_dump()))


def _another(path: Path, why: str) -> Exception:
    return user_error("NAS025", f"is of another sweep: {why}", where=str(path), help=HELP)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

"""Steps on one GPU in ten minutes: networks as published in plain PyTorch, and this tool's ways.

Rows are printed as they are measured, those that start at once before those that compile for
minutes, and written as JSON. A row that fails says why, and those for which no time is left are
named at the end. Each is made from scratch; times are medians of steps by events of the GPU, the
peak of memory is that of everything, from making it on. Both sides multiply alike: `tf32`, in which
products and convolutions round what they read to 10 bits of mantissa, `float32` without, `bfloat16`
by autocast.

    python benchmarks/gpu.py --json gpu.json
    python benchmarks/gpu.py --device cpu --small --minutes 2 --works training,darts-64
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch

from contest import CHANNELS_LAST, PUBLISHED
from dslnas.app.runtime import torch_device
from dslnas.diagnostics import UserError
from dslnas.settings.precision import Precision
from gpu_steps import SMALL, Measured, Size, Task, Way, Work, measure
from measuring import machine
from worker import Worker, WorkFailedError
from workloads import names_in

HEAD = """\
| work | way | precision | ms per step | times less | peak, MiB | to start, s |
| --- | --- | --- | ---: | ---: | ---: | ---: |"""

SECONDS = 1.0
"""For the timed steps of a row."""

LEAST = {False: 10.0, True: 60.0}
"""Seconds that must be left for a row, by whether it compiles."""

LIMIT = {False: 60.0, True: 240.0}
"""Seconds after which a row is broken off."""

_SEARCHES = (
    ("darts", "DARTS, first order", False),
    ("darts-second", "DARTS, second order", False),
    ("milenas", "MiLeNAS", False),
    ("nasp", "NASP", True),
    ("gdas", "GDAS", True),
)


def _searches(batch: int) -> list[Work]:
    return [
        Work(f"{name}-{batch}", title, name, batch, chooses=chooses)
        for name, title, chooses in _SEARCHES
    ]


WORKS = (
    Work("training", "training", "", 96),
    *_searches(64),
    Work("recurrent", "recurrent, first order", "darts", 64, is_recurrent=True),
    Work("recurrent-second", "recurrent, second order", "darts-second", 64, is_recurrent=True),
    *_searches(256),
)

COMPILED_FIRST = ("training", "darts-64")
"""Works that are compiled before those of large batches are measured."""


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        work: What was done.
        way: How.
        found: Its cost; None if there is none.
        error: Why there is none.
    """

    work: Work
    way: Way
    found: Measured | None
    error: str = ""

    def text(self, first: float) -> str:
        """Return it as a table shows it; `first` are the seconds of the work's first row, or 0."""
        head = f"| {self.work.title} | {self.way.name} | {self.way.precision} |"
        if self.found is None:
            return f"{head} {self.error} | | | |"
        less = f"{first / self.found.seconds:.2f}" if first else ""
        peak = f"{self.found.peak:.0f}" if self.found.peak else ""
        step, start = 1000 * self.found.seconds, self.found.start
        return f"{head} {step:#.3g} | {less} | {peak} | {start:.1f} |"


def ways_of(work: Work, precision: Precision, *, on_gpu: bool) -> Iterator[Way]:
    """Yield the ways of a work, the published one first."""
    yield Way(PUBLISHED, None, precision=precision)
    if work.is_recurrent:
        yield Way(PUBLISHED, None, precision="bfloat16")
    else:
        yield Way(CHANNELS_LAST, None, precision=precision, last=True)
        yield Way(CHANNELS_LAST, None, precision="bfloat16", last=True)
    yield Way("plain", "none", precision=precision)
    yield Way("passes", "all", precision=precision)
    yield Way("passes", "all", precision="bfloat16")
    if not work.is_recurrent:
        yield Way("passes but channels_last", "all - channels_last", precision=precision)
    if work.chooses:
        return
    if on_gpu:
        yield Way("passes, graphs", "all", "graphs", precision)
        yield Way("passes, graphs", "all", "graphs", "bfloat16")
    if work.is_recurrent:
        return
    yield Way("passes, compile", "all", "compile", precision)
    if on_gpu:
        yield Way("passes, compile, graphs", "all", "compile+graphs", precision)
        yield Way("passes, compile, graphs", "all", "compile+graphs", "bfloat16")


def plan(
    works: Sequence[Work], precision: Precision, *, on_gpu: bool, compiles: bool
) -> list[tuple[Work, Way]]:
    """Return all rows: what starts at once, then what compiles, the most wanted of each first."""
    rows = [(w, way) for w in works for way in ways_of(w, precision, on_gpu=on_gpu)]
    return sorted((row for row in rows if compiles or not row[1].compiles), key=_turn)


def _turn(row: tuple[Work, Way]) -> int:
    work, way = row
    if way.compiles:
        return 1 if work.name in COMPILED_FIRST else 3
    return 2 if work.name.endswith("-256") else 0


def rows_of(
    planned: Sequence[tuple[Work, Way]], device: str, size: Size, end: float
) -> Iterator[Row]:
    """Yield rows until the time is over; `end` is by `time.monotonic`."""
    worker = Worker(measure)
    try:
        for work, way in planned:
            left = end - time.monotonic()
            if left < LEAST[way.compiles]:
                yield Row(work, way, None, "no time left")
                continue
            print(f"{work.title}: {way.name}, {way.precision}", file=sys.stderr)
            try:
                limit = min(left, LIMIT[way.compiles])
                yield Row(work, way, worker(Task(work, way, device, size, SECONDS), limit))
            except WorkFailedError as error:
                yield Row(work, way, None, str(error).replace("|", "/"))
    finally:
        worker.close()


def described(device: str) -> str:
    """Return the machine and the versions that numbers depend on."""
    lines = [f"{machine()}, {platform.system()}"]
    if device != "cpu":
        properties = torch.cuda.get_device_properties(device)
        lines.append(
            f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, compute capability "
            f"{properties.major}.{properties.minor}; CUDA {torch.version.cuda}, cuDNN "
            f"{torch.backends.cudnn.version()}"  # type: ignore[no-untyped-call]
        )
    return "\n".join(lines)


def printed(rows: Iterator[Row], json_file: Path | None, device: str) -> list[Row]:
    """Print rows as they come, and write them after each; return them."""
    about = described(device)
    print(f"{about}\n\n{HEAD}", flush=True)
    first: dict[str, float] = {}
    done: list[Row] = []
    for row in rows:
        if row.error == "no time left":
            done.append(row)
            continue
        if row.found is not None and row.way.name == PUBLISHED:
            first.setdefault(row.work.name, row.found.seconds)
        print(row.text(first.get(row.work.name, 0.0)), flush=True)
        done.append(row)
        if json_file is not None:
            json_file.write_text(json.dumps({"machine": about, "rows": list(map(asdict, done))}))
    missing = [f"{row.work.name}: {row.way.name}" for row in done if row.error == "no time left"]
    if missing:
        print(f"\nNo time was left for {len(missing)} rows: {'; '.join(missing)}.")
    return done


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measure, and return the rows."""
    names = tuple(work.name for work in WORKS)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu to try it")
    parser.add_argument("--minutes", type=float, default=9.5, help="for everything")
    parser.add_argument(
        "--works", type=partial(names_in, known=names), default=list(names), metavar="A,B",
        help=f"of {', '.join(names)}; else all",
    )  # fmt: skip
    parser.add_argument("--small", action="store_true", help="tiny networks, to try it")
    parser.add_argument(
        "--no-compile", dest="compiles", action="store_false", help="leave out torch.compile"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    given = parser.parse_args(arguments)
    end = time.monotonic() + 60 * given.minutes
    try:
        torch_device(given.device)
    except UserError as error:
        raise SystemExit(error.render()) from None
    on_gpu = given.device != "cpu"
    size = SMALL if given.small else Size()
    works = [work.sized(size) for work in WORKS if work.name in given.works]
    planned = plan(works, "tf32" if on_gpu else "float32", on_gpu=on_gpu, compiles=given.compiles)
    rows = rows_of(planned, given.device, size, end)
    return printed(rows, given.json, given.device)


if __name__ == "__main__":
    main()

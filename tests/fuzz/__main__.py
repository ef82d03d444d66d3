"""Feeds random inputs to all that the program reads: `python -m tests.fuzz`.

Each target runs in a process of its own, one after another: half of its inputs are made by a
grammar and by changes of seeds, half as coverage guides Atheris, where that is installed. Inputs
that fail go to the corpus, which the tests read again; then the exit code is 1.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import REPOSITORY
from tests.fuzz.corpus import keep
from tests.fuzz.feeder import GIVEN
from tests.fuzz.registry import TARGETS
from tests.fuzz.tally import Tally, table

MINUTES = 60.0
SHOWN = 10.0
"""Seconds between two lines of progress."""

ENGINES: Mapping[str, Sequence[str]] = {"grammar": (), "coverage": ("--coverage",)}
"""Options of `tests.fuzz.one` by the name of an engine."""


def engines_here() -> list[str]:
    """Return the engines that run here: that by coverage where Atheris is installed."""
    return [name for name in ENGINES if name != "coverage" or find_spec("atheris")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the targets by the arguments of the command line; return the exit code."""
    given = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    given.add_argument(
        "--target", action="append", choices=TARGETS, help="one of them; may be given several times"
    )
    given.add_argument("--inputs", type=int, help="how many inputs in all, instead of a time")
    given.add_argument("--minutes", type=float, default=MINUTES, help="time in all (%(default)g)")
    given.add_argument("--seed", type=int, default=0, help="the same seed gives the same inputs")
    given.add_argument("--engine", choices=ENGINES, help="one of them instead of all there are")
    wanted = given.parse_args(arguments)
    names = list(dict.fromkeys(wanted.target or TARGETS))
    engines = [wanted.engine] if wanted.engine else engines_here()
    parts = len(names) * len(engines)
    if wanted.inputs is None:
        share = ("--seconds", str(60 * wanted.minutes / parts))
    else:
        share = ("--inputs", str(-(-wanted.inputs // parts)))
    tallies = {name: Tally() for name in names}
    for name in names:
        for engine in engines:
            options = (*ENGINES[engine], "--seed", str(wanted.seed), *share)
            tallies[name].join(run(name, options))
    print(table(tallies))
    return int(any(tally.failures for tally in tallies.values()))


def run(name: str, options: Sequence[str]) -> Tally:
    """Run one target in a process, showing how far it is; return its last account."""
    tally, shown = Tally(), time.monotonic()
    with TemporaryDirectory(prefix="dslnas-fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.one", name, "--folder", folder, *options]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                tally = Tally.from_line(line)
                if time.monotonic() > shown + SHOWN:
                    shown = time.monotonic()
                    print(_progress(name, tally), file=sys.stderr, flush=True)
        if process.returncode:
            kind = _end(process.returncode)
            tally.failures[kind] = 1
            given = Path(folder) / GIVEN
            if given.exists():
                print(f"{name}: {kind}: {keep(name, kind, given.read_bytes())}", file=sys.stderr)
    return tally


def _end(code: int) -> str:
    return f"ends the process by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _progress(name: str, tally: Tally) -> str:
    failed = sum(tally.failures.values())
    return (
        f"{name}: {tally.inputs:,} inputs, {tally.right:,} read, {tally.told:,} refused, "
        f"{failed:,} failed, slowest {tally.seconds:.2f} s, largest {tally.megabytes:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())

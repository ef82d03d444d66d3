"""Feeds one target, in a process of its own: by a grammar and changes, or as coverage guides it."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr
from pathlib import Path


def main() -> None:
    """Feed one target by the arguments of the command line."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("target")
    given.add_argument("--folder", type=Path, required=True)
    given.add_argument("--seed", type=int, default=0)
    given.add_argument("--inputs", type=int, default=sys.maxsize)
    given.add_argument("--seconds", type=float, default=float("inf"))
    given.add_argument("--coverage", action="store_true")
    wanted = given.parse_args()
    with instrumented() if wanted.coverage else nullcontext():
        from tests.fuzz.engines import by_coverage, by_grammar
        from tests.fuzz.feeder import Feeder
        from tests.fuzz.registry import TARGETS

    feeder = Feeder(TARGETS[wanted.target], wanted.folder, wanted.inputs, wanted.seconds)
    feeder.tell()
    engine = by_coverage if wanted.coverage else by_grammar
    engine(feeder, wanted.seed, wanted.folder)


@contextmanager
def instrumented() -> Iterator[None]:
    """Let what is imported inside tell Atheris which of its code is reached."""
    import atheris

    # It names every module.
    with redirect_stderr(io.StringIO()), atheris.instrument_imports(include=["dslnas"]):
        yield


if __name__ == "__main__":
    main()

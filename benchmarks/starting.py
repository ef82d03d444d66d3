"""How long a user waits before anything is trained: importing, checking, compiling, a first step.

Each in processes of its own. The first step is that of the demo's search, once with an empty cache
of compiled loops, as after installation, and then again. `--stages` also times compiling within one
process, stage by stage and pass by pass: the supernet of 8 cells, and a network of 20 cells that is
derived from it; `first` is the first time, in which grammars are loaded.

    python benchmarks/starting.py
    python benchmarks/starting.py --turns 3 --stages --set network.channels=4
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np

from contest import Reached, print_reached
from dslnas.app.compile import architecture_text, compile_program
from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.backends.torch.bundles import with_bundles
from dslnas.diagnostics import UserError
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.graph.lower.network import build_supernet_graph, lower_network
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.passes.manager import PASSES, USUAL
from dslnas.source import SourceFile
from dslnas.space.derive.derive import derive
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.timing import seconds_of
from measuring import machine, uncollected
from workloads import SPECS, WORKLOADS, Workload, count, parsed, sized

Times = dict[str, list[float]]

CHECK = ("parse and link", "check", "lower", "check shapes")
"""Stages of `check`."""

GRAPH = ("build the graph", "passes", "plan")
"""Stages after it, before anything runs."""

DEMO, CIFAR10 = SPECS / "digits_darts.nas", SPECS / "cifar10_darts.nas"
IMPORT = """
import time
begin = time.perf_counter()
import dslnas
print(time.perf_counter() - begin)
"""
FIRST_STEP = """
import os, sys, tempfile
import dslnas

def listen(record):
    if type(record).__name__ == "StepRecord":
        os._exit(0)

spec = dslnas.compile_spec(sys.argv[1], sys.argv[3:])
dslnas.search(spec, tempfile.mkdtemp(dir=sys.argv[2]), report=listen)
raise SystemExit("no step was taken")
"""
"""A program that ends after the first step of the search of a spec."""


@contextmanager
def timed(times: Times, stage: str) -> Iterator[None]:
    """Append the seconds of the processor that the body takes."""
    begin = time.process_time()
    yield
    times.setdefault(stage, []).append(time.process_time() - begin)


def compile_once(workload: Workload, times: Times) -> CompiledSpace | CompiledArchitecture:
    """Compile a workload and append what every stage took, without collections of garbage."""
    with uncollected(), timed(times, "all"):
        source = SourceFile(workload.name, workload.program)
        with timed(times, "parse and link"):
            linked = link(source, parse_overrides(workload.changes))
        with timed(times, "check"):
            program = check(linked, TASK_SETTINGS)
        with timed(times, "lower"):
            space = lower(program, workload.shape, workload.classes)
        with timed(times, "check shapes"):
            if isinstance(space, SearchSpace):
                check_search(space)
            check_final(space)
        with timed(times, "build the graph"):
            if isinstance(space, SearchSpace):
                graph = build_supernet_graph(space)
            else:
                graph = lower_network(space, space.network, derived=True).graph()
        with timed(times, "passes"):
            for name in USUAL:
                with timed(times, f"  {name}"):
                    graph = PASSES[name].rewrite(graph)
        with timed(times, "plan"):
            with_bundles(graph, make_plan(graph, graph.outputs))
    return compile_program(workload.name, linked, program, workload.shape, workload.classes)


def derived(compiled: CompiledSpace, workload: Workload) -> Workload:
    """Return an architecture of a space as a workload: the best by scores drawn at random."""
    random = Random(0)
    cells = [compiled.space.cells[name] for name in compiled.space.searched]
    scores = {
        cell.name: [[random.random() for _ in edge.operations] for edge in cell.choices]
        for cell in cells
    }
    text = architecture_text(compiled, derive(compiled.space, scores), "Drawn at random.")
    return Workload("derived", "", text, workload.shape, workload.classes, workload.batch)


def rows(title: str, times: Times) -> list[str]:
    """Return the rows of a table, in the order in which stages end."""
    return [
        f"| {title} | {stage} | {1e3 * found[0]:.1f} | {1e3 * statistics.median(found[1:]):.1f} |"
        for stage, found in times.items()
    ]


def process_seconds(arguments: Sequence[str], turns: int, **environment: str) -> float:
    """Return the median seconds of processes of Python."""
    run = partial(
        subprocess.run,
        [sys.executable, *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, **environment},
    )
    return statistics.median(seconds_of(run) for _ in range(turns))


def import_seconds(turns: int) -> float:
    """Return the median seconds of an import in processes of its own."""
    command = [sys.executable, "-c", IMPORT]
    runs = (subprocess.run(command, check=True, capture_output=True) for _ in range(turns))
    return statistics.median(float(run.stdout) for run in runs)


def first_steps(turns: int) -> tuple[float, float, float]:
    """Return the seconds to the first step of a search, as after installation, and later.

    The last are those of a search on as many images as CIFAR-10 has; its step is of two.
    """
    with TemporaryDirectory() as folder:
        caches = {"NUMBA_CACHE_DIR": f"{folder}/cache"}
        searching = ["-c", FIRST_STEP, str(DEMO), folder]
        first, again = (process_seconds(searching, t, **caches) for t in (1, turns))
        write_noise(Path(folder))
        large = ["-c", FIRST_STEP, str(CIFAR10), folder, f"data.path={folder}", "data.batch=2"]
        process_seconds(large, 1, **caches)
        return first, again, process_seconds(large, turns, **caches)


def write_noise(folder: Path) -> None:
    """Write noise as CIFAR-10 comes: six files of 10,000 rows, a label and an image each."""
    drawn = np.random.default_rng(0)
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        rows = drawn.integers(0, 256, (10_000, 3073), np.uint8)
        rows[:, 0] %= 10
        rows.tofile(folder / f"{name}.bin")


def started(turns: int) -> list[Reached]:
    """Return what processes take until they have done something, and what is wanted."""
    first, again, large = first_steps(turns)
    return [
        Reached(
            "import dslnas",
            "time",
            import_seconds(turns),
            "< 0.1 s",
            " s",
        ),
        Reached(
            "dslnas check", "time", process_seconds(["-m", "dslnas", "check", str(DEMO)], turns),
            "< 0.5 s", " s",
        ),
        Reached(
            "search of digits to its first step", "time, nothing cached yet", first, "< 3 s", " s"
        ),
        Reached("search of digits to its first step", "time, later", again, "< 3 s", " s"),
        Reached("search of 60,000 images of CIFAR's size", "time, later", large, "< 3 s", " s"),
    ]  # fmt: skip


def compiled_stages(supernet: Workload, turns: int) -> None:
    """Print how long the stages of compiling take."""
    print("| what | stage | first, ms | median, ms |\n| --- | --- | ---: | ---: |", flush=True)
    times: Times = {}
    for _ in range(turns + 1):
        compiled = compile_once(supernet, times)
    cells = len(compiled.network.layout)
    print(*rows(f"supernet, {cells} cells", times), sep="\n", flush=True)
    assert isinstance(compiled, CompiledSpace), "there are choices"
    architecture, times = derived(compiled, supernet), {}
    for _ in range(turns + 1):
        compiled = compile_once(architecture, times)
    cells = len(compiled.network.layout)
    print(*rows(f"derived network, {cells} cells", times), sep="\n", flush=True)


def main(arguments: Sequence[str] | None = None) -> list[Reached]:
    """Print the tables, and return what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=count, default=5, help="timed after the first time")
    parser.add_argument("--stages", action="store_true", help="print those of compiling, too")
    given = parsed(parser, arguments)
    print(f"{machine()}\n")
    try:
        if given.stages:
            compiled_stages(sized(WORKLOADS["cells-16"], given), given.turns)
    except UserError as error:
        raise SystemExit(error.render()) from None
    reached = started(given.turns)
    print_reached(reached)
    return reached


if __name__ == "__main__":
    main()

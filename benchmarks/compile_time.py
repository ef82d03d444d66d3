"""How long compiling takes, from text to a plan, stage by stage and pass by pass.

The supernet of 8 cells, and a network of 20 cells that is derived from it, written out as text and
compiled as such. `first` is the first time in this process, in which grammars are loaded; the
passes are those of a network, each verified behind it. `dslnas check` is a process of its own.

    python benchmarks/compile_time.py
    python benchmarks/compile_time.py --turns 3 --set network.channels=4
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from random import Random

from dslnas.app.compile import (
    CompiledArchitecture,
    CompiledSpace,
    architecture_text,
    compile_program,
)
from dslnas.backends.torch.bundles import with_bundles
from dslnas.diagnostics import UserError
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.graph.lower.network import build_supernet_graph, lower_network
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.passes.manager import run_passes
from dslnas.source import SourceFile
from dslnas.space.derive.derive import derive
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.timing import seconds_of
from measuring import machine
from workloads import SPECS, WORKLOADS, Workload, count, parsed, sized

Times = dict[str, list[float]]


@contextmanager
def timed(times: Times, stage: str) -> Iterator[None]:
    """Append how long the body takes."""
    begin = time.perf_counter()
    yield
    times.setdefault(stage, []).append(time.perf_counter() - begin)


def compile_once(workload: Workload, times: Times) -> CompiledSpace | CompiledArchitecture:
    """Compile a workload and append what every stage took."""
    with timed(times, "all"):
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
        with timed(times, "passes, verified"):
            for passed in run_passes(graph):
                times.setdefault(f"  {passed.name}", []).append(passed.seconds)
                graph = passed.graph
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


def process_times(turns: int, arguments: Sequence[str]) -> Times:
    """Return how long processes of the command line take."""
    command = [sys.executable, "-m", "dslnas", *arguments]
    run = partial(subprocess.run, command, check=True, capture_output=True)
    return {"all": [seconds_of(run) for _ in range(turns + 1)]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=count, default=5, help="timed after the first time")
    given = parsed(parser, arguments)
    supernet = sized(WORKLOADS["cells-16"], given)
    print(f"{machine()}\n\n| what | stage | first, ms | median, ms |")
    print("| --- | --- | ---: | ---: |", flush=True)
    spec = str(SPECS / "digits_darts.nas")
    print(
        *rows("`dslnas check`", process_times(given.turns, ["check", spec])), sep="\n", flush=True
    )
    try:
        times: Times = {}
        for _ in range(given.turns + 1):
            compiled = compile_once(supernet, times)
        cells = len(compiled.network.layout)
        print(*rows(f"supernet, {cells} cells", times), sep="\n", flush=True)
        assert isinstance(compiled, CompiledSpace), "there are choices"
        architecture, times = derived(compiled, supernet), {}
        for _ in range(given.turns + 1):
            compiled = compile_once(architecture, times)
        cells = len(compiled.network.layout)
        print(*rows(f"derived network, {cells} cells", times), sep="\n", flush=True)
    except UserError as error:
        raise SystemExit(error.render()) from None


if __name__ == "__main__":
    main()

"""What a search step costs by method, relative to the first row: DARTS of second order.

Supernet of the CIFAR-10 papers: 8 cells, 16 channels, the 8 operations of DARTS, 32 x 32 images of
noise. NASP runs on the same space, and on its own one of 12 operations. All engines take turns in
one process, so that they meet the same machine; the times are medians of the turns. The memory is
the peak of a process of its own, above what it needed before its first step.

    python benchmarks/steps.py                     # batch 16
    python benchmarks/steps.py --batch 64 --turns 3
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.engines.engine import Engine
from dslnas.engines.nasp import Nasp
from dslnas.graph.build import build_supernet_graph
from dslnas.language.check import check
from dslnas.language.link import link
from dslnas.settings.search import SEARCH
from dslnas.source import SourceFile
from dslnas.space.lower import lower

IMAGE, CLASSES = (3, 32, 32), 10


@dataclass(frozen=True)
class Case:
    """A method on a space; `settings` are what differs from its defaults."""

    name: str
    library: str
    method: str
    settings: dict[str, Any]


CASES = (
    Case("DARTS second order", "papers.darts", "darts", {"order": "second"}),
    Case("DARTS second order, exact", "papers.darts", "darts",
         {"order": "second", "hessian": "exact"}),
    Case("MiLeNAS second order", "papers.darts", "milenas", {"order": "second"}),
    Case("DARTS first order", "papers.darts", "darts", {}),
    Case("MiLeNAS first order", "papers.darts", "milenas", {}),
    Case("MiLeNAS first order, alternating", "papers.darts", "milenas",
         {"update": "alternating"}),
    Case("single-level", "papers.darts", "single_level", {}),
    Case("SNAS", "papers.darts", "snas", {}),
    Case("GDAS", "papers.darts", "gdas", {}),
    Case("NASP", "papers.darts", "nasp", {}),
    Case("NASP, 12 operations", "papers.nasp", "nasp", {}),
    Case("random sampling", "papers.darts", "random", {}),
)  # fmt: skip


def engine_of(case: Case, seed: int) -> Engine:
    """Return the engine of a case, ready for its first step."""
    space = lower(check(link(SourceFile("benchmark", f"use {case.library}"))), IMAGE, CLASSES)
    generator = torch.Generator().manual_seed(seed)
    supernet = Supernet(space, build_supernet_graph(space), generator, torch.device("cpu"))
    supernet.network.train()
    engine = make_engine(case.method, supernet, SEARCH[case.method](**case.settings), generator)
    engine.start_epoch(0)
    return engine


def batches_of(size: int, seed: int) -> tuple[Batch, Batch]:
    """Return a batch for the weights and one for alpha."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn((2, size, *IMAGE), generator=generator)
    labels = torch.randint(CLASSES, (2, size), generator=generator)
    return Batch(images[0], labels[0]), Batch(images[1], labels[1])


def seconds_of(engine: Engine, batches: tuple[Batch, Batch], turn: int) -> float:
    """Return how long a step takes; NASP's from a random A, as it is all ties in the beginning."""
    if isinstance(engine, Nasp):
        generator = torch.Generator().manual_seed(turn)
        for continuous in engine.alphas().values():
            continuous.uniform_(generator=generator)
    begin = time.perf_counter()
    engine.step(*batches)
    return time.perf_counter() - begin


def peak_mib(number: int, size: int) -> float:
    """Return the peak memory of two steps in a process of their own, in MiB."""
    arguments = [sys.executable, __file__, "--case", str(number), "--batch", str(size)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure_peak(case: Case, size: int) -> float:
    """Return how much two steps add to this process's peak memory, in MiB."""
    engine, batches = engine_of(case, 0), batches_of(size, 0)
    before = high_water_mib()
    for _ in range(2):
        engine.step(*batches)
    return high_water_mib() - before


def high_water_mib() -> float:
    """Return the peak memory of this process so far, in MiB; Linux tells, others give 0.

    `getrusage` would count the parent's memory too, from before this program was loaded.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=16, help="examples in a batch")
    parser.add_argument("--turns", type=int, default=5, help="timed steps of every engine")
    parser.add_argument("--only", default="", help="numbers of rows, such as 1,4,5,10")
    parser.add_argument("--case", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.case is not None:
        print(measure_peak(CASES[given.case], given.batch))
        return
    print(
        f"8 cells, 16 channels, batch {given.batch}, plain lowering; torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads, {platform.processor() or platform.machine()}\n"
    )
    batches = batches_of(given.batch, 0)
    wanted = [int(n) - 1 for n in given.only.split(",")] if given.only else range(len(CASES))
    engines = {number: engine_of(CASES[number], 0) for number in wanted}
    for engine in engines.values():
        engine.step(*batches)  # the first step allocates
    times: dict[int, list[float]] = {number: [] for number in engines}
    for turn in range(given.turns):
        for number, engine in engines.items():
            times[number].append(seconds_of(engine, batches, turn))
    engines.clear()
    medians = {number: statistics.median(found) for number, found in times.items()}
    slowest = medians[next(iter(medians))]
    print(f"| {'method':<32} | s per step | share | times less | peak MiB |")
    print(f"| {'-' * 32} | ---------: | ----: | ---------: | -------: |", flush=True)
    for number, median in medians.items():
        ratios = f"{median / slowest:5.1%} | {slowest / median:10.1f}"
        peak = peak_mib(number, given.batch)
        line = f"| {CASES[number].name:<32} | {median:10.2f} | {ratios} | {peak:8.0f} |"
        print(line, flush=True)


if __name__ == "__main__":
    main()

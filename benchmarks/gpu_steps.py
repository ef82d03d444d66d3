"""What `gpu.py` measures: works, ways of doing them, and what one costs on a device."""

from __future__ import annotations

import gc
import statistics
import time
from contextlib import nullcontext
from dataclasses import dataclass, replace

import torch

import training
from contest import Step
from dslnas.app.runtime import torch_device
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.tensor_float import EVERYTHING, NOTHING
from dslnas.backends.torch.threads import wait_for
from dslnas.passes.manager import passes_named
from dslnas.settings.precision import Execution, Precision
from methods import ours, published
from workloads import WORKLOADS, Workload

FEWEST, MOST = 3, 20
"""Steps that are timed."""

WARM_UP = 3
"""Steps before: the first loads and plans, the second of each kind records, the third plays."""


@dataclass(frozen=True)
class Size:
    """Sizes of the networks.

    Attributes:
        derived: Cells and channels of the derived network.
        supernet: Those of the supernet.
        hidden: Units of the recurrent cell.
        steps: Tokens of a segment.
        words: Size of the vocabulary.
        batch: Images, or segments, instead of those of a work.
    """

    derived: tuple[int, int] = (20, 36)
    supernet: tuple[int, int] = (8, 16)
    hidden: int = 300
    steps: int = 35
    words: int = 10_000
    batch: int | None = None


SMALL = Size((3, 4), (3, 4), 8, 4, 20, 4)


@dataclass(frozen=True)
class Work:
    """A step.

    Attributes:
        name: Name that the user calls it by.
        title: What it is, without its size.
        method: Method of `methods.py` that searches; empty for the training of a derived network.
        batch: Images, or segments.
        is_recurrent: Whether cells are recurrent.
        chooses: Whether operations are chosen at every step: neither recorded nor compiled.
    """

    name: str
    title: str
    method: str
    batch: int
    is_recurrent: bool = False
    chooses: bool = False

    def sized(self, size: Size) -> Work:
        """Return it in a size: with its batch, and named by all of it."""
        cells, channels = size.supernet if self.method else size.derived
        network = f"{size.hidden} units" if self.is_recurrent else f"{cells} x {channels}"
        batch = size.batch or self.batch
        return replace(self, title=f"{self.title}, {network}, batch {batch}", batch=batch)


@dataclass(frozen=True)
class Way:
    """A way of doing a work.

    Attributes:
        name: What it is.
        passes: Those of this tool; None for the published network.
        execution: See `Runtime`.
        precision: See `Runtime`.
        last: Whether the published network lies in `channels_last`.
    """

    name: str
    passes: str | None
    execution: Execution = "eager"
    precision: Precision = "float32"
    last: bool = False

    @property
    def compiles(self) -> bool:
        """Whether it takes minutes to start."""
        return self.execution.startswith("compile")


@dataclass(frozen=True)
class Task:
    """A work in a way on a device, with the seconds for its timed steps."""

    work: Work
    way: Way
    device: str
    size: Size
    seconds: float


@dataclass(frozen=True)
class Measured:
    """Cost of a way.

    Attributes:
        seconds: Median of the timed steps.
        steps: How many they are.
        start: Seconds of making it and of the steps before.
        peak: MiB of the GPU's memory at most, above what was there before; 0 on a CPU.
    """

    seconds: float
    steps: int
    start: float
    peak: float


def measure(task: Task) -> Measured:
    """Return what a way costs."""
    device, begin = torch_device(task.device), time.perf_counter()
    if device.type == "cpu":  # steps to try the program: threads would wait more than they compute
        torch.set_num_threads(1)
    before = _memory_starts(device)
    step = step_of(task, device)
    for turn in range(WARM_UP):
        step(turn)
    wait_for(device)
    start = time.perf_counter() - begin
    times: list[float] = []
    while len(times) < FEWEST or (len(times) < MOST and sum(times) < task.seconds):
        times.append(_seconds(step, len(times), device))
    peak = 0.0
    if device.type == "cuda":
        peak = (torch.cuda.max_memory_allocated(device) - before) / 2**20
    return Measured(statistics.median(times), len(times), start, peak)


def _memory_starts(device: torch.device) -> int:
    if device.type != "cuda":
        return 0
    gc.collect()  # what was measured before
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)


def _seconds(step: Step, turn: int, device: torch.device) -> float:
    """Return how long a step takes; events of the GPU count what it waits for the host, too."""
    if device.type != "cuda":
        begin = time.perf_counter()
        step(turn)
        return time.perf_counter() - begin
    first, last = (
        torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        for _ in range(2)
    )
    wait_for(device)
    first.record()
    step(turn)
    last.record()
    last.synchronize()
    return float(first.elapsed_time(last)) / 1000


def step_of(task: Task, device: torch.device) -> Step:
    """Return the step of a way, made from scratch."""
    way = task.way
    (EVERYTHING if way.precision == "tf32" else NOTHING).apply()
    if way.passes is None:
        return _in_precision(_published(task, device), way, device)
    runtime = Runtime(device, passes_named(way.passes), way.execution, way.precision)
    return _ours(task, runtime)


def _in_precision(step: Step, way: Way, device: torch.device) -> Step:
    def run(turn: int) -> object:
        mixed = way.precision == "bfloat16"
        with torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext():
            return step(turn)

    return run


def _published(task: Task, device: torch.device) -> Step:
    work, size = task.work, task.size
    layout = torch.channels_last if task.way.last else torch.contiguous_format
    if not work.method:
        return training.published(*size.derived, work.batch, layout, device)
    return published(workload_of(task), work.method, layout, device)


def _ours(task: Task, runtime: Runtime) -> Step:
    work = task.work
    if not work.method:
        return training.ours(*task.size.derived, work.batch, runtime)
    step = ours(workload_of(task), work.method, not runtime.passes, runtime=runtime)

    def run(turn: int) -> object:
        found = step(turn)
        wait_for(runtime.device)  # as the published step does, for its loss
        return found

    return run


def workload_of(task: Task) -> Workload:
    """Return the supernet of a work, in its size."""
    work, size = task.work, task.size
    if work.is_recurrent:
        return replace(
            WORKLOADS["recurrent"],
            batch=work.batch,
            steps=size.steps,
            classes=size.words,
            changes=(f"network.channels={size.hidden}",),
        )
    cells, channels = size.supernet
    kinds = ["reduction" if i in (cells // 3, 2 * cells // 3) else "normal" for i in range(cells)]
    program = f"use papers.darts\nnetwork {{ channels {channels}; cells {', '.join(kinds)} }}\n"
    return replace(WORKLOADS["cells-64"], program=program, batch=work.batch)

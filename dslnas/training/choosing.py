"""Choosing how the steps of a stage run, by taking some of them in several ways.

A way costs what it takes to start and then so many steps. Of execution, layout and precision one
is varied after the other, each from the best way so far: first those that start at once, and
torch.compile last, since kernels are only worth compiling for if launching them is not what takes
the time. A less precise way has to save a tenth. All that is measured is forgotten but its times:
the stage itself comes to what it comes to if the way is asked for by name.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.threads import wait_for
from dslnas.backends.torch.torch_compile import check_compiler
from dslnas.passes.channels_last import CHANNELS_LAST
from dslnas.timing import median_seconds, seconds_of
from dslnas.training.choice import Chosen, Tried, Way

Make = Callable[[Runtime], Callable[[], object]]
"""Makes everything anew that runs in some way, and returns what takes a step of it."""

LAYOUT = CHANNELS_LAST.name

WARM_UP, TIMED = 3, 5
"""Steps before and steps that are timed."""

SHORT = 300.0
"""Seconds of a stage below which nothing is compiled for it: compiling takes minutes."""

LESS = {"float32": 1.0, "tf32": 0.9, "bfloat16": 0.9}
"""Share of the best time that a way may take at most, by its precision."""


def choose(runtime: Runtime, make: Make, steps: int, *, is_sequence: bool) -> Chosen:
    """Return the best way for a stage of so many steps.

    Args:
        runtime: Runtime as it is asked for, of which `auto` is chosen.
        make: Makes the stage in a way that is settled.
        steps: Steps of the stage.
        is_sequence: Whether cells are recurrent.

    Raises:
        Exception: Not even the plainest way runs; whatever it raises.
    """
    tried = [_tried(runtime, make, _plainest(runtime))]
    best = tried[0]
    for vary in _variations(runtime, is_sequence=is_sequence):
        way = vary(best.way)
        if way == best.way:
            continue
        is_asked_for = way.execution == best.way.execution
        if _compiles(way) and not is_asked_for and _whole(best, steps) < SHORT:
            found = Tried(way=way, why_not="not worth it for so short a stage")
        else:
            found = _attempted(runtime, make, way)
        tried.append(found)
        share = 1.0 if way.precision == best.way.precision else LESS[way.precision]
        if found.step is not None and _whole(found, steps) < share * _whole(best, steps):
            best = found
    return Chosen(way=best.way, steps=steps, tried=tuple(tried))


def settled(runtime: Runtime, way: Way) -> Runtime:
    """Return a runtime with the way that was chosen for it."""
    passes = tuple(name for name in runtime.passes if way.channels_last or name != LAYOUT)
    return replace(runtime, passes=passes, execution=way.execution, precision=way.precision)


def _plainest(runtime: Runtime) -> Way:
    return Way(
        execution="eager" if runtime.execution == "auto" else runtime.execution,
        precision="float32" if runtime.precision == "auto" else runtime.precision,
        channels_last=LAYOUT in runtime.passes,
    )


def _variations(runtime: Runtime, *, is_sequence: bool) -> Iterator[Callable[[Way], Way]]:
    on_gpu, chooses = runtime.device.type == "cuda", runtime.execution == "auto"

    def changed(way: Way, **changes: object) -> Way:
        return way.model_copy(update=changes)

    if chooses and on_gpu:
        yield partial(changed, execution="graphs")
    if chooses and LAYOUT in runtime.passes and not is_sequence:
        yield partial(changed, channels_last=False)
    if runtime.precision == "auto":
        if on_gpu:
            yield partial(changed, precision="tf32")
        if not on_gpu or torch.cuda.is_bf16_supported(including_emulation=False):
            yield partial(changed, precision="bfloat16")
    if chooses and not is_sequence:
        yield lambda way: changed(way, execution=_compiled(way))


def _compiled(way: Way) -> str:
    return "compile+graphs" if way.execution == "graphs" else "compile"


def _compiles(way: Way) -> bool:
    return way.execution.startswith("compile")


def _whole(tried: Tried, steps: int) -> float:
    assert tried.start is not None
    assert tried.step is not None
    return tried.start + steps * tried.step


def _attempted(runtime: Runtime, make: Make, way: Way) -> Tried:
    try:
        return _tried(runtime, make, way)
    except Exception as error:  # whatever compilers and drivers raise: the plainest way is there
        lines = (line.strip() for line in str(error).splitlines())
        return Tried(way=way, why_not=next(filter(None, lines), type(error).__name__))


def _tried(runtime: Runtime, make: Make, way: Way) -> Tried:
    """Return what was measured of a way, of which nothing else is left."""
    try:
        return _measured(runtime, make, way)
    finally:
        gc.collect()  # recordings and their network hold each other, with the memory of a step
        if runtime.device.type == "cuda":
            torch.cuda.empty_cache()


def _measured(runtime: Runtime, make: Make, way: Way) -> Tried:
    as_chosen = settled(runtime, way)
    wait = partial(wait_for, runtime.device)
    begin = time.perf_counter()
    if as_chosen.compiles:
        check_compiler(runtime.device)
    step = make(as_chosen)
    for _ in range(WARM_UP):
        seconds_of(step, wait)
    start = time.perf_counter() - begin
    seconds = median_seconds(step, TIMED, wait=wait)
    return Tried(way=way, start=round(start, 3), step=round(seconds, 6))

"""`dslnas estimate`: what a spec will need and take, before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import Compiled
from dslnas.app.runtime import RuntimeOptions, make_runtime
from dslnas.cli.options import (
    json_option,
    print_json,
    set_option,
    spec_argument,
)
from dslnas.cli.printing import say
from dslnas.cli.render.tables import aligned
from dslnas.cli.runtime import runtime_options
from dslnas.graph.analysis.memory import shown

if TYPE_CHECKING:
    from dslnas.training.estimate import Estimate

UNITS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


@click.command("estimate")
@spec_argument
@set_option
@click.option(
    "--steps",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="Steps whose time is taken, of the search and of the training; 0: none.",
)
@runtime_options
@json_option
def estimate_(
    spec: Path, overrides: tuple[str, ...], steps: int, how: RuntimeOptions, as_json: bool
) -> None:
    """Estimate memory and time of SPEC: of its search, and of training what it finds.

    Memory is counted from the graphs of the networks. Time is measured on a few steps, on the data
    or, if they are not there, on noise of their shape. What the search finds is stood for by an
    architecture that is drawn at random.
    """
    compiled = compile_spec(spec, overrides)
    from dslnas.app.estimate import estimate
    from dslnas.cli.render.progress import progress
    from dslnas.training.memory_check import memory_of

    runtime = make_runtime(compiled, **how)
    with progress(quiet=as_json) as report:
        stages = estimate(compiled, runtime, steps, report)
    device, there = str(runtime.device), memory_of(runtime.device)
    if as_json:
        facts = {"spec": compiled.name, **runtime.facts(), "memory_bytes": there}
        print_json({**facts, "stages": [_as_json(stage) for stage in stages]})
    else:
        say(_text(compiled, device, there, stages))


def _as_json(stage: Estimate) -> dict[str, Any]:
    needs = stage.needs
    return {
        "stage": stage.stage,
        "params": needs.params,
        "weights_bytes": needs.weights,
        "activations_bytes": needs.kept,
        "peak_bytes": needs.peak,
        "fits": stage.fits,
        "seconds_per_step": stage.step,
        "steps_per_epoch": stage.steps,
        "epochs": stage.epochs,
        "seconds_per_epoch": stage.epoch,
        "seconds": stage.whole,
    }


def _text(compiled: Compiled, device: str, there: int | None, stages: Sequence[Estimate]) -> str:
    """Return the estimates for people, a column for each stage."""
    rows = [
        ("", *(stage.stage for stage in stages)),
        ("parameters", *(f"{s.needs.params:,}" for s in stages)),
        ("weights, gradients, momentum", *(shown(s.needs.weights) for s in stages)),
        ("activations for the backward pass", *(shown(s.needs.kept) for s in stages)),
        ("peak memory, without the data", *(shown(s.needs.peak) for s in stages)),
        ("a step", *(time_text(s.step) for s in stages)),
        ("steps of an epoch", *("?" if s.steps is None else f"{s.steps:,}" for s in stages)),
        ("an epoch", *(time_text(s.epoch) for s in stages)),
        ("epochs", *(f"{s.epochs:,}" for s in stages)),
        ("all epochs", *(time_text(s.whole) for s in stages)),
    ]
    memory = "" if there is None else f", which has {shown(there)} of memory"
    lines = [f"{compiled.name} on {device}{memory}", "", *aligned(rows, left=("",)), ""]
    for stage in stages:
        if not stage.fits:
            lines.append(f"The {stage.stage} does not fit: no step was taken.")
    if any(stage.steps is None for stage in stages):
        lines.append("How many steps an epoch has is known once `data.path` is given.")
    lines.append("Epochs are their steps alone, without the measurement after each.")
    return "\n".join(lines)


def time_text(seconds: float | None) -> str:
    """Return a time for people; `?` if it is not known."""
    if seconds is None:
        return "?"
    for size, unit in UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.3f} s"

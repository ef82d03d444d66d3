"""`dslnas estimate`: what a spec will need and take, before it runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dslnas.app.compile import Compiled, compile_spec
from dslnas.cli.options import (
    json_option,
    print_json,
    set_option,
    spec_argument,
)
from dslnas.cli.render.tables import aligned
from dslnas.cli.runtime import RuntimeOptions, runtime_options
from dslnas.graph.analysis.memory import shown

if TYPE_CHECKING:
    from dslnas.backends.torch.runtime import Runtime
    from dslnas.data.dataset import Data
    from dslnas.training.estimate import Estimate

UNITS = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))


@click.command()
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
def estimate(
    spec: Path, overrides: tuple[str, ...], steps: int, how: RuntimeOptions, as_json: bool
) -> None:
    """Estimate memory and time of SPEC: of its search, and of training what it finds.

    Memory is counted from the graphs of the networks. Time is measured on a few steps, on the data
    or, if they are not there, on noise of their shape. What the search finds is stood for by an
    architecture that is drawn at random.
    """
    from dslnas.training.memory_check import memory_of

    compiled = compile_spec(spec, overrides)
    runtime = how.runtime(compiled)
    stages = _stages(compiled, runtime, steps, quiet=as_json)
    device, there = str(runtime.device), memory_of(runtime.device)
    if as_json:
        facts = {"spec": compiled.name, **runtime.facts(), "memory_bytes": there}
        print_json({**facts, "stages": [_as_json(stage) for stage in stages]})
    else:
        click.echo(_text(compiled, device, there, stages))


def _stages(compiled: Compiled, runtime: Runtime, steps: int, *, quiet: bool) -> list[Estimate]:
    from dslnas.settings.rule import Derivation
    from dslnas.training.baseline import random_architecture
    from dslnas.training.estimate import estimate_search, estimate_training
    from dslnas.training.search_plan import SearchPlan
    from dslnas.training.synthetic_data import published_steps

    program, space = compiled.program, compiled.space
    searches = not space.is_architecture and program.search is not None
    is_there = _is_there(compiled)
    _say("Reading the data" if is_there else "The data are not here: noise stands for them", quiet)
    data = _data(compiled, runtime, is_there=is_there, searches=searches)
    found = []
    if searches:
        assert program.search is not None
        assert program.engine is not None, "a search has a method"
        _say(f"Searching by {program.engine} for {steps} steps", quiet)
        batch = program.data.batch
        count = (
            data.weights.batch_count(batch) if is_there else published_steps(program.data, batch, 1)
        )
        plan = SearchPlan(program.engine, program.search, program.data, program.derivation)
        graph = compiled.graph
        found.append(estimate_search(space, graph, plan, data, count, runtime, steps))
    architecture = space
    if not space.is_architecture:  # limits are left out: a latency would have to be measured
        rule = Derivation(rule=program.derivation.rule)
        architecture = random_architecture(space, rule, 0, runtime.device)
    _say(f"Training an architecture for {steps} steps", quiet)
    settings = program.evaluate
    count = (
        data.training.batch_count(settings.batch)
        if is_there
        else published_steps(program.data, settings.batch, 2)
    )
    found.append(
        estimate_training(architecture, settings, program.data, data, count, runtime, steps)
    )
    return found


def _is_there(compiled: Compiled) -> bool:
    """Whether the data can be read: by their path, or because they come along."""
    data, network = compiled.program.data, compiled.program.network
    embedded = data.source == "text" and network.classes is None
    return bool(data.path) or data.source == "digits" or embedded


def _data(compiled: Compiled, runtime: Runtime, *, is_there: bool, searches: bool) -> Data:
    from dslnas.data.tensors import load
    from dslnas.training.synthetic_data import noise

    program, network = compiled.program, compiled.space.network
    if is_there:
        return load(program.data, runtime.device, runtime.dtype, searching=searches)
    batch = max(program.data.batch, program.evaluate.batch)
    return noise(program.data, network.input, network.classes, batch, runtime.device, runtime.dtype)


def _say(what: str, quiet: bool) -> None:
    if not quiet:
        click.echo(what, err=True)


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

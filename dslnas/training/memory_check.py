"""An error before anything is trained, if it cannot fit into the memory that there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.data.dataset import Data
from dslnas.diagnostics import user_error
from dslnas.graph.analysis.memory import fits, memory_bytes, shown
from dslnas.settings.data_base import DataSettings
from dslnas.settings.rule import Derivation
from dslnas.settings.sections import EvaluateSettings
from dslnas.space.architecture import Architecture
from dslnas.training.baseline import random_architecture
from dslnas.training.memory_estimate import Needs, search_needs, training_needs
from dslnas.training.search_plan import SearchPlan

DRAWN = 3
"""Architectures that are drawn of a space before none of it is said to fit."""


def check_search_fits(plan: SearchPlan, data: Data, runtime: Runtime) -> None:
    """Raise NAS408 unless a search fits into memory, with both numbers and what would help."""

    def needs_of(parts: int) -> Needs:
        settings = plan.settings.replace(accumulate=parts)
        return search_needs(replace(plan, settings=settings), runtime)

    accumulate = plan.settings.accumulate
    _check(needs_of, accumulate, plan.data.batch, ("search", "data.batch"), data, runtime.device)


def check_training_fits(
    architecture: Architecture,
    settings: EvaluateSettings,
    data_settings: DataSettings,
    data: Data,
    runtime: Runtime,
) -> None:
    """Raise NAS408 unless a training fits into memory, see `check_search_fits`."""

    def needs_of(parts: int) -> Needs:
        changed = settings.replace(accumulate=parts)
        return training_needs(architecture, changed, data_settings, runtime)

    stage = ("evaluate", "evaluate.batch")
    _check(needs_of, settings.accumulate, settings.batch, stage, data, runtime.device)


def check_found_fits(
    plan: SearchPlan, settings: EvaluateSettings, data: Data, runtime: Runtime
) -> None:
    """Raise NAS408 if what a search finds will not fit into memory when it is trained.

    It is not known yet, so some architectures are drawn at random: one that fits is enough.
    """
    rule = Derivation(rule=plan.derivation.rule)  # limits may have to be measured
    stored, there = sum(part.nbytes for part in data.parts), memory_of(runtime.device)
    found: list[tuple[int, Architecture]] = []
    for seed in range(DRAWN):
        drawn = random_architecture(plan.space, rule, seed)
        peak = training_needs(drawn, settings, plan.data, runtime).peak
        if fits(peak + stored, there):
            return
        found.append((peak, drawn))
    _, least = min(found, key=lambda one: one[0])
    check_training_fits(least, settings, plan.data, data, runtime)


def _check(
    needs_of: Callable[[int], Needs],
    parts: int,
    batch: int,
    stage: tuple[str, str],
    data: Data,
    device: torch.device,
) -> None:
    """Check a stage: its section, and the setting of its batch."""
    needs, there = needs_of(parts), memory_of(device)
    stored = sum(part.nbytes for part in data.parts)
    if fits(needs.peak + stored, there):
        return
    assert there is not None, "what is not known fits"
    section, batch_setting = stage
    cures = [f"a smaller `{batch_setting}`"]
    while 4 * parts <= batch:  # every part has two examples
        parts *= 2
        if fits(needs_of(parts).peak + stored, there):
            cures.append(f"`{section}.accumulate={parts}`")
            break
    where = f"`{device}`" if device.type == "cuda" else "this machine"
    raise user_error(
        "NAS408",
        f"`{section}` needs about {shown(needs.peak + stored)}: {shown(needs.kept)} for the "
        f"activations of a batch of {batch}, {shown(needs.weights)} for weights; "
        f"{where} has {shown(there)}",
        where="memory",
        help=f"use {', '.join(cures)}, fewer `channels`, or fewer cells (`repeat`)",
    )


def memory_of(device: torch.device) -> int | None:
    """Return the memory of a device, or of the machine, in bytes; None if it is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return memory_bytes()

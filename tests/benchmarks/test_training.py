"""The benchmark of a training step: all ways run the same network, and goals stand beside."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

import training
from contest import CHANNELS_LAST, OURS, PUBLISHED, Cost, Goal, Step, costs_of, ratios_of
from dslnas.graph.lower.network import build_derived_graph

needs_linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux")


def test_this_tools_network_is_the_published_one() -> None:
    _, architecture = training.checked(training.program_of(20, 36, 16))
    graph = build_derived_graph(architecture, training=True)
    assert graph.params() == 3_825_768  # as published, with the auxiliary head


@pytest.mark.slow
def test_a_step_of_every_way_is_timed_and_compared(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--cells=3", "--channels=4", "--batch=2", "--turns=1", "--no-memory"]
    reached = training.main(options)
    assert [row.measured for row in reached] == [
        f"time, times less than {PUBLISHED}",
        f"time, times less than {CHANNELS_LAST}",
        "augmented batch, share of a step",
    ]
    assert all(row.number > 0 for row in reached)
    rows = capsys.readouterr().out.splitlines()
    ways = [row.split(" | ")[1] for row in rows if row.startswith("| training")]
    assert ways[:3] == [PUBLISHED, CHANNELS_LAST, OURS]


def test_ratios_are_those_of_seconds_or_of_memory() -> None:
    costs = {PUBLISHED: Cost(3.0, 100.0), OURS: Cost(1.5, 50.0)}
    goals = (Goal(PUBLISHED, 2.0, 1.5), Goal(PUBLISHED, 1.0, of="memory"), Goal("other", 3.0))
    found = ratios_of("work", costs, goals)
    assert [row.number for row in found] == [2.0, 2.0]
    expected = "| work | time, times less than published | 2.00 | 2, at least 1.5 |  |"
    assert str(found[0]) == expected


@pytest.mark.slow
@needs_linux
def test_the_memory_of_a_step_is_that_of_its_tensors() -> None:
    costs = costs_of({"large": partial(_allocating, 2**24)}, 1, {"large": partial(_allocating, 1)})
    assert 60 < costs["large"].peak < 80


def _allocating(numbers: int) -> Step:
    return lambda turn: torch.ones(numbers)  # of four bytes

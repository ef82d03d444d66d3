"""The benchmark of a training step: all ways run the same network, and goals stand beside."""

from __future__ import annotations

import pytest

import training
from contest import CHANNELS_LAST, OURS, PUBLISHED, Cost, Goal, ratios_of
from dslnas.graph.lower.network import build_derived_graph


def test_this_tools_network_is_the_published_one() -> None:
    _, architecture = training.checked(training.program_of(20, 36, 16))
    graph = build_derived_graph(architecture, training=True)
    assert graph.params() == 3_825_768  # as published, with the auxiliary head


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

"""The benchmarks of search steps: what they compare computes the same, and they run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import compile_time
import growth
import profile_step
import supernets
from dslnas.app.compile import CompiledArchitecture, CompiledSpace
from dslnas.graph.graph import Node
from methods import METHODS, Search, passes
from timeline import Speed, watched
from workloads import WORKLOADS, Workload

TINY = ("--batch=2", "--set=network.channels=4", "--set=cell.normal.nodes=2")
CELLS = "--set=network.cells=normal, reduction"


def tiny(name: str) -> Workload:
    changes = tuple(option.removeprefix("--set=") for option in (*TINY[1:], CELLS))
    return replace(WORKLOADS[name], batch=2, changes=changes)


def search_of(name: str, method: str, number: int) -> Search:
    return Search(tiny(name), METHODS[method], METHODS[method].ways[number])


@pytest.mark.parametrize("method", ["nasp", "gdas"])
def test_running_everything_changes_no_losses(method: str) -> None:
    everything, chosen = (search_of("digits", method, number) for number in (0, 1))
    for turn in range(2):
        expected, found = everything.step(turn), chosen.step(turn)
        torch.testing.assert_close(found.train, expected.train)
        torch.testing.assert_close(found.architecture, expected.architecture)


@pytest.mark.parametrize("method", ["nasp", "gdas"])
def test_running_everything_runs_what_is_not_chosen(method: str) -> None:
    search = search_of("digits", method, 0)
    with watched(Speed(1e9, 1e9)) as timeline:
        search.step(0)
    graph = search.supernet.network.graph
    assert sum(timeline.multiply_adds.values()) == 2 * 2 * graph.flops()
    assert timeline.calls["mix"] == 2 * sum(node.primitive == "mix" for node in graph.nodes)
    convolutions = 2 * sum(node.primitive == "conv" for node in graph.nodes)
    found = sum(calls for kind, calls in timeline.calls.items() if kind.startswith("conv"))
    assert found == convolutions


@pytest.mark.parametrize(
    ("method", "expected"), [("darts-second", (5, 5)), ("asng", (4, 2)), ("asap", (2, 2))]
)
def test_passes_are_counted_both_ways(method: str, expected: tuple[int, int]) -> None:
    found = passes(search_of("digits", method, -1))
    assert (found.forward, found.backward) == expected


def test_the_timeline_holds_the_whole_step_and_its_arithmetic() -> None:
    search = search_of("digits", "darts", 0)
    with watched(Speed(1e9, 1e9)) as timeline:
        search.step(0)
    graph = search.supernet.network.graph
    # one pass over the architecture's batch, one over the weights'
    assert sum(timeline.multiply_adds.values()) == 2 * 2 * graph.flops()
    assert timeline.calls["mix"] == 2 * sum(node.primitive == "mix" for node in graph.nodes)
    assert timeline.bytes["identity"] == 0
    for kind in ("conv 1x1", "conv 3x3 depthwise", "conv 3x3 depthwise dilated", "batch_norm"):
        assert timeline.seconds[kind, "forward"] > 0, kind
        assert timeline.seconds[kind, "backward"] > 0, kind
    search.step(1)
    assert timeline.calls["mix"] == 2 * sum(node.primitive == "mix" for node in graph.nodes)


def test_bundles_are_watched_as_the_primitives_that_they_run() -> None:
    search = search_of("digits", "darts", 1)
    with watched(Speed(1e9, 1e9)) as timeline:
        search.step(0)
    graph = search.supernet.network.graph
    depthwise = [node for node in graph.nodes if node.primitive == "conv" and is_depthwise(node)]
    assert 0 < timeline.calls["separable_conv"] < 2 * len(depthwise)
    assert timeline.multiply_adds["separable_conv"] > 0
    for direction in ("forward", "backward"):
        assert timeline.seconds["separable_conv", direction] > 0
    assert not any(kind.endswith("depthwise") for kind in timeline.calls)


def is_depthwise(node: Node) -> bool:
    return node.attribute("groups") == node.shape[0] != 1


def test_supernets_prints_a_row_for_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--methods=milenas", "--ways=usual,plain", "--turns=1", "--no-memory"]
    supernets.main(["--workloads=digits", *options, *TINY, CELLS])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| MiLeNAS")]
    assert [row.split(" | ")[1] for row in rows] == ["plain, alternating", "plain, simultaneous"]
    assert " | 1.0 | 100.0% | " in rows[0]


def test_unknown_rows_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        supernets.main(["--workloads=digit"])
    assert "no `digit`; there are cells-16, cells-64" in capsys.readouterr().err


def test_profile_step_prints_primitives_and_their_sum(capsys: pytest.CaptureFixture[str]) -> None:
    profile_step.main(
        ["--workload=digits", "--plain", "--turns=1", "--side=8", "--length=8", *TINY, CELLS]
    )
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("| conv 3x3 depthwise dilated | ") for line in lines)
    assert lines[-1].startswith("| all | ")


def test_compile_time_times_every_stage_and_pass() -> None:
    times: compile_time.Times = {}
    compiled = compile_time.compile_once(tiny("cells-16"), times)
    assert isinstance(compiled, CompiledSpace)
    architecture = compile_time.derived(compiled, tiny("cells-16"))
    assert isinstance(compile_time.compile_once(architecture, times), CompiledArchitecture)
    assert list(times)[-1] == "all"
    assert {"  drop_zeros", "  share_equal", "plan"} < set(times)
    rows = compile_time.rows("small", {"plan": [0.2, 0.1, 0.3, 0.1]})
    assert rows == ["| small | plan | 200.0 | 100.0 |"]


def test_growth_varies_one_quantity_at_a_time() -> None:
    base = WORKLOADS["cells-16"]
    assert growth.SWEEPS["cells"].at(base, 8).space.network.layout == base.space.network.layout
    for name, value in (("cells", 5), ("channels", 8), ("nodes", 2), ("operations", 4)):
        space = growth.SWEEPS[name].at(base, value).space
        found = {
            "cells": len(space.network.layout),
            "channels": space.network.channels,
            "nodes": len(space.cells["normal"].nodes),
            "operations": space.cells["normal"].width,
        }
        usual = {"cells": 8, "channels": 16, "nodes": 4, "operations": 8}
        assert found == {**usual, name: value}
        assert space.cells["reduction"].width == space.cells["normal"].width


def test_growth_is_drawn(tmp_path: Path) -> None:
    points = [growth.Point(value, value / 10, 100.0 * value) for value in (4, 8)]
    found = {name: {"plain": points, "compiled": points} for name in growth.SWEEPS}
    growth.draw(found, "some machine", tmp_path / "new" / "growth.svg")
    drawn = (tmp_path / "new" / "growth.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<?xml")

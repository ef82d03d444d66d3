"""The benchmarks of search steps: what they compare computes the same, and they run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
import torch

import growth
import profile_step
import starting
import supernets
from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.graph.graph import Node
from floor import Speed
from methods import METHODS, Search, published
from published import discrete
from timeline import watched
from workloads import WORKLOADS, Workload

TINY = ("--batch=2", "--set=network.channels=4", "--set=cell.normal.nodes=2")
USUAL = torch.contiguous_format
THREE = ("network.channels=4", "network.cells=normal, reduction, reduction")
CELLS = "--set=network.cells=normal, reduction"


def tiny(name: str) -> Workload:
    changes = tuple(option.removeprefix("--set=") for option in (*TINY[1:], CELLS))
    return replace(WORKLOADS[name], batch=2, changes=changes)


def search_of(name: str, *, plain: bool) -> Search:
    return Search(tiny(name), METHODS["darts"], plain=plain)


def test_the_timeline_holds_the_whole_step_and_its_arithmetic() -> None:
    search = search_of("digits", plain=True)
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
    search = search_of("digits", plain=False)
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


@pytest.mark.sample(0)
def test_supernets_prints_a_row_for_every_way(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--workloads=digits", "--methods=nasp", "--ways=plain,loopless,ours", "--turns=1"]
    found = supernets.main([*options, "--no-memory", *TINY, CELLS])
    lowerings = ["this tool, plain", "this tool, without loops"]
    assert [row.measured for row in found] == [f"time, times less than {x}" for x in lowerings]
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| NASP")]
    ways = [row.split(" | ")[1] for row in rows]
    assert ways[:4] == [*lowerings, "this tool", "floor"]


@pytest.mark.slow
def test_the_published_programs_stand_beside(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--workloads=cells-16", "--methods=gdas", "--turns=1", "--no-memory", "--batch=2"]
    found = supernets.main([*options, *(f"--set={change}" for change in THREE)])
    assert [row.measured for row in found] == [
        "time, times less than published",
        "time, times less than published, channels_last",
    ]
    assert all(row.number > 0 and " x the floor of " in row.bound for row in found)
    assert "| GDAS, cells-16 | published | " in capsys.readouterr().out


def test_what_is_not_the_published_network_is_not_compared_with_it() -> None:
    workload = replace(tiny("cells-16"), changes=("cell.normal.nodes=3",))
    with pytest.raises(ValueError, match="weights, but 1930618 as published"):
        published(workload, "darts", USUAL)


def test_this_tool_and_the_program_of_nasp_run_the_same_operations() -> None:
    workload = replace(WORKLOADS["cells-16"], batch=2, changes=THREE)
    search, step = Search(workload, METHODS["nasp"]), published(workload, "nasp", USUAL)
    for turn in range(2):
        search.engine.break_ties(torch.Generator().manual_seed(turn))
        with patch.object(discrete.Nasp, "step", autospec=True) as taken:
            step(turn)
        theirs = taken.call_args.args[0].network.alphas
        for own, other in zip(search.engine.alphas().values(), theirs, strict=True):
            assert torch.equal(own, other.detach())


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


@pytest.mark.sample(0)
def test_every_stage_and_pass_of_compiling_is_timed() -> None:
    times: starting.Times = {}
    compiled = starting.compile_once(tiny("digits"), times)
    assert isinstance(compiled, CompiledSpace)
    architecture = starting.derived(compiled, tiny("digits"))
    assert isinstance(starting.compile_once(architecture, times), CompiledArchitecture)
    assert list(times)[-1] == "all"
    assert {"  drop_zeros", "  share_equal", "plan"} < set(times)
    rows = starting.rows("small", {"plan": [0.2, 0.1, 0.3, 0.1]})
    assert rows == ["| small | plan | 200.0 | 100.0 |"]


def test_growth_varies_one_quantity_at_a_time() -> None:
    base = WORKLOADS["cells-16"]
    assert growth.SWEEPS["cells"].at(base, 8).space.network.layout == base.space.network.layout
    usual = {"cells": 8, "channels": 16, "nodes": 4, "operations": 8, "batch": 16, "image": 32}
    for name, value in (
        ("cells", 5), ("channels", 8), ("nodes", 2), ("operations", 4), ("batch", 8), ("image", 16),
    ):  # fmt: skip
        workload = growth.SWEEPS[name].at(base, value)
        space = workload.space
        found = {
            "cells": len(space.network.layout),
            "channels": space.network.channels,
            "nodes": len(space.cells["normal"].nodes),
            "operations": space.cells["normal"].width,
            "batch": workload.batch,
            "image": workload.shape[-1],
        }
        assert found == {**usual, name: value}
        assert space.cells["reduction"].width == space.cells["normal"].width


@pytest.mark.slow
def test_costs_are_measured_beside_their_work() -> None:
    found = {point.cost: point for point in growth.measure(tiny("digits"), 2, turns=1)}
    assert list(found) == list(growth.COSTS)
    assert all(point.seconds > 0 and point.work > 0 for point in found.values())


def test_growth_is_the_cost_of_more_work_beside_the_work() -> None:
    points = [growth.Point("check", 4, 0.1, 100), growth.Point("check", 8, 0.3, 200)]
    assert growth.grows(points) == pytest.approx(1.5)


@pytest.mark.slow
def test_growth_is_drawn(tmp_path: Path) -> None:
    points = [
        growth.Point(cost, value, value / 10, 100 * value)
        for cost in growth.COSTS
        for value in (4, 8)
    ]
    growth.draw({name: points for name in growth.SWEEPS}, "machine", tmp_path / "new" / "a.svg")
    drawn = (tmp_path / "new" / "a.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<?xml")

"""Latencies: which operations are timed, and that the times add up. No test expects a speed."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import ModelProto

from dslnas.backends.onnx import latency
from dslnas.backends.onnx.latency import example_of, latency_table, seconds_for_one, stopwatch
from dslnas.graph.analysis.costs import COUNTED, cost_table, count_flops
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from tests.backends.onnx_run import run
from tests.spaces import architecture_of, random_scores, space_of

TEXT = """use papers.darts
cell normal { nodes 2 }
cell reduction { nodes 2 }
network { channels 4; repeat 1; cells normal, reduction, normal }
evaluate { channels 4; repeat 1 }
"""
Timed = list[PrimitiveGraph]


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> Timed:
    """Every graph that is timed; a graph takes a second per multiply-add, and one besides."""
    graphs: Timed = []

    def seconds(graph: PrimitiveGraph) -> float:
        graphs.append(graph)
        return graph.flops() + 1.0

    monkeypatch.setattr(latency, "seconds_for_one", seconds)
    monkeypatch.setattr(latency, "seconds_of_nothing", lambda: 0.0)
    return graphs


def price(space: SearchSpace, architecture: Architecture) -> float:
    """Return what an architecture of cells that keep all their edges is said to take."""
    table = latency_table(space)
    columns = {
        name: [
            old.operations.index(new.operations[0])
            for old, new in zip(cell.choices, architecture.cells[name].edges, strict=True)
        ]
        for name, cell in ((name, space.cells[name]) for name in space.searched)
    }
    return table.fixed + sum(
        table.by_cell[name][row][column]
        for name, chosen in columns.items()
        for row, column in enumerate(chosen)
    )


def test_every_distinct_operation_is_timed_once_and_identities_never(timed: Timed) -> None:
    latency_table(space_of(TEXT))
    *operations, whole = timed
    assert len(operations) == len({graph.nodes for graph in operations})
    assert all(graph.flops() < whole.flops() for graph in operations)
    assert all(len(graph.nodes) > 1 for graph in operations)


def test_longer_networks_need_no_more_timings(timed: Timed) -> None:
    latency_table(space_of(TEXT.replace("cells normal,", "cells normal * 3,")))
    short = len(timed)
    latency_table(space_of(TEXT.replace("cells normal,", "cells normal * 30,")))
    assert len(timed) == 2 * short


def test_operations_take_their_own_time(timed: Timed) -> None:
    space = space_of(TEXT)
    table, flops = latency_table(space), cost_table(space, COUNTED["flops"])
    for name, rows in flops.by_cell.items():
        places = space.final.layout.count(name)
        for row, (times, counts) in enumerate(zip(table.by_cell[name], rows, strict=True)):
            for operation, seconds, count in zip(
                space.cells[name].choices[row].operations, times, counts, strict=True
            ):
                identity = operation.text == "skip_connect" and count == 0
                assert seconds == (0 if identity else count + places)


def test_the_heaviest_architecture_takes_what_was_measured(timed: Timed) -> None:
    space = space_of(TEXT.replace("nodes 2", "nodes 2; keep all"))
    heaviest = derive(space, cost_table(space, COUNTED["flops"]).by_cell)
    assert price(space, heaviest) == build_derived_graph(heaviest).flops() + 1.0


def test_fixed_time_is_never_negative(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "seconds_for_one", lambda graph: 1.0)
    assert latency_table(space_of(TEXT)).fixed == 0.0


def test_times_of_a_space_are_seconds() -> None:
    space = space_of(TEXT, (3, 8, 8))
    table = latency_table(space)
    assert 0 <= table.fixed < 60
    for name in space.searched:
        for edge, row in zip(space.cells[name].choices, table.by_cell[name], strict=True):
            is_strided = name == "reduction" and edge.source in ("in1", "in2")
            for operation, seconds in zip(edge.operations, row, strict=True):
                is_free = operation.text == "skip_connect" and not is_strided
                assert seconds == 0 if is_free else 0 < seconds < 60


def test_stopwatch_builds_what_the_network_holds(timed: Timed) -> None:
    space = space_of(TEXT)
    architecture = derive(space, random_scores(space, 1))
    table = cost_table(architecture, stopwatch())
    assert table.by_cell == {}
    assert sum(g.params() for g in timed) <= build_derived_graph(architecture).params()
    assert cost_table(architecture, count_flops).fixed < table.fixed


def test_values_of_a_deep_network_do_not_fade(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """use std.cnn
    op deep = 60 * (relu -> conv(3))
    cell only { inputs 1; node n1 = deep(in1); output last; preprocess preprocess }
    network { channels 4; cells only }
    evaluate { channels 4 }
    """
    written: list[ModelProto] = []

    def seconds(model: ModelProto) -> float:
        written.append(model)
        return 1.0

    monkeypatch.setattr(latency, "_seconds", seconds)
    seconds_for_one(build_derived_graph(architecture_of(text)))
    (model,) = written
    (images,) = example_of(model).values()
    assert np.abs(run(model, images)).max() > 1e-20


def test_a_run_of_nothing_is_no_time_of_an_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "seconds_for_one", lambda graph: 3.0)
    monkeypatch.setattr(latency, "seconds_of_nothing", lambda: 1.0)
    table = latency_table(space_of(TEXT))
    times = {time for rows in table.by_cell.values() for row in rows for time in row}
    assert min(times - {0.0}) == 2.0


def test_a_layer_takes_its_time_whosever_weights_it_uses(timed: Timed) -> None:
    space = space_of("use papers.darts_rnn\nevaluate { channels 4 }", ())
    table = latency_table(space)
    gate = 4 * 8 + 1.0
    for none, tanh, relu, *_ in table.by_cell["recurrent"]:
        assert none < gate < tanh == relu
    assert len(timed) == len({graph.nodes for graph in timed})


def test_one_step_of_a_recurrent_network_is_timed() -> None:
    architecture = architecture_of("use rnn.lstm\nevaluate { channels 4 }", ())
    assert 0 < seconds_for_one(build_derived_graph(architecture)) < 60


def test_a_layer_that_uses_the_table_of_another_is_timed_with_one_of_its_own(timed: Timed) -> None:
    latency_table(space_of("use papers.darts_rnn\nnetwork { channels 4 }", (), classes=5))
    (head,) = [graph for graph in timed[:-1] if graph.nodes[-1].primitive == "tied_linear"]
    assert head.params() == 5 * head.nodes[0].shape[0] + 5

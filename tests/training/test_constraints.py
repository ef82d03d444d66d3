from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import Limit
from dslnas.training import constraints as module
from dslnas.training.constraints import check_limits
from tests.training.tiny import architecture


@pytest.fixture
def graph() -> PrimitiveGraph:
    return build_derived_graph(architecture())


def test_a_network_may_cost_exactly_its_limits(graph: PrimitiveGraph) -> None:
    limits = [Limit("params", graph.params()), Limit("flops", graph.flops()), Limit("latency", 60)]
    check_limits(graph, limits, "image")
    check_limits(graph, [], "image")


def test_every_exceeded_limit_is_named_with_both_numbers(
    graph: PrimitiveGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "seconds_for_one", lambda graph: 0.0123456)
    limits = [Limit("params", graph.params() - 1), Limit("flops", 1e9), Limit("latency", 5e-3)]
    with pytest.raises(UserError) as raised:
        check_limits(graph, limits, "image")
    first, second = raised.value.diagnostics
    assert {first.code, second.code} == {"NAS703"}
    assert first.message == (
        f"derived network takes {graph.params():,} parameters, "
        f"but at most {graph.params() - 1:,} are allowed"
    )
    assert second.message == (
        "derived network takes 12.35 ms for one image in ONNX Runtime, on one thread, "
        "but at most 5 ms are allowed"
    )
    assert "`penalty`" in first.help
    assert "more params" in first.help
    assert "more latency" in second.help


def test_multiply_adds_are_limited_too(graph: PrimitiveGraph) -> None:
    with pytest.raises(UserError, match=f"takes {graph.flops():,} multiply-adds for one image"):
        check_limits(graph, [Limit("flops", graph.flops() / 2)], "image")


def test_a_latency_is_measured_only_where_it_is_limited(
    graph: PrimitiveGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = []

    def seconds(graph: PrimitiveGraph) -> float:
        measured.append(graph)
        return 1.0

    monkeypatch.setattr(module, "seconds_for_one", seconds)
    check_limits(graph, [Limit("params", 1e9)], "image")
    assert measured == []
    with pytest.raises(UserError, match="1000 ms for one image in ONNX Runtime, on one thread"):
        check_limits(graph, [Limit("latency", 0.5)], "image")
    assert measured == [graph]

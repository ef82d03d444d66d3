"""Counts that a cell cannot obey are found before anything is searched."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.settings.rule import Count, Rule
from dslnas.source import SourceFile, Span
from dslnas.space.derive.count_rules import check_rule
from tests.spaces import space_of

HERE = Span(SourceFile("spec.nas", "count skip_connect >= 9"), 0, 5)


def complaint_about(body: str, *counts: Count) -> str:
    space = space_of(f"use papers.darts\ncell normal {{\n{body}\n}}\nnetwork {{ cells normal }}")
    try:
        check_rule(
            space, Rule(counts), {f"derive.count.{count.operation}": HERE for count in counts}
        )
    except UserError as error:
        return error.render()
    return ""


def test_counts_within_reach_are_fine() -> None:
    assert not complaint_about("", Count("skip_connect", 8), Count("sep_conv(3)", most=0))
    assert not complaint_about("", Count("none", most=0), Count("op_of_another_cell", least=100))


@pytest.mark.parametrize(
    ("body", "count", "message"),
    [
        ("", Count("skip_connect", least=9), "has at most 8 edges with `skip_connect`"),
        ("", Count("none", least=1), "has at most 0 edges with `none`"),
        ("keep all", Count("none", least=1), "has at most 0 edges with `none`"),
        (
            "node a = skip_connect(in1) + {conv(3), relu}(in2)",
            Count("skip_connect", most=0),
            "has at least 1 edge with `skip_connect`",
        ),
        (
            "node a = {skip_connect, none}(in1) + {skip_connect, relu}(in2)",
            Count("skip_connect", most=0),
            "has at least 1 edge with `skip_connect`",
        ),
    ],
)
def test_says_how_far_a_count_can_go(body: str, count: Count, message: str) -> None:
    assert f"error[NAS509]: a cell derived from `normal` {message}" in complaint_about(body, count)


def test_counts_may_contradict_each_other() -> None:
    complaint = complaint_about("", Count("skip_connect", least=5), Count("sep_conv(3)", least=4))
    assert (
        "spec.nas:1:1: error[NAS509]: no cell derived from `normal` obeys all counts" in complaint
    )


def test_too_many_counts_are_refused() -> None:
    names = ("max_pool(3)", "avg_pool(3)", "skip_connect", "sep_conv(3)", "sep_conv(5)")
    counts = [Count(name, 5, 20) for name in names]
    complaint = complaint_about("nodes 9\nkeep all", *counts)
    assert (
        "error[NAS510]: too many counts: to derive cell `normal` may take 220,541,454 steps"
        in complaint
    )
    assert not complaint_about("nodes 9\nkeep all", *counts[:2])


def test_a_count_is_a_range() -> None:
    assert [Count("relu", 1, 2).allows(number) for number in range(4)] == [False, True, True, False]
    assert Count("relu", 1).allows(100)
    for least, most in ((-1, None), (3, 2)):
        with pytest.raises(ValueError, match="no number is from"):
            Count("relu", least, most)

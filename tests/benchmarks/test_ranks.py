"""The model of several ranks: equations by hand, what is counted, and tables of docs/scale.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from calls import Affine, counted_step
from cluster import Gpu, predicted
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ranks import Ranks
from floor import Speed
from on_paper import JOBS
from ranks import (
    CASES,
    PAGE,
    Case,
    Found,
    Line,
    measured,
    paper_tables,
    rows,
    search_step,
    with_tables,
)
from wire import Fabric, Message, Wire, observed, seconds_of
from workloads import WORKLOADS

WIRE = Wire(latency=1e-5, bandwidth=1e9)
SUM, GATHER = Message("all_reduce", 4e6), Message("all_gather", 4e6)


@pytest.mark.parametrize(
    ("message", "count", "hops", "sent"),
    [
        (SUM, 1, 0, 0.0),
        (SUM, 2, 2, 4e6),
        (SUM, 4, 4, 6e6),
        (SUM, 5, 6, 6.4e6),
        (GATHER, 2, 1, 2e6),
        (GATHER, 8, 3, 3.5e6),
    ],
)
def test_a_message_takes_hops_and_what_is_sent(
    message: Message, count: int, hops: int, sent: float
) -> None:
    assert message.sent(count) == pytest.approx(sent)
    assert WIRE.seconds(message, count) == pytest.approx(hops * 1e-5 + sent * 1e-9)


def test_machines_sum_inside_and_then_pieces_between_them() -> None:
    fabric = Fabric(inner=WIRE, outer=Wire(1e-3, 1e8), per_machine=4)
    assert fabric.seconds(SUM, 2) == WIRE.seconds(SUM, 2)
    inside, between = 4 * 1e-5 + 6e6 * 1e-9, 2 * 1e-3 + 1e6 * 1e-8
    assert fabric.seconds(SUM, 8) == pytest.approx(inside + between)
    sent = 6e6 + 1e6  # as in a ring of eight
    assert sent == pytest.approx(SUM.sent(8))
    assert seconds_of([SUM, GATHER, SUM], WIRE, 2) == pytest.approx(
        2 * WIRE.seconds(SUM, 2) + WIRE.seconds(GATHER, 2)
    )


def test_two_ranks_are_predicted_from_one_process_and_the_wire() -> None:
    line = Line.through((2, 0.5), (8, 1.1))
    assert (line.fixed, line.each) == pytest.approx((0.3, 0.1))
    found = Found(16, few=0.5, many=1.1, busy=1.21, whole=2.0, together=1.25, messages=(SUM,))
    assert found.computing(1) == pytest.approx(1.9)
    assert found.computing(2) == pytest.approx(1.1 * 1.1)
    assert found.telling(1, WIRE) == 0
    case = Case("it", 16, CASES["norms"].make)
    assert [row.split(" | ")[5:] for row in rows(case, found, WIRE)] == [
        ["1.90", "0.00", "1.90", "2.00", "0.95 |"],
        ["1.21", "0.00402", "1.21", "1.25", "0.97 |"],
    ]
    together = replace(case, synchronised=True)
    assert [row.split(" | ")[1] for row in rows(together, found, WIRE)] == ["2"]


def layer(batch: int, ranks: Ranks) -> Callable[[], Tensor]:
    """Return a step: a product, a sum with what another rank has, and a gathering."""
    x, weight, row = torch.ones(batch // ranks.size, 8), torch.ones(8, 3), torch.ones(ranks.size)

    def step() -> Tensor:
        y = (x @ weight).t()
        dist.all_reduce(weight)
        dist.all_gather([x] * ranks.size, x)
        dist.all_reduce(row)
        return y + 1.0

    return step


def test_calls_and_messages_are_affine_in_the_examples() -> None:
    step = counted_step(layer, synchronised=True)
    assert step.multiply_adds.at(10).tolist() == [10 * 8 * 3, 0]
    assert step.bytes.at(10).tolist() == [4 * (10 * 8 + 8 * 3 + 10 * 3), 4 * 2 * 10 * 3]
    told = [("all_reduce", 96), ("all_gather", 640), ("all_reduce", 8)]
    assert [(message.kind, message.bytes) for message in step.messages(20, 2)] == told
    assert [message.bytes for message in step.messages(20, 5)] == [96, 640, 20]
    assert [*step.messages(20, 1)] == []
    product = max(240 / 1e6, 536 / 1e9)
    assert step.seconds(10, Speed(1e6, 1e9), start=1e-6) == pytest.approx(product + 1e-6)
    gpu = Gpu(Speed(1e6, 1e9), 1e-6, Fabric(WIRE, WIRE, 8))
    found = predicted(step, 10, 2, gpu)
    assert found.seconds == pytest.approx(product + 1e-6 + 5e-5 + (96 + 320 + 8) * 1e-9)
    assert found.sent == 96 + 320 + 8
    half = predicted(step, 10, 1, gpu)
    assert found.efficiency(half) == pytest.approx(half.seconds / found.seconds)


def test_lines_go_through_two_points() -> None:
    line = Affine.through((2, 4), (np.array([5.0, 1.0]), np.array([9.0, 1.0])))
    assert line.at(10).tolist() == [21, 1]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["darts", "gdas"])
def test_a_step_sums_alpha_and_then_weights(method: str) -> None:
    step = search_step("digits", method, 4, Ranks(0, 2, synchronised=False))
    with observed(alone=True) as seen:
        step(0)
    space = WORKLOADS["digits"].space
    alphas = sum(sum(table.rows) for table in space.tables.values())
    alpha, weights = (message.bytes // 4 - 1 for message in seen)  # each with the loss
    assert alpha == alphas
    params = build_supernet_graph(space).params()
    assert weights == params if method == "darts" else alphas < weights < params / 2


def test_only_the_tables_between_marks_are_made_anew() -> None:
    page = "a\n<!-- counted: one -->\nold\n<!-- end -->\nb\n<!-- measured: two -->\nx\n<!-- end -->"
    found = with_tables(page, {"one": "new"})
    assert found == page.replace("old", "new")


@pytest.mark.slow
def test_the_tables_of_the_page_are_those_that_are_counted(
    expect: Callable[[Path, str], None],
) -> None:
    tables = paper_tables()
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- counted: {name} -->" in page for name in tables)
    expect(PAGE, with_tables(page, tables))


@pytest.mark.slow
def test_two_processes_are_measured() -> None:
    small = replace(CASES["norms"], batch=16)
    lines = measured([small, replace(small, synchronised=False)], turns=1).splitlines()[2:]
    columns = [line.strip("| ").split(" | ") for line in lines]
    assert [row[1:3] for row in columns] == [["2", "8"], ["1", "16"], ["2", "8"]]
    together, _, apart = (int(row[3].replace(",", "")) for row in columns)
    assert together > 100
    assert apart == 2
    assert all(float(row[-1]) > 0 for row in columns)


def test_jobs_have_memory_for_fewer_examples() -> None:
    job = JOBS["recurrent"]
    assert job.needs(2).peak < job.needs(job.batch).peak

"""Times of work, by a clock that tests set."""

from __future__ import annotations

import time

import pytest

from dslnas.timing import (
    FEWEST,
    TURNS,
    median_seconds,
    seconds_in_turns,
    seconds_of,
    seconds_of_runs,
)


class Clock:
    """A clock that goes on when work is done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)

    def spend(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_the_median_leaves_out_the_first_run_and_a_warm_up(clock: Clock) -> None:
    left = iter([100.0, 3.0, 2.9, 1.0, 2.0, 9.0])
    assert median_seconds(lambda: clock.spend(next(left)), 3, warm_up=5.0) == 2.0
    assert list(left) == []
    left = iter([100.0, 1.0, 2.0, 9.0])
    assert median_seconds(lambda: clock.spend(next(left)), 3) == 2.0


def test_fewer_runs_do_where_each_takes_long(clock: Clock) -> None:
    taken = seconds_of_runs(lambda: clock.spend(1.0), 50, at_most=10.0)
    assert taken == [1.0] * 10
    assert len(seconds_of_runs(lambda: clock.spend(9.0), 50, at_most=10.0)) == FEWEST


def test_several_run_in_turns_so_that_what_slows_one_slows_all(clock: Clock) -> None:
    order: list[str] = []

    def work(name: str, seconds: float) -> None:
        order.append(name)
        clock.spend(seconds * (1 if len(order) <= 18 else 10))  # the machine is busy then

    works = [lambda: work("a", 1.0), lambda: work("b", 2.0)]
    found, other = seconds_in_turns(works, 10, warm_up=0.0, at_most=1000.0)
    assert "".join(order) == ("aaa" + "bbb") * TURNS
    assert [2 * seconds for seconds in found] == other
    slow = [lambda: work("c", 9.0)] * 2
    assert [len(each) for each in seconds_in_turns(slow, 50, warm_up=0, at_most=5)] == [FEWEST] * 2


def test_work_that_a_device_does_later_counts(clock: Clock) -> None:
    pending = [4.0]  # from before: not of this work

    def work() -> None:
        clock.spend(1.0)
        pending.append(2.0)

    def wait() -> None:
        while pending:
            clock.spend(pending.pop())

    assert seconds_of(work, wait) == 3.0
    assert pending == []

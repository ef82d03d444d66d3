from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.report.figures.axis import epoch_ticks, tick_text, ticks

NUMBERS = st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(NUMBERS, NUMBERS)
def test_ticks_cover_a_range_evenly_and_are_few(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = ticks(low, high)
    room = 1e-6 * (found[-1] - found[0])
    assert 2 <= len(found) <= 7
    if high > low:
        assert found[0] <= low + room
        assert found[-1] >= high - room
    steps = [right - left for left, right in pairwise(found)]
    assert max(steps) - min(steps) <= room


@given(st.floats(0.001, 1e6), st.floats(1e-3, 1e3))
def test_texts_of_ticks_differ(low: float, width: float) -> None:
    found = ticks(low, low + width)
    assert len({tick_text(tick, found) for tick in found}) == len(found)


def test_ticks_are_round() -> None:
    assert ticks(0.03, 0.97) == (0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0)
    assert [tick_text(tick, (0.0, 0.05)) for tick in (0.0, 0.05)] == ["0.00", "0.05"]
    assert tick_text(1.5e6, (1.0e6, 1.5e6)) == "1.5 M"
    assert tick_text(5e17, (0.0, 5e17)) == "5e+17"
    assert tick_text(0.25, (0.0, 0.25), percent=True) == "25%"
    assert tick_text(0.125, (0.0, 0.125), percent=True) == "12.5%"


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (0.0, 5e-324), (7.0, 7.0), (3.0, 3 + 1e-15)])
def test_a_range_of_no_width_has_an_axis_all_the_same(low: float, high: float) -> None:
    found = ticks(low, high)
    assert found[0] < low <= high < found[-1]
    assert len({tick_text(tick, found) for tick in found}) == len(found)


@given(st.integers(1, 2000))
def test_epochs_begin_and_end_an_axis(last: int) -> None:
    found = epoch_ticks(last)
    assert found[0] == 1
    assert found[-1] == last
    assert list(found) == sorted(set(found))
    assert len(found) <= 9

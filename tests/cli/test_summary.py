"""Numbers for people."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.cli.render.summary import big


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999_999_999, "999,999,999"),
        (10**9, "1e+09"),
        (1_234_567_890, "1.23e+09"),
        (9_999_999_999, "1e+10"),
        (25 * 10**17, "2.5e+18"),
        (10**309, "1e+309"),
        (7 * 10**4000, "7e+4000"),
    ],
)
def test_a_number_has_three_significant_digits(number: int, shown: str) -> None:
    assert big(number) == shown


@given(st.integers(10**9, 10**300))
def test_large_numbers_are_written_like_floats(number: int) -> None:
    mantissa, exponent = big(number).split("e+")
    assert f"{float(mantissa):.3g}" == mantissa
    assert float(mantissa) * 10.0 ** int(exponent) == pytest.approx(number, rel=0.005001)

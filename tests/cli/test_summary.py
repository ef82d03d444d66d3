"""Numbers for people."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dslnas.app.show import big, exact


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


def test_numbers_too_large_for_json_are_told_as_to_people() -> None:
    for number in (0, 15_625, 10**18, 10**300):
        assert json.loads(json.dumps(exact(number))) == number
    huge = 47 * 10**5000
    assert json.loads(json.dumps(exact(huge))) == big(huge) == "4.7e+5001"
    assert big(exact(huge)) == big(huge)

from __future__ import annotations

import pytest

from dslnas.tasks.metric import ACCURACY, PERPLEXITY, Column, Shown


@pytest.mark.parametrize(
    ("value", "text"),
    [(15.731, "15.73"), (999_999.0, "999999.00"), (5.3e18, "5e18"), (float("inf"), "inf")],
)
def test_huge_measures_are_told_by_their_magnitude(value: float, text: str) -> None:
    assert format(Shown(value), ".2f") == text
    assert Column("test ppl", "test_perplexity", ".2f").shown(value) == text
    assert PERPLEXITY.after_epoch("validation", value) == f"validation perplexity {text}"
    assert PERPLEXITY.told(value) == f"perplexity {text}"


def test_a_share_is_a_percentage() -> None:
    assert ACCURACY.after_epoch("derived", 0.05) == "derived  5.00%"
    assert ACCURACY.told(0.05) == "5.00%"

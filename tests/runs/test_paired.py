from __future__ import annotations

from itertools import product

import pytest

from dslnas.runs.paired import PairedTest, paired_test


def held(gains: list[float], sign: int = 1) -> PairedTest:
    """Return the test of results that differ by some gains."""
    found = paired_test(
        {s: sign * g for s, g in enumerate(gains)},
        dict.fromkeys(range(99), 0.0),
        "test_accuracy",
        sign,
    )
    assert found is not None
    return found


@pytest.mark.parametrize("better", range(7))
def test_luck_is_the_share_of_all_tosses_with_so_many_heads(better: int) -> None:
    tosses = list(product((0, 1), repeat=6))
    share = sum(sum(toss) >= better for toss in tosses) / len(tosses)
    assert held([1.0] * better + [-1.0] * (6 - better)).luck == share


def test_equal_results_do_not_count() -> None:
    found = held([1.0, 0.0, -1.0, 0.0])
    assert (found.better, found.worse, found.equal, found.luck) == (1, 1, 2, 0.75)
    assert held([0.0]).luck == 1.0


def test_less_is_better_for_a_perplexity() -> None:
    assert held([1.0, 2.0], sign=-1).better == 2


def test_only_seeds_that_both_have_are_compared() -> None:
    found = paired_test({1: 0.9, 2: 0.9}, {2: 0.5, 3: 0.5}, "test_accuracy", 1)
    assert found is not None
    assert (found.better, found.worse) == (1, 0)
    assert paired_test({1: 0.9}, {2: 0.5}, "test_accuracy", 1) is None


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([1.0] * 5, "come to that or more in 3.1% of cases (exact sign test): hardly luck."),
        (
            [1.0] * 4,
            "6.2% of cases (exact sign test): too few seeds to tell, give `--repeats 5` or more.",
        ),
        (
            [1.0] * 4 + [-1.0],
            "18.8% of cases (exact sign test): no evidence that searching beats a blind pick.",
        ),
    ],
)
def test_the_test_is_told_in_words(gains: list[float], verdict: str) -> None:
    text = held(gains).text
    assert text.startswith(
        f"By test accuracy the search was better than the random architecture of the same seed in "
        f"{gains.count(1.0)} of {len(gains)} seeds, worse in {gains.count(-1.0)}. "
    )
    assert text.endswith(verdict)

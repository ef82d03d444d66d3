"""A search against random architectures, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping
from math import comb

from dslnas.json_model import JsonModel

LUCK = 0.05
"""Results that luck brings about more often than this prove nothing."""


class PairedTest(JsonModel):
    """Exact sign test of a search against the random architecture of the same seed.

    Attributes:
        quantity: Result that is compared, such as `test_accuracy`.
        better: Seeds in which the search was better.
        worse: Seeds in which it was worse.
        equal: Seeds in which there was no difference; they do not count.
        luck: Probability of so many better seeds, or more, if each were the toss of a coin.
    """

    quantity: str
    better: int
    worse: int
    equal: int
    luck: float

    @property
    def text(self) -> str:
        """The test in words."""
        seeds = self.better + self.worse + self.equal
        equal = f", equal in {self.equal}" if self.equal else ""
        told = (
            f"By {self.quantity.replace('_', ' ')} the search was better than the random "
            f"architecture of the same seed in {self.better} of {seeds} seeds, worse in "
            f"{self.worse}{equal}. Tosses of a coin come to that or more in {self.luck:.1%} of "
            "cases (exact sign test): "
        )
        least = next(n for n in range(1, 64) if 0.5**n <= LUCK)
        if self.luck <= LUCK:
            return f"{told}hardly luck."
        if self.better + self.worse < least:
            return f"{told}too few seeds to tell, give `--repeats {least}` or more."
        return f"{told}no evidence that searching beats a blind pick."


def paired_test(
    search: Mapping[int, float], baseline: Mapping[int, float], quantity: str, sign: int
) -> PairedTest | None:
    """Compare results of runs by their seeds; None where no seed has both.

    luck = sum over k from b to n of C(n, k) / 2^n, b better seeds of n = better + worse.

    Args:
        search: By seed a result of the search.
        baseline: By seed that of the random architecture.
        quantity: Name of the result.
        sign: 1 where more of it is better, -1 where less is.
    """
    gains = [sign * (search[seed] - baseline[seed]) for seed in search if seed in baseline]
    if not gains:
        return None
    better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    tosses = better + worse
    luck = sum(comb(tosses, heads) for heads in range(better, tosses + 1)) / 2**tosses
    return PairedTest(
        quantity=quantity, better=better, worse=worse, equal=len(gains) - tosses, luck=luck
    )

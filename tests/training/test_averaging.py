"""Averaged SGD: when it begins, and what the average is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dslnas.training.averaging import Average, has_stalled


@pytest.mark.parametrize(
    ("losses", "checks", "stalled"),
    [
        ([3.0, 2.0, 1.0, 0.5], 2, False),
        ([1.0, 2.0, 3.0], 2, False),  # nothing yet is more than two checks old
        ([1.0, 2.0, 3.0, 2.0], 2, True),
        ([1.0, 2.0, 3.0, 0.9], 2, False),  # better than what is old
        ([3.0, 1.0, 1.2, 1.1], 2, False),  # the best one is still recent
        ([3.0, 1.0, 1.2, 1.1, 1.1], 2, True),
        ([1.0, 1.0, 1.0, 1.0, 1.0], 2, False),  # as good is no worse
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0, False),
        ([], 5, False),
    ],
)
def test_validation_stalls_as_in_the_paper(losses: list[float], checks: int, stalled: bool) -> None:
    """Algorithm 1 of Merity et al.: t > n and v > min over l in 0..t-n-1 of logs[l]."""
    assert has_stalled(losses, checks) == stalled
    if losses:
        *logs, v = losses
        t = len(logs)
        published = checks > 0 and t > checks and v > min(logs[: t - checks])
        assert stalled == published


def test_the_average_is_the_mean_of_what_was_added() -> None:
    weights = [nn.Parameter(torch.zeros(3)), nn.Parameter(torch.zeros(2, 2))]
    average = Average(weights)
    values = [torch.randn(3) for _ in range(5)]
    for value in values:
        with torch.no_grad():
            weights[0].copy_(value)
            weights[1].fill_(float(value[0]))
        average.add()
    mean = torch.stack(values).mean(0)
    assert average.count == 5
    assert torch.allclose(average.means[0], mean)
    with average.in_place():
        assert torch.allclose(weights[0], mean)
        assert torch.allclose(weights[1], torch.full((2, 2), float(mean[0])))
    assert torch.equal(weights[0], values[-1])


def test_a_moving_average_forgets_what_it_began_with() -> None:
    """m <- d * m + (1 - d) * w, d = min(decay, (1 + n) / (10 + n)) for the value after n others."""
    weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    average, mean = Average([weight], decay=0.3), 0.0
    for n, value in enumerate([5.0, 1.0, 2.0, -1.0, 4.0, 4.0]):
        weight.data.fill_(value)
        average.add()
        d = min(0.3, (1 + n) / (10 + n)) if n > 0 else 0.0
        mean = d * mean + (1 - d) * value
        assert average.means[0].item() == pytest.approx(mean, rel=1e-12)
    average.use()
    assert weight.item() == pytest.approx(mean, rel=1e-12)


def test_without_a_value_the_weights_stay_as_they_are() -> None:
    weight = nn.Parameter(torch.ones(3))
    with Average([weight]).in_place():
        assert weight.tolist() == [1.0, 1.0, 1.0]


def test_weights_come_back_after_an_error() -> None:
    weight = nn.Parameter(torch.ones(1))
    average = Average([weight])
    average.add()
    with torch.no_grad():
        weight.fill_(2.0)
    seen = []

    def fail() -> None:
        with average.in_place():
            seen.append(weight.item())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert seen == [1.0]
    assert weight.item() == 2.0

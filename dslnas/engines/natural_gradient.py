"""Adaptive stochastic natural gradient of categorical variables (Akimoto et al., ICML 2019).

Of variables i with values k = 1..K_i and probabilities theta_i, from losses of some samples M_j,
which are one-hot (arXiv:1905.08537, section 4 and the published program):

    g       = mean_j (u_j - mean u) * (M_j - theta)              u the utilities of the samples
    z_ik    = g_ik / sqrt(theta_ik) + sqrt(theta_ik) * sum_{l<K} g_il / (theta_iK + sqrt(theta_iK))
    theta  <- theta + delta * g / |z|                            |z|^2 = sum g^2 / theta
    s      <- (1 - beta) * s + sqrt(beta * (2 - beta)) * z / |z|
    gamma  <- (1 - beta)^2 * gamma + beta * (2 - beta)
    Delta  <- Delta * exp(beta * (gamma - |s|^2 / alpha))

with delta = delta0 / Delta and beta = delta / sqrt(N), N = sum_i (K_i - 1). z, with k < K, is g in
the metric of Fisher's information, so a step has the length delta. Where |s|^2 is above
alpha * gamma steps agree and become longer, else shorter. No probability falls below
1 / (d * (K_i - 1)), d being the number of variables with something to choose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from dslnas.engines.variables import UNSAID
from dslnas.state import State, check_names, number, taken

TIED = 1e-14
"""Losses whose relative difference is below this tie, as in the published program."""

NOTHING = 1e-18
"""A gradient with no larger entry is none."""


class NaturalGradient:
    """Probabilities of categorical variables, and how far a step goes.

    Attributes:
        theta: (variables, most values), float64; rows add up to 1, padded with 0.
        s: The path that steps accumulate, N numbers, variable by variable.
        gamma: Value that |s|^2 would have if steps were independent.
        divisor: Delta, which delta0 is divided by.
    """

    def __init__(self, categories: Sequence[int], alpha: float, delta: float) -> None:
        counts = torch.tensor(categories)
        places = torch.arange(int(counts.max()))
        self._alpha, self._delta = alpha, delta
        self._exists = places < counts[:, None]
        self._last = counts - 1
        self._is_free = self._exists & (places < self._last[:, None])
        self._floor = _floor(counts)
        self.theta = torch.where(self._exists, 1.0 / counts[:, None].double(), 0.0)
        self.s = torch.zeros(int(self._is_free.sum()), dtype=torch.float64)
        self.gamma, self.divisor = 0.0, 1.0

    @property
    def delta(self) -> float:
        """Length of the next step."""
        return self._delta / self.divisor

    def sample(self, generator: torch.Generator) -> list[int]:
        """Draw a value of every variable."""
        return torch.multinomial(self.theta, 1, generator=generator)[:, 0].tolist()

    def likeliest(self) -> list[int]:
        """Return the most probable value of every variable."""
        return self.theta.argmax(1).tolist()

    def gradient(self, samples: Sequence[Sequence[int]], utilities: Sequence[float]) -> Tensor:
        """Return g. Of a variable that a sample leaves UNSAID it tells nothing."""
        values = torch.tensor(samples)
        hot = torch.nn.functional.one_hot(values.clamp(min=0), self.theta.shape[1])
        away = torch.where((values == UNSAID)[..., None], 0.0, hot - self.theta)
        u = torch.tensor(utilities, dtype=torch.float64)
        return ((u - u.mean())[:, None, None] * away).mean(0)

    def update(self, samples: Sequence[Sequence[int]], losses: Sequence[float]) -> None:
        """Move towards the samples with low losses; stay where samples or losses are all alike."""
        u = utilities(losses)
        g = self.gradient(samples, u)
        if len(set(u)) == 1 or not bool((g.abs() >= NOTHING).any()):
            return
        z = self._in_fisher_metric(g)
        direction, delta = z / z.norm(), self.delta
        self.theta = self._with_floor(self.theta + delta * g / z.norm())
        beta = delta / math.sqrt(len(self.s))
        self.s = (1 - beta) * self.s + math.sqrt(beta * (2 - beta)) * direction
        self.gamma = (1 - beta) ** 2 * self.gamma + beta * (2 - beta)
        self.divisor *= math.exp(beta * (self.gamma - float(self.s @ self.s) / self._alpha))

    def _in_fisher_metric(self, g: Tensor) -> Tensor:
        root = self.theta.sqrt()
        of_last = self.theta.gather(1, self._last[:, None])
        common = (g * self._is_free).sum(1, keepdim=True) / (of_last + of_last.sqrt())
        return (g / root + root * common)[self._is_free]

    def _with_floor(self, theta: Tensor) -> Tensor:
        """Return probabilities none of which is below its floor, rows adding up to 1 again."""
        low = self._floor[:, None]
        theta = torch.where(self._exists, theta.maximum(low), 0.0)
        above = torch.where(self._exists, theta - low, 0.0)
        excess = (theta.sum(1, keepdim=True) - 1) / above.sum(1, keepdim=True).clamp(min=1e-300)
        theta = theta - excess * above
        return theta / theta.sum(1, keepdim=True)

    def state(self) -> State:
        """Return everything that changes, as float64."""
        gamma, divisor = number(self.gamma), number(self.divisor)
        return {"theta": self.theta, "path": self.s, "gamma": gamma, "divisor": divisor}

    def take(self, state: Mapping[str, Tensor]) -> None:
        """Go on from a state."""
        like = self.state()
        check_names(state, like)
        found = {name: taken(state, name, tensor).clone() for name, tensor in like.items()}
        self.theta, self.s = found["theta"], found["path"]
        self.gamma, self.divisor = float(found["gamma"]), float(found["divisor"])


def _floor(counts: Tensor) -> Tensor:
    """Return the least probability by variable.

    Of few variables with few values the published one would be 1 / K or more, which leaves nothing
    to learn; half of 1 / K is taken there.
    """
    several = counts > 1
    published = 1.0 / (several.sum() * (counts - 1)).clamp(min=1).double()
    uniform = 1.0 / counts.double()
    floor = torch.where(published < uniform, published, uniform / 2)
    return torch.where(several, floor, 0.0)


def utilities(losses: Sequence[float]) -> list[float]:
    """Return +1/mu for the mu best of some losses, -1/mu for the mu worst, 0 for the others.

    mu is a quarter of their number, rounded up. Those that tie share the mean of their places.
    """
    count = len(losses)
    mu = math.ceil(count / 4)
    places = [1 / mu] * mu + [0.0] * (count - 2 * mu) + [-1 / mu] * mu
    order = sorted(range(count), key=losses.__getitem__)
    found = [0.0] * count
    start = 0
    for end in range(1, count + 1):
        if end < count and math.isclose(losses[order[end]], losses[order[end - 1]], rel_tol=TIED):
            continue
        for place in order[start:end]:
            found[place] = sum(places[start:end]) / (end - start)
        start = end
    return found

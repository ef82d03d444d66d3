"""Ratings made up from a known interaction function, so that a search can be seen to find it.

Every user u has four numbers p_u and every item v four numbers q_v, drawn from N(0, 1). The rating
is 3.5 + z + noise * N(0, 1), where z is the interaction of both, with mean 0 and deviation 1:

    plus      sum_j p_uj + q_vj
    multiply  sum_j p_uj * q_vj
    max, min  sum_j max(p_uj, q_vj), sum_j min(p_uj, q_vj)

Which pairs are rated is drawn without replacement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dslnas.data.ratings import Ratings
from dslnas.diagnostics import user_error

if TYPE_CHECKING:
    from dslnas.settings.ratings import SimulatedRatings

FEATURES = 4
"""Numbers that a user has, and an item."""

MIDDLE = 3.5
"""Mean of the ratings."""


def simulate(settings: SimulatedRatings) -> Ratings:
    """Return the ratings of some settings, the same every time.

    Raises:
        UserError: NAS606, there are fewer pairs than ratings.
    """
    import numpy as np

    pairs = settings.users * settings.items
    if pairs < settings.ratings:
        raise user_error(
            "NAS606",
            f"{settings.users} users and {settings.items} items make {pairs} pairs, but there are "
            f"to be {settings.ratings} ratings",
            help="lower `ratings`, or raise `users` or `items`",
            where="data.ratings",
        )

    interactions: Mapping[str, Callable[..., np.ndarray]] = {
        "plus": np.add,
        "multiply": np.multiply,
        "max": np.maximum,
        "min": np.minimum,
    }
    generator = np.random.Generator(np.random.PCG64(settings.seed))
    users = generator.standard_normal((settings.users, FEATURES))
    items = generator.standard_normal((settings.items, FEATURES))
    join = interactions[settings.interaction]
    values = join(users[:, None], items[None]).sum(-1)
    values = (values - values.mean()) / values.std()
    chosen = generator.choice(pairs, settings.ratings, replace=False)
    noise = settings.noise * generator.standard_normal(settings.ratings)
    user, item = np.divmod(chosen, settings.items)
    names = {
        "user": tuple(str(number + 1) for number in range(settings.users)),
        "item": tuple(str(number + 1) for number in range(settings.items)),
    }
    return Ratings({"user": user, "item": item}, names, MIDDLE + values.ravel()[chosen] + noise)

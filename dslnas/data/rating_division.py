"""Ratings divided into parts at random, and the users and items that the training parts know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from dslnas.data.division import part_sizes
from dslnas.data.examples import DataShape
from dslnas.data.ratings import Codes, Ratings, read_file
from dslnas.data.simulated_ratings import simulate
from dslnas.diagnostics import user_error
from dslnas.ops.primitive import Token
from dslnas.settings.ratings import RatingFile, RatingSettings, SimulatedRatings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PARTS = ("weights", "architecture", "validation", "test")

Rows: TypeAlias = "tuple[NDArray[np.int64], ...]"


@dataclass(frozen=True)
class Division:
    """Ratings, and which of them are in which part.

    Attributes:
        rows: Places of the ratings of every part, ascending.
        known: By input the names that occur in a part that trains, in the order of their numbers,
            which begin with 1.
        numbers: By input the number of every rating's name, 0 of one that is not known.
    """

    ratings: Ratings
    rows: Rows
    known: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, Codes]

    @property
    def shape(self) -> DataShape:
        """The shape of the data, as networks have to know it."""
        tokens = {name: Token(len(names) + 1) for name, names in self.known.items()}
        counts = {name: len(rows) for name, rows in zip(PARTS, self.rows, strict=True)}
        return DataShape(tokens, 1, has_test=False, counts=counts)


def describe(settings: RatingSettings) -> DataShape | None:
    """Return the shape of the data, None if only a path that is not given would tell."""
    return None if settings.lacks_path else divide(settings).shape


def divide(settings: RatingSettings) -> Division:
    """Read ratings and divide them.

    Raises:
        UserError: NAS601 to NAS606, they cannot be read or are too few.
    """
    import numpy as np

    ratings = _read(settings)
    order = np.random.Generator(np.random.PCG64(settings.seed)).permutation(len(ratings.values))
    used = order[: part_sizes(len(order), (settings.subset,))[0]]
    if len(used) < len(settings.split):
        raise user_error(
            "NAS606",
            f"there are {len(used)} ratings but the split has {len(settings.split)} parts",
            help="give more data" + ("" if settings.subset == 1 else ", or raise `subset`"),
            where=settings.path or settings.source,
        )
    ends = np.cumsum(part_sizes(len(used), settings.split))
    rows = tuple(np.sort(part) for part in np.split(used, ends)[: len(PARTS)])
    training = np.concatenate(rows[:2])
    known, numbers = {}, {}
    for name, codes in ratings.codes.items():
        names = ratings.names[name]
        present = sorted(np.unique(codes[training]).tolist(), key=lambda c: _in_order(names[c]))
        of_code = np.zeros(len(names), np.int64)
        of_code[present] = np.arange(1, len(present) + 1)
        known[name] = tuple(names[code] for code in present)
        numbers[name] = of_code[codes]
    return Division(ratings, rows, known, numbers)


def check_batches(known: DataShape, search: int | None, evaluate: int) -> None:
    """Check that the parts that train have as many ratings as a step reads.

    `search` is None where there is none.

    Raises:
        UserError: NAS606, they have fewer.
    """
    counts = known.counts
    joined = counts["weights"] + counts["architecture"]
    steps = [("evaluate", evaluate, joined, "parts that train have")]
    if search is not None:
        least = min(counts["weights"], counts["architecture"])
        steps.insert(0, ("data", search, least, "smaller part that a search trains on has"))
    for section, batch, count, whose in steps:
        if count < batch:
            raise user_error(
                "NAS606",
                f"a step reads {batch} ratings but the {whose} {count}",
                help=f"write `batch {count}` or less in `{section}`, or give more data",
                where=f"{section}.batch",
            )


def _read(settings: RatingSettings) -> Ratings:
    if isinstance(settings, SimulatedRatings):
        return simulate(settings)
    assert isinstance(settings, RatingFile)
    return read_file(settings)


def _in_order(name: str) -> tuple[int, str]:
    """Return a key by which names that are numbers are in the order of these."""
    return len(name), name

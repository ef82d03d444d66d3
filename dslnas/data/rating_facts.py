"""How users, items and ratings became numbers: what whoever deploys a network has to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dslnas.data.facts import Facts
from dslnas.diagnostics import user_error
from dslnas.json_model import JsonModel, json_text, read_model

NUMBERS = "numbers.json"
"""File of the number of every user and item that a network knows."""

HELP = "restore it from a copy, or train the architecture again by `dslnas train`"


class Numbers(JsonModel):
    """Numbers of what a network reads, by input and name; 0 stands for any other name."""

    numbers: dict[str, dict[str, int]]


@dataclass(frozen=True, kw_only=True)
class RatingFacts(Facts):
    """Numbers of users and items, and the mean and deviation of the ratings that train.

    Attributes:
        numbers: By input, such as `user`, and by name; from 1 on, 0 stands for any other.
        mean: Rating that networks give as 0.
        std: Size of a difference of 1 in ratings.
    """

    numbers: Mapping[str, Mapping[str, int]] = field(hash=False)
    mean: float
    std: float

    @property
    def units(self) -> tuple[tuple[float, float], ...]:
        """Factor and offset that lead from the output to ratings."""
        return ((self.std, self.mean),)

    def files(self) -> dict[str, bytes]:
        """Return the file of the numbers."""
        numbers = {name: dict(known) for name, known in self.numbers.items()}
        return {NUMBERS: json_text(Numbers(numbers=numbers).model_dump()).encode()}

    def entries(self) -> dict[str, object]:
        """Return the mean and the deviation; the numbers have a file of their own."""
        return {"mean": self.mean, "std": self.std}


def read_facts(entries: Mapping[str, Any], run: Path) -> RatingFacts:
    """Return how the ratings of a run became numbers, from its manifest and its file.

    Raises:
        UserError: NAS023 if the manifest lacks them, NAS024 if the file is missing, NAS027 if it
            is damaged.
    """
    path = run / NUMBERS
    try:
        numbers = read_model(Numbers, path).numbers
    except OSError:
        raise user_error("NAS024", "does not exist", where=str(path), help=HELP) from None
    mean, std = entries.get("mean"), entries.get("std")
    if not isinstance(mean, float) or not isinstance(std, float) or std <= 0:
        raise user_error(
            "NAS023",
            "manifest.json does not say the mean and the deviation of the ratings",
            where=str(run),
            help=HELP,
        )
    return RatingFacts(numbers=numbers, mean=mean, std=std)

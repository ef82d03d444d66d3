"""The account of a fuzzing: by target what its inputs came to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from tests.fuzz.judge import Outcome


@dataclass
class Tally:
    """Account of the inputs of one target so far.

    Attributes:
        inputs: How many there were.
        right: How many were read.
        told: How many were refused with an error that says why.
        seconds: Time of the processor for the slowest.
        megabytes: Most memory that one took.
        failures: By kind how many failed.
    """

    inputs: int = 0
    right: int = 0
    told: int = 0
    seconds: float = 0.0
    megabytes: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        """Count one input."""
        self.inputs += 1
        self.right += outcome.is_right
        self.told += not outcome.is_right and not outcome.failure
        self.seconds = max(self.seconds, outcome.seconds)
        self.megabytes = max(self.megabytes, outcome.megabytes)
        if outcome.failure:
            self.failures[outcome.failure] = self.failures.get(outcome.failure, 0) + 1

    def join(self, other: Tally) -> None:
        """Count the inputs of another account too."""
        self.inputs += other.inputs
        self.right += other.right
        self.told += other.told
        self.seconds = max(self.seconds, other.seconds)
        self.megabytes = max(self.megabytes, other.megabytes)
        for kind, count in other.failures.items():
            self.failures[kind] = self.failures.get(kind, 0) + count

    def to_line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_line(cls, line: str) -> Tally:
        """Return the account of a line."""
        return cls(**json.loads(line))


def table(tallies: Mapping[str, Tally]) -> str:
    """Return the accounts of targets as a table, with a line of all and what failed."""
    whole = Tally()
    for tally in tallies.values():
        whole.join(tally)
    rows = [_row(name, tally) for name, tally in (*tallies.items(), ("all", whole))]
    titles = ("target", "inputs", "read", "refused", "slowest s", "largest MB", "failures")
    lines = [titles, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(titles))]
    texts = [
        "  ".join(
            [
                line[0].ljust(widths[0]),
                *(t.rjust(w) for t, w in zip(line[1:], widths[1:], strict=True)),
            ]
        )
        for line in lines
    ]
    kinds = [
        f"{name}: {kind} ({count:,})"
        for name, tally in tallies.items()
        for kind, count in tally.failures.items()
    ]
    return "\n".join([*texts, *kinds])


def _row(name: str, tally: Tally) -> tuple[str, ...]:
    return (
        name,
        *(f"{count:,}" for count in (tally.inputs, tally.right, tally.told)),
        f"{tally.seconds:.2f}",
        f"{tally.megabytes:.0f}",
        f"{sum(tally.failures.values()):,}",
    )

"""Runs dslnas on other Pythons, with other versions, without packages, elsewhere: `make matrix`."""

from __future__ import annotations

import argparse
import sys

from tests.matrix.outcomes import FAILED, table
from tests.matrix.rows import ROWS
from tests.matrix.running import run_rows


def main() -> int:
    """Run the rows that are named, or all; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows; all, if none is named")
    parser.add_argument("--list", action="store_true", help="print the names of the rows, and end")
    given = parser.parse_args()
    if given.list:
        print(*(row.name for row in ROWS), sep="\n")
        return 0
    if unknown := set(given.rows) - {row.name for row in ROWS}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; --list names the rows")
    outcomes = []
    for outcome in run_rows([row for row in ROWS if not given.rows or row.name in given.rows]):
        print(table([outcome]).splitlines()[0], flush=True)
        outcomes.append(outcome)
    print(f"\n{table(outcomes)}")
    return int(any(outcome.status == FAILED for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())

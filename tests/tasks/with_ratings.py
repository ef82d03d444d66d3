"""The `dslnas` command with a third task: a line in the catalogue of data, one in that of tasks.

    python -m tests.tasks.with_ratings < COMMANDS

Every line of the input is a command; one that begins with `interrupt:` is interrupted in the second
epoch of its training. The first that fails ends it, with its exit code.
"""

from __future__ import annotations

import shlex
import sys
from functools import reduce
from operator import or_
from typing import Annotated, Any, get_args

import pytest
from pydantic import Field

from dslnas.settings import data
from tests.tasks.rating_settings import RatingSettings

INTERRUPT = "interrupt:"


def register() -> None:
    """Do what a line in each of the catalogues would: nothing else knows the task."""
    models = get_args(get_args(data.AnyData)[0])
    sources: Any = reduce(or_, models, RatingSettings)
    vars(data)["AnyData"] = Annotated[sources, Field(discriminator="source")]
    data.DATA["made_up"] = RatingSettings

    # the second catalogue needs the first
    from dslnas.tasks import catalogue
    from tests.tasks.ratings import RMSE, Ratings

    tasks = (*catalogue.TASKS, Ratings())
    catalogue.METRICS[RMSE.name] = RMSE
    vars(catalogue).update(TASKS=tasks, TASK_SETTINGS=tuple(task.settings for task in tasks))


def main() -> int:
    """Run the commands of the standard input."""
    register()
    from dslnas.cli.main import run
    from tests.cli.outcome import interrupting
    from tests.exporters.brief import check_briefly

    with interrupting() as interrupt, pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        for line in sys.stdin:
            is_interrupted = line.startswith(INTERRUPT)
            interrupt("retrain", 2 if is_interrupted else 0)
            code = run(shlex.split(line.removeprefix(INTERRUPT)))
            if code != (130 if is_interrupted else 0):
                return code or 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The table of tasks."""

from __future__ import annotations

from docs.site.markdown import code, docstring, escaped, table
from dslnas.settings.labelled import METRICS_OF
from dslnas.tasks.catalogue import GOALS


def tasks_text() -> str:
    """Return a table of the tasks that sources choose from by a word."""
    rows = (
        [
            code(task.goal),
            docstring(task, whole=False),
            ", ".join(map(code, METRICS_OF[task.goal])),
            escaped(task.guess_words),
        ]
        for task in GOALS
    )
    return table(("`task`", "what is predicted", "metrics, the usual first", "a guess"), rows)

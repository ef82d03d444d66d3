"""Arguments of the Python functions, checked before anything is made.

A notebook checks no types: what is given by mistake is told with the call that gives the right one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias, get_args

from dslnas.spelling import suggestion

LARGEST_SEED = 2**63 - 1

Rule: TypeAlias = tuple[Callable[[object], bool], str]
"""Whether a value will do, and in words which ones do."""


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_SEED


def _is_minutes(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value is None
    return value > 0


def _is(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kind)


def _rules() -> dict[str, Rule]:
    """Return the options of `dslnas.app.run.RunOptions`, each with its rule."""
    from dslnas.runs.stop_request import StopRequest
    from dslnas.settings.precision import AnyExecution, AnyPrecision, BatchNorm

    precisions, executions = get_args(AnyPrecision), get_args(AnyExecution)
    return {
        "device": (_is(str), "text: 'cpu', 'cuda' or 'cuda:0'"),
        "passes": (_is(str), "text: 'all', 'none', or names of passes with commas between them"),
        "execution": (lambda value: value in executions, " or ".join(map(repr, executions))),
        "precision": (lambda value: value in precisions, " or ".join(map(repr, precisions))),
        "batch_norm": (lambda value: value in get_args(BatchNorm), "'together' or 'apart'"),
        "seed": (_is_seed, f"a whole number from 0 to {LARGEST_SEED}"),
        "resume": (_is(bool), "True or False"),
        "checkpoint_minutes": (_is_minutes, "a number above 0, or None"),
        "stop": (_is(StopRequest), "a `dslnas.StopRequest()`, on which `ask()` can be called"),
        "report": (callable, "a function of one argument, which gets records and notices"),
    }


def check_options(function: str, options: Mapping[str, object]) -> None:
    """Check the options of a run that are given to a function.

    Raises:
        TypeError: One is unknown, or has a value that it does not take.
    """
    rules = _rules()
    for name, value in options.items():
        if name not in rules:
            raise TypeError(f"dslnas.{function} has no option `{name}`: {suggestion(name, rules)}")
        fits, words = rules[name]
        if not fits(value):
            raise TypeError(f"dslnas.{function}: `{name}` takes {words}; {value!r} was given")


def wrong_argument(function: str, wanted: str, given: object) -> TypeError:
    """Return the error for what is no run or no spec; `wanted` says the call that gives one."""
    is_path = isinstance(given, str | Path)
    shown = f"the path {str(given)!r}" if is_path else f"a {type(given).__name__}"
    return TypeError(f"dslnas.{function} takes {wanted}; {shown} was given")


def spec_call(given: object) -> str:
    """Return the call that compiles a spec: that which is given, if it is a path."""
    path = str(given) if isinstance(given, str | Path) else "spec.nas"
    return f"`dslnas.compile_spec({path!r})`"


def run_call(given: object) -> str:
    """Return the call that loads a run: that which is given, if it is a path."""
    path = str(given) if isinstance(given, str | Path) else "runs/mine"
    return f"`dslnas.load_run({path!r})`"

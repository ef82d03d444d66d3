"""Settings of a search that contradict each other or the rest of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.checked import CheckedCell
from dslnas.settings.rule import Derivation
from dslnas.settings.search import NaspSettings, SearchSettings
from dslnas.settings.stop import Eigenvalue
from dslnas.source import Span

RELAXED: Final = ("darts", "milenas", "single_level", "gdas", "snas", "pc_darts")
"""Methods that weigh operations by a softmax of alpha."""

DRAWN: Final = ("random", "random_search")
"""Methods that draw architectures: between two epochs nothing is learnt about them."""

Misfit = tuple[str, str, str]
"""Path of a setting, what is wrong with it, and how to mend it."""


def check_search(
    engine: str,
    search: SearchSettings,
    derivation: Derivation,
    cells: Mapping[str, CheckedCell],
    spans: Mapping[str, Span],
    found: Diagnostics,
) -> None:
    """Check what no setting says alone.

    Records NAS201 for an unknown cell of `cells`, NAS511 for what does not fit together.
    """
    misfits = [*_misfits(search), *_unfit_for(engine, search, derivation)]
    for path, message, help in misfits:
        span = spans.get(path, spans.get("search.epochs"))
        found.add("NAS511", message, span, help=help)
    if isinstance(search, NaspSettings):
        for name in search.cells:
            if name not in cells:
                found.add(
                    "NAS201",
                    f"unknown cell `{name}`",
                    spans.get("search.cells"),
                    help=suggestion(name, cells),
                )


def _misfits(search: SearchSettings) -> Iterator[Misfit]:
    """Yield what no method can do."""
    if search.warm_epochs >= search.epochs:
        yield (
            "search.warmup",
            f"warm-up of {search.warm_epochs} epochs leaves none of {search.epochs} to search in",
            "give more `epochs` or a shorter `warmup`",
        )


def _unfit_for(engine: str, search: SearchSettings, derivation: Derivation) -> Iterator[Misfit]:
    """Yield what this method cannot do."""
    if engine in DRAWN:
        help = f"leave it out, or search by a method that learns; {suggestion('', RELAXED)}"
        drawn = f"`{engine}` draws architectures and compares them at the end"
        if search.warm_epochs > 0:
            yield "search.warmup", f"{drawn}: there is no alpha to wait with", help
        if search.stop:
            yield "search.stop", f"{drawn}: there is nothing to stop at", help
        if derivation.epoch != "last":
            yield "derive.epoch", f"{drawn}: no epoch is better than another", help
    if engine not in RELAXED:
        help = f"use a method with one: {suggestion('', RELAXED)}"
        if any(isinstance(rule, Eigenvalue) for rule in search.stop):
            message = f"`eigenvalue` looks at a softmax of alpha, and `{engine}` has none"
            yield "search.stop", message, help
        if derivation.by == "perturbation":
            message = f"`perturbation` changes a softmax of alpha, and `{engine}` has none"
            yield "derive.by", message, help

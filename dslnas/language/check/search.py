"""Settings of a search that contradict each other or the rest of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.check.checked import CheckedCell
from dslnas.settings.rule import Derivation
from dslnas.settings.search import (
    MilenasSettings,
    NaspSettings,
    OrderSettings,
    RandomSearchSettings,
    SampledSettings,
    SearchSettings,
)
from dslnas.settings.stop import Eigenvalue, Stable
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
    usual: SearchSettings,
    derivation: Derivation,
    cells: Mapping[str, CheckedCell],
    spans: Mapping[str, Span],
    diagnostics: Diagnostics,
) -> None:
    """Check what no setting says alone.

    Records NAS201 for an unknown cell of `cells`, NAS511 for what does not fit together.

    Args:
        engine: Name of the method.
        search: Its settings.
        usual: Its settings if nothing were written.
        derivation: How the architecture is derived.
        cells: All cells that could be understood.
        spans: Where settings are written, by path.
        diagnostics: Takes the mistakes.
    """
    misfits = [
        *_misfits(search, derivation),
        *_unfit_for_parts(search),
        *_unused(search, usual, spans),
        *_unfit_for(engine, search, derivation),
    ]
    for path, message, help in misfits:
        span = spans.get(path, spans.get("search.epochs"))
        diagnostics.add("NAS511", message, span, help=help)
    if isinstance(search, NaspSettings):
        for name in search.cells:
            if name not in cells:
                diagnostics.add(
                    "NAS201",
                    f"unknown cell `{name}`",
                    spans.get("search.cells"),
                    help=suggestion(name, cells),
                )


def _misfits(search: SearchSettings, derivation: Derivation) -> Iterator[Misfit]:
    """Yield what no method can do."""
    goes_back = any(isinstance(rule, Eigenvalue) for rule in search.stop)
    if derivation.by == "perturbation" and (derivation.epoch != "last" or goes_back):
        yield (
            "derive.by",
            "`perturbation` asks the supernet as it is at the end, not that of an earlier epoch",
            "write `by magnitude`, or leave out `epoch` and `stop eigenvalue`",
        )
    for rule in search.stop:
        needed = {Stable: "epochs", Eigenvalue: "window"}.get(type(rule))
        if needed is not None:
            epochs = getattr(rule, needed) * (2 if isinstance(rule, Eigenvalue) else 1)
            if epochs >= search.epochs:
                yield (
                    "search.stop",
                    f"`{rule.word}` looks back {epochs} epochs, and there are {search.epochs}",
                    f"give it fewer `{needed}`, or the search more `epochs`",
                )
    if derivation.penalty > 0 and not derivation.limits:
        yield (
            "derive.penalty",
            "`penalty` weighs what exceeds `require`, and nothing is required",
            "add a limit such as `require params < 4M`, or leave `penalty` out",
        )
    if isinstance(search, RandomSearchSettings) and search.epochs % search.epochs_each:
        yield (
            "search.each",
            f"{search.epochs} epochs are no multiple of {search.epochs_each}, "
            "so the last architecture would train for fewer than the others",
            "give `each` a divisor of `epochs`",
        )
    if search.warm_epochs >= search.epochs:
        yield (
            "search.warmup",
            f"warm-up of {search.warm_epochs} epochs leaves none of {search.epochs} to search in",
            "give more `epochs` or a shorter `warmup`",
        )


def _unfit_for_parts(search: SearchSettings) -> Iterator[Misfit]:
    """Yield what needs a whole batch at once."""
    if search.accumulate == 1:
        return
    if isinstance(search, OrderSettings) and (search.order, search.hessian) == ("second", "exact"):
        yield (
            "search.accumulate",
            "`hessian exact` differentiates twice what a whole batch leaves behind",
            "write `hessian difference`, or leave `accumulate` out",
        )
    if any(isinstance(rule, Eigenvalue) for rule in search.stop):
        yield (
            "search.stop",
            "`stop eigenvalue` differentiates twice what a whole batch leaves behind",
            "leave `accumulate` or `eigenvalue` out",
        )


def _unused(
    search: SearchSettings, usual: SearchSettings, spans: Mapping[str, Span]
) -> Iterator[Misfit]:
    """Yield what is written, is no default, and changes nothing as other settings are."""
    unused = []
    if isinstance(search, OrderSettings) and search.order == "first":
        ahead = ("hessian", "hessian"), ("unroll", "clips_ahead")
        unused += [(key, name, "order first", "order second") for key, name in ahead]
    if isinstance(search, SampledSettings) and search.level == "bilevel":
        unused.append(("lambda", "lambda_", "level bilevel", "level mixed"))
    if isinstance(search, NaspSettings) and search.complexity == 0:
        unused += [(key, key, "complexity 0", "complexity 0.1") for key in ("cost", "cells")]
    for key, name, because, instead in unused:
        if f"search.{key}" in spans and getattr(search, name) != getattr(usual, name):
            message = f"`{key}` changes nothing with `{because}`"
            yield f"search.{key}", message, f"write `{instead}`, or leave `{key}` out"
    if isinstance(search, MilenasSettings) and search.bilevel >= search.epochs:
        yield (
            "search.bilevel",
            f"{search.bilevel} bilevel epochs leave none of {search.epochs} that is mixed-level",
            "give fewer `bilevel` epochs, or write `search darts`",
        )


def _unfit_for(engine: str, search: SearchSettings, derivation: Derivation) -> Iterator[Misfit]:
    """Yield what this method cannot do."""
    if engine in DRAWN:
        help = (
            f"leave it out, or search by a method that learns; {suggestion('', [*RELAXED, 'nasp'])}"
        )
        drawn = f"`{engine}` draws architectures and compares them at the end"
        if search.warm_epochs > 0:
            yield "search.warmup", f"{drawn}: there is no alpha to wait with", help
        if search.stop:
            yield "search.stop", f"{drawn}: there is nothing to stop at", help
        if derivation.epoch != "last":
            yield "derive.epoch", f"{drawn}: no epoch is better than another", help
        if derivation.penalty > 0:
            yield "derive.penalty", f"{drawn}, within `require` from the start", help
    if engine not in RELAXED:
        help = f"use a method with one: {suggestion('', RELAXED)}"
        if any(isinstance(rule, Eigenvalue) for rule in search.stop):
            message = f"`eigenvalue` looks at a softmax of alpha, and `{engine}` has none"
            yield "search.stop", message, help
        if derivation.by == "perturbation":
            message = f"`perturbation` changes a softmax of alpha, and `{engine}` has none"
            yield "derive.by", message, help

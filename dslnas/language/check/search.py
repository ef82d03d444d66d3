"""Settings of a search that contradict each other or the rest of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.check.cell import Cell
from dslnas.settings.rule import Derivation
from dslnas.settings.search import SEARCH, Conflict, NaspSettings, SearchSettings
from dslnas.source import Span


def check_search(
    search: SearchSettings,
    usual: SearchSettings,
    derivation: Derivation,
    cells: Mapping[str, Cell],
    spans: Mapping[str, Span],
    diagnostics: Diagnostics,
) -> None:
    """Check what no setting says alone.

    Records NAS201 for an unknown cell of `cells`, NAS511 for what does not fit together.

    Args:
        search: Settings of the method.
        usual: Its settings if nothing were written.
        derivation: Derivation of the architecture.
        cells: All cells that could be understood.
        spans: Places of settings, by path.
        diagnostics: Takes the mistakes.
    """
    for conflict in (*search.conflicts(), *_unused(search, usual, spans)):
        _add(f"search.{conflict.key}", conflict.message, conflict.help, spans, diagnostics)
    for path, message, help in (
        *_of_derivation(search, derivation),
        *_unfit_for_drawing(search, derivation),
        *_unfit_without_weights(search, derivation),
    ):
        _add(path, message, help, spans, diagnostics)
    if isinstance(search, NaspSettings):
        for name in search.cells:
            if name not in cells:
                diagnostics.add(
                    "NAS201",
                    f"unknown cell `{name}`",
                    spans.get("search.cells"),
                    help=suggestion(name, cells),
                )


def _add(
    path: str, message: str, help: str, spans: Mapping[str, Span], diagnostics: Diagnostics
) -> None:
    span = spans.get(path, spans.get("search.epochs"))
    diagnostics.add("NAS511", message, span, help=help)


def _unused(
    search: SearchSettings, usual: SearchSettings, spans: Mapping[str, Span]
) -> Iterator[Conflict]:
    """Yield what is written, is no default, and changes nothing as other settings are."""
    for key, attribute, because, instead in search.unused():
        is_default = getattr(search, attribute) == getattr(usual, attribute)
        if f"search.{key}" in spans and not is_default:
            message = f"`{key}` changes nothing with `{because}`"
            yield Conflict(key, message, f"write `{instead}`, or leave `{key}` out")


def _of_derivation(
    search: SearchSettings, derivation: Derivation
) -> Iterator[tuple[str, str, str]]:
    """Yield what the derivation asks of no search, by path with message and help."""
    if derivation.by == "perturbation" and (derivation.epoch != "last" or search.goes_back):
        yield (
            "derive.by",
            "`perturbation` asks the supernet as it is at the end, not that of an earlier epoch",
            "write `by magnitude`, or leave out `epoch` and `stop eigenvalue`",
        )
    if derivation.penalty > 0 and not derivation.limits:
        yield (
            "derive.penalty",
            "`penalty` weighs what exceeds `require`, and nothing is required",
            "add a limit such as `require params < 4M`, or leave `penalty` out",
        )


def _unfit_for_drawing(
    search: SearchSettings, derivation: Derivation
) -> Iterator[tuple[str, str, str]]:
    """Yield what means nothing where architectures are drawn, by path with message and help."""
    if not search.draws:
        return
    learning = [name for name, model in SEARCH.items() if not model.draws]
    help = f"leave it out, or search by a method that learns; {suggestion('', learning)}"
    drawn = f"`{search.method}` draws architectures and compares them at the end"
    if search.warm_epochs > 0:
        yield "search.warmup", f"{drawn}: there is no alpha to wait with", help
    if search.stop:
        yield "search.stop", f"{drawn}: there is nothing to stop at", help
    if derivation.epoch != "last":
        yield "derive.epoch", f"{drawn}: no epoch is better than another", help
    if derivation.penalty > 0:
        yield "derive.penalty", f"{drawn}, within `require` from the start", help


def _unfit_without_weights(
    search: SearchSettings, derivation: Derivation
) -> Iterator[tuple[str, str, str]]:
    """Yield what needs operations weighed by a softmax, by path with message and help."""
    if search.weighs:
        return
    weighing = [name for name, model in SEARCH.items() if model.weighs]
    help = f"use a method with one: {suggestion('', weighing)}"
    if search.goes_back:
        message = f"`eigenvalue` looks at a softmax of alpha, and `{search.method}` has none"
        yield "search.stop", message, help
    if derivation.by == "perturbation":
        message = f"`perturbation` changes a softmax of alpha, and `{search.method}` has none"
        yield "derive.by", message, help

"""Settings of a search that contradict each other or the rest of the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.checked import CheckedCell
from dslnas.settings.rule import Derivation
from dslnas.settings.search import NaspSettings, SearchSettings
from dslnas.settings.stop import Eigenvalue
from dslnas.source import Span

RELAXED: Final = ("darts", "milenas", "single_level", "gdas", "snas", "pc_darts")
"""Methods that weigh operations by a softmax of alpha."""


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
    if search.warm_epochs >= search.epochs:
        found.add(
            "NAS511",
            f"warm-up of {search.warm_epochs} epochs leaves none of {search.epochs} to search in",
            spans.get("search.warmup", spans.get("search.epochs")),
            help="give more `epochs` or a shorter `warmup`",
        )
    if engine not in RELAXED:
        help = f"use a method with one: {suggestion('', RELAXED)}"
        if any(isinstance(rule, Eigenvalue) for rule in search.stop):
            message = f"`eigenvalue` looks at a softmax of alpha, and `{engine}` has none"
            found.add("NAS511", message, spans.get("search.stop"), help=help)
        if derivation.by == "perturbation":
            message = f"`perturbation` changes a softmax of alpha, and `{engine}` has none"
            found.add("NAS511", message, spans.get("derive.by"), help=help)
    if isinstance(search, NaspSettings):
        for name in search.cells:
            if name not in cells:
                found.add(
                    "NAS201",
                    f"unknown cell `{name}`",
                    spans.get("search.cells"),
                    help=suggestion(name, cells),
                )

"""Rules that end a search early; see `dslnas.settings.stop`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dslnas.settings.stop import Convolutions, Eigenvalue, Skips, Stable, StopRule
from dslnas.space.cell_stats import convolution_count, skip_count
from dslnas.training.snapshots import Snapshot


@dataclass(frozen=True)
class Stop:
    """Why a search ends, and the epoch, counted from 1, whose architecture is its result."""

    reason: str
    epoch: int


def stop_after(
    rules: Sequence[StopRule], history: Sequence[Snapshot], eigenvalues: Sequence[float]
) -> Stop | None:
    """Return why a search ends after the last candidate of its history: the first rule that holds.

    There is a candidate, and an eigenvalue if a rule asks for it, for every epoch in which alpha
    learns, the latest last.
    """
    for rule in rules:
        found = _stop(rule, history, eigenvalues)
        if found is not None:
            return found
    return None


def _stop(rule: StopRule, history: Sequence[Snapshot], eigenvalues: Sequence[float]) -> Stop | None:
    latest = history[-1]
    cells = latest.cells.values()
    match rule:
        case Skips(most=most):
            for cell in cells:
                skips = skip_count(cell)
                if skips >= most:
                    what = "skip connection" if skips == 1 else "skip connections"
                    return Stop(f"cell `{cell.name}` has {skips} {what}", latest.epoch)
        case Convolutions(most=most, reducing=reducing):
            if all(convolution_count(c) <= (most if c.stride == 1 else reducing) for c in cells):
                counts = ", ".join(f"`{c.name}` {convolution_count(c)}" for c in cells)
                return Stop(f"no cell has more convolutions than expected: {counts}", latest.epoch)
        case Stable(epochs=epochs):
            recent = history[-epochs - 1 :]
            if len(recent) > epochs and all(
                past.architecture.cells == latest.architecture.cells
                and past.architecture.network == latest.architecture.network
                for past in recent
            ):
                since = latest.epoch - epochs
                return Stop(f"cells have not changed since epoch {since}", latest.epoch)
        case Eigenvalue(ratio=ratio, window=window):
            return _sharp(ratio, window, history, eigenvalues)
    return None


def _sharp(
    ratio: float, window: int, history: Sequence[Snapshot], eigenvalues: Sequence[float]
) -> Stop | None:
    """Compare the mean of the last `window` epochs with that of the `window` before."""
    if len(eigenvalues) < 2 * window:
        return None
    now = sum(eigenvalues[-window:]) / window
    before = sum(eigenvalues[-2 * window : -window]) / window
    if now <= 0 or before / now >= ratio:
        return None
    reason = f"dominant eigenvalue of the Hessian in alpha rose from {before:.3g} to {now:.3g}"
    return Stop(reason, history[-window - 1].epoch)

"""The agreement of exported files with PyTorch, told to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def agreement_rows(shares: Mapping[str, float], tolerance: float) -> Iterator[tuple[str, str, str]]:
    """Yield a row of label, value and remark for each target; more than allowed has its reason."""
    for target, share in shares.items():
        remark = f"{_title(target)} against PyTorch, of the spread of the outputs"
        if share > tolerance:
            remark += "; rounding alone changes as much"
        yield "agreement", f"{share:.0e}", remark


def _title(target: str) -> str:
    """Return what runs the files of a target, by its name for people."""
    from dslnas.exporters.catalogue import EXPORTERS

    return EXPORTERS[target].title

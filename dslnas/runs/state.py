"""The state of a run, by what its folder tells."""

from __future__ import annotations

from dslnas.runs.manifest import Manifest
from dslnas.runs.pulse import Pulse


def state_of(manifest: Manifest, pulse: Pulse | None) -> str:
    """Return the status that a manifest tells, but `lost` for a run whose process is gone.

    A process that was killed changes no manifest: that goes on saying `running`.
    """
    if manifest.status != "running" or pulse is None or pulse.is_alive():
        return manifest.status
    return "lost"

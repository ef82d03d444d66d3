"""The state of a run, by what its folder tells."""

from __future__ import annotations

from dslnas.runs.manifest import Manifest
from dslnas.runs.pulse import Pulse


def state_of(manifest: Manifest, pulse: Pulse | None, is_held: bool | None) -> str:
    """Return the status that a manifest tells, but `lost` for a run whose process is gone.

    A process that was killed changes no manifest: that goes on saying `running`. The pulse tells
    whether it is there still; before it has one, the lock of the run does, see `hold.is_held`.
    """
    if manifest.status != "running":
        return manifest.status
    is_alive = is_held is not False if pulse is None else pulse.is_alive()
    return "running" if is_alive else "lost"

"""Where an exported model comes from: the part of a manifest that goes into its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dslnas.data.facts import NO_FACTS, Facts
from dslnas.diagnostics import user_error
from dslnas.runs.architecture import spec_hash_of
from dslnas.runs.folder import ARCHITECTURE
from dslnas.runs.manifest import MANIFEST, Manifest, dslnas_version
from dslnas.tasks.task import Task


@dataclass(frozen=True)
class Origin:
    """A spec, by name and hash, and how examples became numbers for its network.

    There are no facts of a network that has seen no data.
    """

    spec: str
    spec_hash: str
    facts: Facts = NO_FACTS

    def metadata(self) -> dict[str, str]:
        """Return what an exported model tells of its spec."""
        return {
            "made_by": f"dslnas {dslnas_version()}",
            "spec": self.spec,
            "spec_hash": self.spec_hash,
        }


def origin_in(manifest: Manifest, task: Task, run: Path, classes: int) -> Origin:
    """Return the origin that the manifest of a run tells, whose network has so many outputs.

    Raises:
        UserError: NAS023 if the architecture beside it was found by another spec; NAS023, NAS024
            or NAS027, see `Task.read_facts`.
    """
    found_by = spec_hash_of(run)
    if found_by not in (None, manifest.spec_hash):
        raise user_error(
            "NAS023",
            f"{MANIFEST} is of another spec than {ARCHITECTURE}: its spec_hash differs",
            where=str(run),
            help="keep manifest and architecture of the same run together",
        )
    facts = task.read_facts(manifest.facts.model_dump(), run, classes)
    return Origin(manifest.spec, manifest.spec_hash, facts)

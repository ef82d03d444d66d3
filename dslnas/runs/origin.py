"""Where an exported model comes from: the part of a manifest that goes into its files."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from dslnas.diagnostics import user_error
from dslnas.runs.folder import MANIFEST
from dslnas.runs.manifest import dslnas_version


class Normalisation(BaseModel):
    """Per channel, what was taken from the pixels and what they were divided by."""

    model_config = ConfigDict(frozen=True)

    mean: tuple[float, ...]
    std: tuple[float, ...]


class Origin(BaseModel):
    """Names of a spec and of its classes, and how its images were normalised.

    Attributes:
        spec: Name of the spec that was compiled.
        spec_hash: Of its effective text.
        normalisation: None for a network that has seen no data.
        class_names: Of the logits, in order.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    spec: str
    spec_hash: str
    normalisation: Normalisation | None = None
    class_names: tuple[str, ...] = ()

    def check_classes(self, classes: int, folder: Path) -> None:
        """Check that the names of the classes are as many as the network's.

        Raises:
            UserError: NAS023 if they are not.
        """
        if self.class_names and len(self.class_names) != classes:
            raise user_error(
                "NAS023",
                f"{MANIFEST} names {len(self.class_names)} classes, the network has {classes}",
                where=str(folder),
                help="keep manifest and architecture of the same run together",
            )

    def metadata(self) -> dict[str, str]:
        """Return the facts that are written into an exported model."""
        facts = {
            "made_by": f"dslnas {dslnas_version()}",
            "spec": self.spec,
            "spec_hash": self.spec_hash,
        }
        if self.normalisation is not None:
            for key, values in self.normalisation.model_dump().items():
                facts[key] = ", ".join(f"{value:.6g}" for value in values)
        return facts


def read_origin(folder: Path) -> Origin:
    """Return the origin of a run.

    Raises:
        UserError: NAS023 if the folder has no readable manifest.
    """
    try:
        return Origin.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise user_error(
            "NAS023",
            f"is not a run folder: it has no readable {MANIFEST}",
            where=str(folder),
            help="give the folder that `dslnas compile SPEC --search` wrote, or a `.nas` file",
        ) from None

"""Where an exported model comes from: the part of a manifest that goes into its files."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.data.tokens import TextFacts
from dslnas.diagnostics import user_error
from dslnas.json_model import JsonModel, read_model
from dslnas.runs.manifest import MANIFEST, Manifest, Normalisation, dslnas_version
from dslnas.settings.data import TokenLevel

if TYPE_CHECKING:
    from dslnas.data.dataset import Data

VOCABULARY = "vocabulary.json"
HELP = "run the search again, or export another run"


class _Vocabulary(JsonModel):
    level: TokenLevel
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """Names of a spec and of its classes, and how its examples became numbers.

    Attributes:
        spec: Name of the spec that was compiled.
        spec_hash: Hash of its effective text.
        normalisation: How images became numbers; None for text, and for a network that has seen
            no data.
        class_names: Names of the logits, in order; none for text, which has a vocabulary.
        level: What a token of text is; None for images.
    """

    spec: str
    spec_hash: str
    normalisation: Normalisation | None = None
    class_names: tuple[str, ...] = ()
    level: TokenLevel | None = None

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

    def text(self, run: Path, classes: int) -> TextFacts | None:
        """Return how the text of a run became numbers; None if it had images.

        Args:
            run: Its folder.
            classes: Of its network.

        Raises:
            UserError: NAS024 if its vocabulary is missing or of another network, NAS027 if it is
                damaged.
        """
        if self.level is None:
            return None
        path = run / VOCABULARY
        try:
            known = read_model(_Vocabulary, path)
        except OSError:
            raise user_error("NAS024", "does not exist", where=str(path), help=HELP) from None
        if len(known.tokens) != classes:
            reason = f"has {len(known.tokens)} tokens, the network {classes}"
            raise user_error("NAS024", reason, where=str(path), help=HELP)
        return TextFacts(known.tokens, known.level, {})

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


def origin_of(spec: str, spec_hash: str, data: Data) -> Origin:
    """Return the origin of a network that was trained on data."""
    if data.text is not None:
        return Origin(spec=spec, spec_hash=spec_hash, level=data.text.level)
    normalisation = Normalisation(mean=data.mean, std=data.std)
    return Origin(
        spec=spec, spec_hash=spec_hash, normalisation=normalisation, class_names=data.class_names
    )


def origin_in(manifest: Manifest) -> Origin:
    """Return the origin that a manifest tells."""
    return Origin(**{field.name: getattr(manifest, field.name) for field in fields(Origin)})

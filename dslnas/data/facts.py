"""How examples became numbers: what whoever deploys a network has to know of its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Facts:
    """Base of the facts of all tasks.

    Attributes:
        class_names: Names of the network's outputs, in order; none where they have no names.
    """

    class_names: tuple[str, ...] = ()

    programs: ClassVar[tuple[str, ...]] = ()
    """Programs of `dslnas.exporters` that run an exported network."""

    @property
    def unit(self) -> tuple[float, float]:
        """Factor and offset that lead from outputs to what users of an exported network want."""
        return 1.0, 0.0

    def check_outputs(self, outputs: int) -> None:
        """Raise ValueError unless a network with so many outputs is one of such data."""
        if self.class_names and len(self.class_names) != outputs:
            raise ValueError(f"{len(self.class_names)} classes for {outputs} logits")

    def files(self) -> dict[str, bytes]:
        """Return what users of an exported network need beside it, by the name of the file."""
        return {}

    def entries(self) -> dict[str, object]:
        """Return the facts as entries of the manifest's `facts`, by name."""
        return {"class_names": self.class_names} if self.class_names else {}

    def metadata(self) -> dict[str, str]:
        """Return the facts that are written into an exported model."""
        return {}


NO_FACTS = Facts()
"""Facts of a network that has seen no data."""


@dataclass(frozen=True)
class ImageFacts(Facts):
    """How pixels became numbers, per channel, in the unit of `Examples` with bytes divided by 255.

    Mean and standard deviation are those of the images that train, 1 for a channel that is
    constant: the one was taken from the pixels, which were divided by the other.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def entries(self) -> dict[str, object]:
        """Return normalisation and names of the classes."""
        return {**super().entries(), "normalisation": {"mean": self.mean, "std": self.std}}

    def metadata(self) -> dict[str, str]:
        """Return the normalisation with six digits, if there is one."""
        pairs = {"mean": self.mean, "std": self.std}
        return {
            key: ", ".join(f"{value:.6g}" for value in values)
            for key, values in pairs.items()
            if values
        }

"""How examples became numbers: what whoever deploys a network has to know of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    def units(self) -> tuple[tuple[float, float], ...]:
        """Factor and offset that lead from each output to what users of an exported network want.

        There are none where that is what the network gives.
        """
        return ()

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
class LabelledFacts(Facts):
    """How examples that stand alone became numbers, per channel or column.

    Images are in the unit of `Examples` with bytes divided by 255. Mean and standard deviation are
    those of the examples that train, 1 for what is constant: the one was taken from the numbers,
    which were divided by the other.

    Attributes:
        mean: By channel or column of the inputs.
        std: The same of the deviation.
        target_mean: By number that is predicted.
        target_std: Size in the data of a difference of 1 between outputs.
        form: How files became inputs, by name.
        notes: Changes of the examples that people may not expect.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    form: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[tuple[float, float], ...]:
        """Factor and offset that lead from standardised numbers to those of the data."""
        return tuple(zip(self.target_std, self.target_mean, strict=True))

    def entries(self) -> dict[str, object]:
        """Return normalisation and names of the outputs."""
        targets = {"mean": self.target_mean, "std": self.target_std}
        return {
            **super().entries(),
            "normalisation": {"mean": self.mean, "std": self.std},
            **({"targets": targets} if self.target_mean else {}),
            **({"form": dict(self.form)} if self.form else {}),
            **({"notes": self.notes} if self.notes else {}),
        }

    def metadata(self) -> dict[str, str]:
        """Return the normalisation with six digits, if there is one."""
        pairs = {"mean": self.mean, "std": self.std}
        numbers = {
            key: ", ".join(f"{value:.6g}" for value in values)
            for key, values in pairs.items()
            if values
        }
        return {**numbers, **self.form}

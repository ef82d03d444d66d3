"""How examples became numbers: what whoever deploys a network has to know of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dslnas.data.preprocessing import Preprocessing


@dataclass(frozen=True)
class Facts:
    """Base of the facts of all tasks.

    Attributes:
        class_names: Names of the network's outputs, in order; none where they have no names.
        preprocessing: How pictures become inputs; None where the inputs are no pictures.
        goal: Kind of what is predicted of an example that stands alone; "" of others.
    """

    class_names: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = field(default=None, kw_only=True)
    goal: str = field(default="", kw_only=True)

    @property
    def programs(self) -> tuple[str, ...]:
        """Programs of `dslnas.exporters` that run an exported network."""
        return () if self.preprocessing is None else ("predict.py",)

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
        notes: Changes of the examples that people may not expect.
        damaged: By file why it cannot be read, of those that were left out.
    """

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    notes: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)

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
            **({"preprocessing": asdict(self.preprocessing)} if self.preprocessing else {}),
            **({"notes": self.notes} if self.notes else {}),
            **({"damaged": self.damaged} if self.damaged else {}),
        }

    def metadata(self) -> dict[str, str]:
        """Return the normalisation with six digits, if there is one, and the preprocessing."""
        pairs = {"mean": self.mean, "std": self.std}
        numbers = {
            key: ", ".join(f"{value:.6g}" for value in values)
            for key, values in pairs.items()
            if values
        }
        goal = {"task": self.goal} if self.goal else {}
        pictures = {} if self.preprocessing is None else _told(self.preprocessing)
        return {**goal, **numbers, **pictures}


def _told(how: Preprocessing) -> dict[str, str]:
    """Return what is done to a picture, for people and, as JSON, for programs."""
    background = {} if how.mode == "RGBA" else {"background": how.background}
    return {
        "mode": how.mode,
        "size": f"{how.height} x {how.width}, bilinear with antialiasing",
        "fit": how.fit,
        **background,
        "preprocessing": how.to_json(),
    }

"""The processes that torchrun has started for one run, as their environment tells."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dslnas.diagnostics import user_error


@dataclass(frozen=True)
class Launch:
    """Which of several processes this one is; of a run without a launcher the only one.

    Attributes:
        rank: Its number among all of them, from 0.
        size: How many there are.
        local_rank: Its number on its machine, which is that of its GPU.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def is_alone(self) -> bool:
        """Whether there are no others."""
        return self.size == 1

    @property
    def writes(self) -> bool:
        """Whether it is the one that writes and talks for all."""
        return self.rank == 0


def launched() -> Launch:
    """Return what torchrun has set for this process, if it was torchrun that started it.

    Raises:
        UserError: NAS734 if what is set makes no sense.
    """
    if not {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys():
        return Launch()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
    texts = [os.environ.get(name, "0") for name in names]
    if all(text.isdecimal() for text in texts):
        rank, size, local_rank = map(int, texts)
        if rank < size:
            return Launch(rank, size, local_rank)
    told = ", ".join(f"{name} is `{text}`" for name, text in zip(names, texts, strict=True))
    raise user_error(
        "NAS734",
        f"cannot tell which process of a run this is: {told}",
        where="environment",
        help="start it by `torchrun --nproc-per-node N -m dslnas ...`, or unset these variables",
    )

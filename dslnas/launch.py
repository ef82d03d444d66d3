"""The processes that torchrun has started for one run, as their environment tells."""

from __future__ import annotations

import os
from dataclasses import dataclass

from dslnas.diagnostics import user_error

_DEFAULTS = {"RANK": "0", "WORLD_SIZE": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "1"}
"""Variables that a launcher sets, with what they mean where it leaves them out."""


@dataclass(frozen=True)
class Launch:
    """Which of several processes this one is; of a run without a launcher the only one.

    Attributes:
        rank: Its number among all of them, from 0.
        size: How many there are.
        local_rank: Its number on its machine, which is that of its GPU.
        local_size: How many there are on its machine, which share memory and cores.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    local_size: int = 1

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
    texts = [os.environ.get(name, default) for name, default in _DEFAULTS.items()]
    if all(text.isdecimal() for text in texts):
        rank, size, local_rank, local_size = map(int, texts)
        if rank < size and local_size > 0:
            return Launch(rank, size, local_rank, local_size)
    told = ", ".join(f"{name} is `{text}`" for name, text in zip(_DEFAULTS, texts, strict=True))
    raise user_error(
        "NAS734",
        f"cannot tell which process of a run this is: {told}",
        where="environment",
        help="start it by `torchrun --nproc-per-node N -m dslnas ...`, or unset these variables",
    )

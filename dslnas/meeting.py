"""How the processes that torchrun started find each other."""

from __future__ import annotations

import atexit
from contextlib import suppress
from datetime import timedelta

import torch.distributed as dist

from dslnas.diagnostics import user_error
from dslnas.launch import Launch
from dslnas.ranks import Ranks

PATIENCE = timedelta(hours=2)
"""How long ranks wait for each other: one may read all pictures for the first time meanwhile.

One that ends is noticed at once.
"""


def meet(launch: Launch, device: str, *, synchronised: bool) -> Ranks:
    """Return the processes that were launched together, once they have met.

    Args:
        launch: Which of them this one is.
        device: Kind of their devices, `cpu` or `cuda`.
        synchronised: See `Ranks`.

    Raises:
        UserError: NAS735 if they do not find each other.
    """
    if launch.is_alone:
        return Ranks(synchronised=synchronised)
    if not dist.is_initialized():
        ways = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
        try:
            dist.init_process_group(ways, timeout=PATIENCE)
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise user_error(
                "NAS735",
                f"the processes of this run do not find each other: {reason}",
                where=f"rank {launch.rank}",
                help="give all of them the same `--rdzv-endpoint`, and let firewalls pass it",
            ) from None
        atexit.register(_leave)
    return Ranks(launch.rank, launch.size, synchronised)


def _leave() -> None:
    with suppress(RuntimeError, ValueError):  # another one is gone already
        dist.destroy_process_group()

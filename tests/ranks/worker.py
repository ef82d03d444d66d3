"""One rank of a search in float64: `worker.py RANK SIZE FOLDER`; writes what it ends in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch import Tensor

from dslnas.app.compile import compile_spec, with_search
from dslnas.app.data import load_data
from dslnas.app.search import plan_of
from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import forever
from dslnas.engines.catalogue import make_engine
from dslnas.ranks import Ranks
from dslnas.training.search import make_supernet

CASES = {
    space: (
        ("darts", ()),
        ("darts", ("search.order=second", "search.weights=sgd(lr = 0.1)")),
        ("darts", ("search.order=second", "search.hessian=exact", "search.weights=sgd(lr = 0.1)")),
        ("gdas", ()),
        ("nasp", ()),
        ("enas", ("search.units=8", "search.updates=2", "search.candidates=3")),
        ("asng", ()),
    )
    for space in ("images", "text", "ratings")
}
"""Methods of each kind: by gradients, by those after a step, by drawn gates, by a controller, and
by natural gradients; with their settings."""

STEPS = 3


def ends_in(spec: Path, method: str, given: Sequence[str], ranks: Ranks) -> dict[str, Tensor]:
    """Return alphas and weights after three steps and what follows at the end of an epoch."""
    found = with_search(compile_spec(spec, [f"search={method}", *given]))
    runtime = Runtime(torch.device("cpu"), precision="float64", ranks=ranks)
    data, plan = load_data(found, runtime, searching=True), plan_of(found)
    generator = torch.Generator().manual_seed(0)
    supernet = make_supernet(plan, generator, 0, runtime)
    engine = make_engine(supernet, plan.settings, generator)
    supernet.network.train()
    engine.start_epoch(0)
    weights = data.weights.batches(plan.data.batch, generator)
    architecture = forever(data.architecture, plan.data.batch, generator)
    for train in islice(weights, STEPS):
        engine.step(train, next(architecture))
    engine.end_epoch(architecture, lambda *_: None)
    engine.finish([next(architecture)], lambda *_: None)
    tensors = {f"weights/{k}": v for k, v in supernet.network.state_dict().items()}
    return tensors | {f"alphas/{k}": v.detach() for k, v in engine.alphas().items()}


def main(rank: int, size: int, folder: Path) -> None:
    """Run all cases."""
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo",
        init_method=f"file://{folder}/meeting",
        rank=rank,
        world_size=size,
        timeout=timedelta(seconds=60),
    )
    ranks = Ranks(rank, size, synchronised=True)
    for space, methods in CASES.items():
        for number, (method, given) in enumerate(methods):
            found = ends_in(folder / f"{space}.nas", method, given, ranks)
            file = folder / f"{space}-{number}-{rank}.safetensors"
            save_file({name: t.contiguous() for name, t in found.items()}, file)
    dist.destroy_process_group()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))

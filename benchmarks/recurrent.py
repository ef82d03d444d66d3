"""How much faster the rewritten step of a recurrent supernet is than the plain lowering.

DARTS' recurrent space at the paper's size: 300 hidden units, segments of 35 tokens, batch 256, a
vocabulary of 10,000, all dropouts as published; tokens of noise. Plain runs one primitive after the
other, edge by edge, every step of the cell in the loop over time. Both lowerings take turns in one
process, with the same weights and the same masks; the times are medians of the turns. Outputs and
gradients are compared before.

    python benchmarks/recurrent.py
    python benchmarks/recurrent.py --hidden 100 --batch 64 --turns 5
"""

from __future__ import annotations

import argparse
import platform
import statistics
from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import make_engine
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Variational
from dslnas.source import SourceFile
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.language_settings import SETTINGS as TEXT
from dslnas.timing import seconds_of

DROPOUT = Variational(embedded=0.2, input=0.75, state=0.25, output=0.75)  # as published
LOWERINGS = {"plain": True, "rewritten": False}


def supernet_of(hidden: int, words: int) -> Supernet:
    """Return the supernet with the paper's dropout."""
    program = f"use papers.darts_rnn\ndata text\nnetwork {{ channels {hidden} }}"
    space = lower(check(link(SourceFile("benchmark", program)), TASK_SETTINGS), (), words)
    assert isinstance(space, SearchSpace), "there are choices"
    generator = torch.Generator().manual_seed(0)
    supernet = Supernet(space, build_supernet_graph(space), generator, Runtime(torch.device("cpu")))
    state = supernet.network.run_state
    state.dropout, state.generator = DROPOUT.rates(), torch.Generator()
    supernet.network.train()
    return supernet


def segment_of(steps: int, batch: int, words: int, seed: int) -> Batch:
    """Return a segment of noise."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(words, (steps + 1, batch), generator=generator)
    return Batch({"token": tokens[:-1]}, tokens[1:], axis=1)


def results_of(supernet: Supernet, batch: Batch) -> list[Tensor]:
    """Return the loss and its gradients in alpha and in all weights."""
    generator = torch.Generator().manual_seed(1)
    alpha = torch.randn((36, 5), generator=generator).requires_grad_()
    assert supernet.network.run_state.generator is not None
    supernet.network.run_state.generator.manual_seed(2)
    loss = supernet.loss(batch, Mixing({"recurrent": alpha.softmax(-1)}))
    return [loss.detach(), *torch.autograd.grad(loss, [alpha, *supernet.weights()])]


def steps_of(
    supernet: Supernet, batches: tuple[Batch, Batch]
) -> Mapping[str, Callable[[], object]]:
    """Return what is timed, by name."""
    generator = torch.Generator().manual_seed(0)
    defaults = TEXT.defaults_of(SEARCH["darts"])
    engines = {
        order: make_engine(
            supernet,
            SEARCH["darts"].model_validate({**defaults, "order": order}),
            generator,
        )
        for order in ("first", "second")
    }
    for engine in engines.values():
        engine.start_epoch(0)
    train, held_out = batches
    return {
        f"DARTS step, {order} order": partial(engine.step, train, held_out)
        for order, engine in engines.items()
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=300, help="hidden units")
    parser.add_argument("--steps", type=int, default=35, help="tokens of a segment")
    parser.add_argument("--batch", type=int, default=256, help="segments side by side")
    parser.add_argument("--words", type=int, default=10_000, help="size of the vocabulary")
    parser.add_argument("--turns", type=int, default=3, help="timed steps of every row")
    given = parser.parse_args()
    supernet = supernet_of(given.hidden, given.words)
    network = supernet.network
    assert isinstance(network, SequenceNetwork)
    sizes = (given.steps, given.batch, given.words)
    batches = segment_of(*sizes, 0), segment_of(*sizes, 1)
    print(
        f"{given.hidden} hidden units, {given.steps} steps, batch {given.batch}, {given.words} "
        f"words; torch {torch.__version__}, {torch.get_num_threads()} threads, "
        f"{platform.processor() or platform.machine()}\n"
    )
    found = {}
    for name, network.plain in LOWERINGS.items():
        found[name] = results_of(supernet, batches[0])
    pairs = zip(found["plain"], found["rewritten"], strict=True)
    worst = max(float((a - b).norm() / a.norm()) for a, b in pairs)
    print(f"largest relative difference of loss and gradients, float32: {worst:.1e}\n")
    print("| | plain, s | rewritten, s | times less |")
    print("| --- | ---: | ---: | ---: |", flush=True)
    for what, work in steps_of(supernet, batches).items():
        times: dict[str, list[float]] = {name: [] for name in LOWERINGS}
        for _ in range(given.turns):
            for name, network.plain in LOWERINGS.items():
                times[name].append(seconds_of(work))
        plain, rewritten = (statistics.median(times[name]) for name in LOWERINGS)
        print(f"| {what} | {plain:.2f} | {rewritten:.2f} | {plain / rewritten:.1f} |", flush=True)


if __name__ == "__main__":
    main()

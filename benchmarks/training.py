"""A training step of DARTS' network for CIFAR-10, as published and by this tool.

20 cells of DARTS V2 from 36 channels on with auxiliary head, drop path at half of its final rate,
clipping and SGD with momentum, on noise. The published network is `published.derived`, once in
PyTorch's usual layout and once with one line more, in `channels_last`. This tool's step is that of
`dslnas train cnn.darts_v2`. All take turns in one process.

    python benchmarks/training.py --threads 1
    python benchmarks/training.py --threads 1 --cells 8 --channels 16 --turns 3 --no-memory
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from contest import (
    CHANNELS_LAST,
    COSTS,
    OURS,
    PUBLISHED,
    Goal,
    Maker,
    Reached,
    Step,
    cost_rows,
    costs_of,
    print_reached,
    ratios_of,
)
from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import Batch
from dslnas.graph.lower.network import build_derived_graph
from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import link
from dslnas.ops.primitive import Shape
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.lower import lower
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.training.epochs import Epochs
from dslnas.training.keeping import KeepsNothing
from dslnas.training.synthetic_data import noise
from dslnas.training.training_state import Trainee
from floor import floor_of, measured_speed
from measuring import machine, medians_in_turns
from methods import ON_CPU
from published.derived import DARTS_V2, DerivedNetwork, optimiser_of, train_step
from workloads import CIFAR, CPU, count

CLASSES = 10
SMALL = (3, 4, 2)
GOALS = (
    Goal(PUBLISHED, 2.0, 1.5),
    Goal(CHANNELS_LAST, 2.0, 1.5),
    Goal(CHANNELS_LAST, 1.0, of="memory"),
)


def images_of(batch: int) -> tuple[Tensor, Tensor]:
    """Return noise with labels."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn((batch, *CIFAR), generator=generator)
    return images, torch.randint(CLASSES, (batch,), generator=generator)


def published(
    cells: int,
    channels: int,
    batch: int,
    layout: torch.memory_format,
    device: torch.device = CPU,
) -> Step:
    """Return the step of the published network."""
    torch.manual_seed(0)
    images, labels = (tensor.to(device) for tensor in images_of(batch))
    network = DerivedNetwork(DARTS_V2, channels, cells, CLASSES)
    network.to(device, memory_format=layout)  # type: ignore[call-overload]
    images = images.contiguous(memory_format=layout)
    network.drop_path_rate = 0.1
    optimiser = optimiser_of(network.train())
    return lambda turn: train_step(network, optimiser, images, labels)


def program_of(cells: int, channels: int, batch: int) -> str:
    """Return the training in the language."""
    kinds = ["reduction" if i in (cells // 3, 2 * cells // 3) else "normal" for i in range(cells)]
    return (
        "use cnn.darts_v2\nuse networks.cifar10\n"
        f"network {{ cells {', '.join(kinds)} }}\n"
        f"evaluate {{ channels {channels}; batch {batch} }}\n"
    )


def ours(cells: int, channels: int, batch: int, runtime: Runtime = ON_CPU) -> Step:
    """Return this tool's step, as a training of the program takes it."""
    epochs = epochs_of(program_of(cells, channels, batch), runtime=runtime)
    images, labels = (tensor.to(runtime.device) for tensor in images_of(batch))
    return lambda turn: epochs.step(Batch({"image": images}, labels))


def checked(
    text: str, shape: Shape = CIFAR, classes: int = CLASSES
) -> tuple[CheckedProgram, Architecture]:
    """Return a program and its architecture, for images of a shape."""
    program = check(link(SourceFile("benchmark", text)), TASK_SETTINGS)
    architecture = lower(program, shape, classes)
    assert isinstance(architecture, Architecture), "every choice is made"
    return program, architecture


def epochs_of(
    text: str, shape: Shape = CIFAR, classes: int = CLASSES, runtime: Runtime = ON_CPU
) -> Epochs:
    """Return a training of a program on noise, in the middle of its epochs."""
    program, architecture = checked(text, shape, classes)
    settings, device = program.evaluate, runtime.device
    graph = build_derived_graph(architecture, training=True)
    trainee = Trainee(graph, settings, 0, runtime)
    data = noise(program.data, shape, classes, settings.batch, device)
    epochs = Epochs(trainee, settings, program.data, data, lambda record: None, KeepsNothing())
    epochs.begin(settings.epochs // 2 + 1)
    return epochs


def data_seconds(text: str, turns: int) -> float:
    """Return the median seconds in which a batch is read and augmented."""
    epochs = epochs_of(text)

    def read(turn: int) -> None:
        for _ in epochs.batches():
            pass

    passes = medians_in_turns({"pass": read}, turns)["pass"]
    return passes / sum(1 for _ in epochs.batches())


def makers(cells: int, channels: int, batch: int) -> dict[str, Maker]:
    """Return what makes the step of every way."""
    usual, last = torch.contiguous_format, torch.channels_last
    return {
        PUBLISHED: partial(published, cells, channels, batch, usual),
        CHANNELS_LAST: partial(published, cells, channels, batch, last),
        OURS: partial(ours, cells, channels, batch),
    }


def main(arguments: Sequence[str] | None = None) -> list[Reached]:
    """Print what a step costs, and return what was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=count, default=20, help="of the network")
    parser.add_argument("--channels", type=count, default=36, help="of its first cell")
    parser.add_argument("--batch", type=count, default=16, help="images")
    parser.add_argument("--turns", type=count, default=5, help="timed steps of every way")
    parser.add_argument("--threads", type=count, help="of torch; else as many as it takes")
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="times alone")
    given = parser.parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    work = f"training, {given.cells} cells x {given.channels} channels, batch {given.batch}"
    print(f"{machine()}\n\n{COSTS}", flush=True)
    ways = makers(given.cells, given.channels, given.batch)
    costs = costs_of(ways, given.turns, makers(*SMALL) if given.memory else None)
    print(*cost_rows(work, costs), sep="\n")
    speed = measured_speed()
    step = ways[PUBLISHED]()
    reached = ratios_of(work, costs, GOALS, floor_of(partial(step, 0), speed))
    text = program_of(given.cells, given.channels, given.batch)
    share = 100 * data_seconds(text, given.turns) / costs[OURS].seconds
    reached.append(Reached(work, "augmented batch, share of a step", share, "< 5 %", " %"))
    print_reached(reached)
    return reached


if __name__ == "__main__":
    main()

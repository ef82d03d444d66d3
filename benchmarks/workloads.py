"""Search spaces at the sizes that are measured, and batches of noise for their supernets."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from dslnas.data.batches import Batch
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.language.link.overrides import parse_overrides
from dslnas.ops.primitive import Shape
from dslnas.source import SourceFile
from dslnas.space.lower import lower
from dslnas.space.search_space import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS

SPECS = Path(__file__).resolve().parent.parent / "specs"
CIFAR: Shape = (3, 32, 32)
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Workload:
    """A search space, and the size of what its supernet reads.

    Attributes:
        name: What the user calls it.
        title: What it is.
        program: The space in the language.
        shape: Of an image; () for text.
        classes: Of images, or words of the vocabulary.
        batch: Images, or segments side by side.
        steps: Tokens of a segment.
        only: The one method it is meant for; empty for all.
        is_published: Whether `published` has its network.
        changes: Overrides, as of `--set`.
    """

    name: str
    title: str
    program: str
    shape: Shape
    classes: int
    batch: int
    steps: int = 0
    only: str = ""
    is_published: bool = True
    changes: tuple[str, ...] = ()

    @cached_property
    def space(self) -> SearchSpace:
        """The space, lowered."""
        source = SourceFile(self.name, self.program)
        program = check(link(source, parse_overrides(self.changes)), TASK_SETTINGS)
        space = lower(program, self.shape, self.classes)
        assert isinstance(space, SearchSpace), "there are choices"
        return space

    def batches(self, device: torch.device = CPU) -> tuple[Batch, Batch]:
        """Return a batch for the weights and one for alpha."""
        generator = torch.Generator().manual_seed(0)
        return self._batch(generator, device), self._batch(generator, device)

    def _batch(self, generator: torch.Generator, device: torch.device) -> Batch:
        if not self.shape:
            size = (self.steps + 1, self.batch)
            tokens = torch.randint(self.classes, size, generator=generator).to(device)
            return Batch({"token": tokens[:-1]}, tokens[1:], axis=1)
        images = torch.randn((self.batch, *self.shape), generator=generator).to(device)
        labels = torch.randint(self.classes, (self.batch,), generator=generator).to(device)
        return Batch({"image": images}, labels)

    def __str__(self) -> str:
        """Return what is measured, with its size."""
        size = f"batch {self.batch}" + (f", {self.steps} steps" if self.steps else "")
        return ", ".join((self.title, size, *self.changes))


_DARTS = "use papers.darts"
_EIGHT = "8 cells of 16 channels, 32 x 32 images"

WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("cells-16", f"{_EIGHT}, DARTS' operations", _DARTS, CIFAR, 10, 16),
        Workload("cells-64", f"{_EIGHT}, DARTS' operations", _DARTS, CIFAR, 10, 64),
        Workload(
            "nasp-16", f"{_EIGHT}, NASP's operations", "use papers.nasp", CIFAR, 10, 16, only="nasp"
        ),
        Workload(
            "digits",
            "the space of specs/digits_darts.nas",
            (SPECS / "digits_darts.nas").read_text(encoding="utf-8"),
            (1, 8, 8),
            10,
            64,
            is_published=False,
        ),
        Workload(
            "recurrent",
            "DARTS' recurrent cell, 300 hidden units, 10,000 words",
            "use papers.darts_rnn\ndata text\nnetwork { channels 300 }",
            (),
            10_000,
            64,
            steps=35,
        ),
    )
}


def count(text: str) -> int:
    """Return a whole number of at least 1; an option's type.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no whole number of at least 1")
    return int(text)


def counts(text: str) -> list[int]:
    """Return the whole numbers of at least 1 in a list with commas; an option's type."""
    return [count(part) for part in text.split(",")]


def parsed(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options given, with those of a workload's size; set the number of threads."""
    parser.add_argument("--batch", type=count, help="examples, or segments, instead of its own")
    parser.add_argument("--steps", type=count, help="tokens of a segment of text")
    parser.add_argument("--words", type=count, help="size of the vocabulary")
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], metavar="PATH=VALUE",
        help="override a value of the space, such as network.channels=8; repeatable",
    )  # fmt: skip
    parser.add_argument("--threads", type=count, help="of torch; else as many as it takes")
    given = parser.parse_args(arguments)
    if given.threads:
        torch.set_num_threads(given.threads)
    return given


def sized(workload: Workload, given: argparse.Namespace) -> Workload:
    """Return a workload of the size that options say."""
    is_text = not workload.shape
    return replace(
        workload,
        batch=given.batch or workload.batch,
        steps=is_text * (given.steps or workload.steps),
        classes=(is_text and given.words) or workload.classes,
        changes=tuple(given.changes),
    )


def names_in(text: str, known: tuple[str, ...]) -> list[str]:
    """Return the names in a list with commas; an option's type.

    Raises:
        argparse.ArgumentTypeError: One is not known.
    """
    names = text.split(",")
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"no `{name}`; there are {', '.join(known)}")
    return names

"""Commands that are killed: what they begin with, and how they are gone on with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import dslnas
from tests.small import LONGER, SMALL
from tests.small_text import SMALL_TEXT

RUN = "run"
"""Name of the folder that a command writes."""

OFTEN = ("--checkpoint-minutes", "0.0005")
"""A loop is stored after nearly every step."""

RATINGS = """
use papers.sif

network {
    channels  2
}

data simulated_ratings {
    interaction  multiply
    users        30
    items        20
    ratings      400
    batch        64
}

search darts {
    epochs   3
    weights  adagrad(lr = 0.15)
    arch     adam(lr = 0.007)
}

evaluate {
    channels  2
    epochs    3
    batch     64
    weights   adagrad(lr = 0.15)
}
"""

SPECS = {
    "image": LONGER.replace("    epochs  1\n", "    epochs  3\n"),
    "evolution": LONGER.replace(
        "search darts {", "search evolution {\n    population  4\n    tournament  2\n    cycles  4"
    ),
    "text": SMALL_TEXT.replace("    epochs   1\n", "    epochs   2\n"),
    "streamed": SMALL_TEXT.replace(
        "    subset  1%\n", '    path    "novel.txt"\n    stream  always\n'
    ),
    "ratings": RATINGS,
    "brief": SMALL,
}
"""Specs by name: images by a gradient and by a population, a text in memory and in a file."""

NOVEL = Path(dslnas.__file__).parent / "data" / "texts" / "pride_and_prejudice.txt"

Base = Callable[[Path], None]
"""Lays what a command begins with into a folder, which is the working directory."""


@dataclass(frozen=True)
class Case:
    """A command.

    Attributes:
        kind: Kind of work, by which it is chosen.
        of: Name that tells it from others of its kind.
        arguments: The command line.
        base: Lays what it begins with.
        again: Arguments that let it go on; without any it is given again as it is.
        races: Whether two of it begin at once in one folder, too.
    """

    kind: str
    of: str
    arguments: tuple[str, ...]
    base: Base
    again: tuple[str, ...] = ()
    races: bool = False

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"{self.kind}: {self.of}"


def specs(folder: Path) -> None:
    """Lay the specs into a folder, and the text that one of them reads."""
    for name, text in SPECS.items():
        (folder / f"{name}.nas").write_text(text)
    (folder / "novel.txt").write_bytes(NOVEL.read_bytes()[:6000])


def found(spec: str) -> Base:
    """Return a base with a run whose search is over, and with its architecture as a spec."""

    def lay(folder: Path) -> None:
        specs(folder)
        run = dslnas.search(dslnas.compile_spec(f"{spec}.nas"), "searched")
        (folder / "cell.nas").write_bytes((run.path / "architecture.nas").read_bytes())

    return lay


def trained(folder: Path) -> None:
    """Lay a run that is trained and not exported yet, and pictures to label."""
    specs(folder)
    dslnas.train(dslnas.search(dslnas.compile_spec("image.nas"), RUN))


def finished(folder: Path) -> None:
    """Lay a run that is finished, and pictures to label."""
    trained(folder)
    dslnas.export(dslnas.load_run(RUN))
    (folder / "pictures").mkdir()
    drawn = np.random.default_rng(0)
    for number in range(4):
        pixels = drawn.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "pictures" / f"{number}.png")


def _search(of: str, kind: str = "search", *more: str) -> Case:
    arguments = ("compile", f"{of}.nas", "--search", "--out", RUN, *OFTEN, *more)
    label = f"{of} {' '.join(more)}".strip()
    return Case(kind, label, arguments, specs, ("--resume",), races=of == "ratings")


def _train(of: str) -> Case:
    return Case("train", of, ("train", "cell.nas", "--out", RUN, *OFTEN), found(of), ("--resume",))


def _sweep(of: str, vary: str) -> Case:
    arguments = ("sweep", f"{of}.nas", "--vary", vary, "--out", RUN, *OFTEN)
    return Case("sweep", f"{of} {vary}", arguments, specs, ("--resume",), races=True)


OTHERS = ("--set", "export.precision=int8, float16", "--set", "export.within=50%")

CASES = (
    *(_search(of) for of in ("image", "text", "ratings", "evolution", "streamed")),
    *(_train(of) for of in ("image", "text", "ratings")),
    Case("export", "a trained run", ("export", RUN), trained),
    Case("export", "a finished run, again", ("export", RUN), finished, races=True),
    Case("export", "in other precisions", ("export", RUN, *OTHERS), finished),
    Case("export", "to another folder", ("export", RUN, "--out", "files"), finished),
    Case("export", "without training", ("export", "cell.nas", "--untrained"), found("image")),
    _search("ratings", "repeats", "--repeats", "2"),
    _search("brief", "repeats", "--repeats", "2", "--no-baseline"),
    _sweep("ratings", "data.batch=32,64"),
    Case("files", "convert", ("convert", RUN, "--to", "nas", "--out", "other.nas"), finished),
    Case("files", "draw", ("draw", RUN, "--out", "cells.svg"), finished),
    Case("files", "report", ("report", RUN), finished),
    Case("files", "predict", ("predict", RUN, "pictures", "--csv"), finished),
)
"""All commands."""

"""Engines: they decide which inputs a target gets, until it has had enough."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

from tests.fuzz.corpus import kept
from tests.fuzz.feeder import Feeder
from tests.fuzz.inputs import inputs
from tests.fuzz.mutate import LONGEST, mutated

_QUIET = ("-verbosity=0", "-print_final_stats=0", "-timeout=0", "-rss_limit_mb=0")
"""Options of libFuzzer, which leaves time and memory to `tests.fuzz.judge`."""


def by_grammar(feeder: Feeder, seed: int, folder: Path) -> None:
    """Feed inputs of a grammar, seeds, and changes of both; the same seed gives the same ones."""
    for content in inputs(feeder.target, seed):
        feeder.feed(content)
        if feeder.is_done:
            break
    feeder.tell()


def by_coverage(feeder: Feeder, seed: int, folder: Path) -> None:
    """Feed what Atheris makes of the seeds, which are in `folder`: it keeps what reaches new code.

    Half of its changes are its own, half those of `tests.fuzz.mutate`. The process ends with it.
    """
    import atheris

    target = feeder.target
    seeds = [*target.seeds(), *(path.read_bytes() for path in kept(target.name))]
    place = folder / "seeds"
    place.mkdir()
    for number, content in enumerate(seeds):
        (place / str(number)).write_bytes(content)

    def feed(content: bytes) -> None:
        feeder.feed(content)
        if feeder.is_done:
            feeder.tell()
            os._exit(0)  # Atheris never returns

    def change(content: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        if random.random() < 0.5:
            changed: bytes = atheris.Mutate(content, most)
            return changed
        return mutated(content, random, target.words, seeds, is_text=target.is_text)[:most]

    options = (f"-seed={seed + 1}", f"-max_len={LONGEST}", *_QUIET, str(place))
    atheris.Setup(["fuzz", *options], feed, custom_mutator=change)
    atheris.Fuzz()

"""A recurrent space and a text that train in a moment, and short calls of the loops."""

from __future__ import annotations

from typing import Any

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.data.dataset import Data
from dslnas.data.stream import StreamPart
from dslnas.data.tokens import PartFacts, TextFacts
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.rule import AS_PUBLISHED, Derivation
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.texts import TextFile
from dslnas.settings.values import Sgd, Variational
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.training.keeping import Keeper, KeepsNothing, Saved
from dslnas.training.search import Search, SearchProgress
from dslnas.training.search_plan import SearchPlan, SearchResult
from dslnas.training.train import Trained, train
from dslnas.training.training_state import Progress
from tests.engines.small import LOWERED
from tests.spaces import random_scores, space_of
from tests.training.tiny import CPU, Listener

WORDS = 7
STEPS = 6
TEXT_SPACE = """use papers.darts_rnn
cell recurrent { nodes 2; choose none, tanh, relu, identity }
network { channels 8 }
evaluate { channels 8 }
"""
FEW: dict[str, dict[str, Any]] = {
    "enas": {"units": 8, "updates": 2, "samples": 3, "candidates": 4},
    "nao": {"pool": 8, "fresh": 3, "parents": 3, "units": 4, "fits": 2},
    "evolution": {"population": 6, "tournament": 3, "cycles": 6},
    "random": {"samples": 3},
    "random_search": {"each": 1},
}
DROPOUT = Variational(words=0.1, embedded=0.1, input=0.2, state=0.1, output=0.2)


def text_space(method: str = "") -> SearchSpace:
    """Return the space: one cell of two nodes; lowered as a method wants it."""
    return space_of(TEXT_SPACE, (), LOWERED.get(method, ()), classes=WORDS)


def text_architecture() -> Architecture:
    """Return some architecture of it."""
    return derive(text_space(), random_scores(text_space(), 4))


def text_part(seed: int, count: int) -> StreamPart:
    """Return a text in which one word of eight is drawn anew, and the others follow the last."""
    generator = torch.Generator().manual_seed(seed)
    words = torch.randint(WORDS, (count,), generator=generator).tolist()
    drawn = (torch.rand(count, generator=generator) < 0.125).tolist()
    for place in range(1, count):
        if not drawn[place]:
            words[place] = (3 * words[place - 1] + 1) % WORDS
    return StreamPart(torch.tensor(words), STEPS)


def text_data() -> Data:
    """Return texts of 240, 120, 90 and 90 words."""
    names = ("weights", "architecture", "validation", "test")
    counts = (240, 120, 90, 90)
    weights, architecture, validation, test = map(text_part, range(4), counts)
    facts = {name: PartFacts(n, 2 * n, 0) for name, n in zip(names, counts, strict=True)}
    vocabulary = (*"abcdef", "<unk>")
    return Data(
        weights,
        architecture,
        validation,
        test,
        TextFacts(vocabulary=vocabulary, level="word", parts=facts),
    )


def search_text(
    method: str,
    data: Data,
    *,
    seed: int = 0,
    epochs: int = 2,
    report: Listener | None = None,
    derivation: Derivation = AS_PUBLISHED,
    batch: int = 4,
    keeper: Keeper[SearchProgress] | None = None,
    saved: Saved[SearchProgress] | None = None,
    **given: Any,
) -> SearchResult:
    """Search the space; `given` are settings of the method."""
    space = text_space(method)
    defaults = {
        "warmup": 0,
        "weights": Sgd(lr=1.0, momentum=0.0, clip=0.25),
        "dropout": DROPOUT,
        "slowness": 1e-3,
    }
    settings = SEARCH[method](epochs=epochs, **{**defaults, **FEW.get(method, {}), **given})
    texts = TextFile(batch=batch, steps=STEPS)
    plan = SearchPlan(space, build_supernet_graph(space), settings, texts, derivation)
    listener, keeper = report or Listener(), keeper or KeepsNothing()
    search = Search(plan, data, seed, Runtime(CPU), listener, keeper)
    if saved is not None:
        search.take(saved)
    return search.run()


def retrain_text(
    data: Data,
    *,
    found: Architecture | None = None,
    seed: int = 0,
    report: Listener | None = None,
    keeper: Keeper[Progress] | None = None,
    saved: Saved[Progress] | None = None,
    **given: Any,
) -> Trained:
    """Train an architecture; `given` are settings of the evaluation."""
    defaults = {
        "epochs": 2,
        "batch": 4,
        "drop_path": 0.0,
        "weights": Sgd(lr=1.0, momentum=0.0, weight_decay=0.0, clip=0.25),
        "dropout": None,
        "slowness": 0.0,
        "average": 0,
        "vary": "nothing",
    }
    settings = EvaluateSettings(**{**defaults, **given})
    architecture = text_architecture() if found is None else found
    listener, keeper = report or Listener(), keeper or KeepsNothing()
    texts = TextFile(batch=4, steps=STEPS)
    return train(architecture, settings, texts, data, seed, Runtime(CPU), listener, keeper, saved)

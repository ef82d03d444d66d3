"""A space and data that train in a moment, and calls of the loops with few arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from dslnas.backends.torch.runtime import Runtime
from dslnas.data.batches import Part
from dslnas.data.dataset import Data
from dslnas.data.facts import LabelledFacts
from dslnas.data.tensor_part import TensorPart
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.settings.images import Digits
from dslnas.settings.rule import AS_PUBLISHED, Derivation
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.values import Sgd
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.space.search_space import SearchSpace
from dslnas.training.keeping import Keeper, KeepsNothing, Saved
from dslnas.training.records import EpochRecord, Line, SearchCheck, StepRecord
from dslnas.training.search import Search, SearchProgress
from dslnas.training.search_plan import SearchPlan, SearchResult
from dslnas.training.train import Trained, train
from dslnas.training.training_state import Progress
from tests.engines.small import LOWERED
from tests.spaces import random_scores, space_of

CPU = torch.device("cpu")
SHAPE = (1, 8, 8)
SPACE = """use std.cnn
ops few = skip_connect, max_pool(3), relu_conv_bn(3)
cell normal {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      few
    keep        1
}
network { channels 4; cells normal }
evaluate { channels 4 }
"""

# What would take long otherwise.
FEW: dict[str, dict[str, Any]] = {
    "enas": {"units": 8, "updates": 2, "samples": 3, "candidates": 4},
    "nao": {"pool": 8, "fresh": 3, "parents": 3, "units": 4, "fits": 2},
    "evolution": {"population": 6, "tournament": 3, "cycles": 6},
    "random": {"samples": 5},
    "random_search": {"each": 2},
}
WITHOUT_ARCHITECTURE_DATA = {"bayesnas", "random", "single_level", "snas"}
"""Methods of which no step looks at the architecture data."""

Record = EpochRecord | StepRecord


def tiny_space(classes: int = 4, method: str = "") -> SearchSpace:
    """Return the space: one cell of two nodes; lowered as a method wants it."""
    return space_of(SPACE, SHAPE, LOWERED.get(method, ()), classes=classes)


def architecture(classes: int = 4) -> Architecture:
    """Return some architecture of it, one convolution at least."""
    return derive(tiny_space(classes), random_scores(tiny_space(classes), 4))


def random_part(
    seed: int, count: int, shape: Sequence[int] = SHAPE, classes: int = 4
) -> TensorPart:
    """Return noise around one pattern per class: it can be learnt."""
    generator = torch.Generator().manual_seed(seed)
    patterns = torch.randn((classes, *shape), generator=torch.Generator().manual_seed(0))
    labels = torch.arange(count) % classes
    noise = torch.randn((count, *shape), generator=generator)
    return TensorPart({"image": patterns[labels] + 0.5 * noise}, targets=labels)


def random_data(shape: tuple[int, int, int] = SHAPE, classes: int = 4, share: int = 1) -> Data:
    """Return 40, 24, 20 and 20 examples, or a `share`-th of them."""
    counts = enumerate((40, 24, 20, 20), 1)
    weights, architecture, validation, test = (
        random_part(seed, count // share, shape, classes) for seed, count in counts
    )
    names = tuple(str(label) for label in range(classes))
    facts = LabelledFacts(names, (0.0,) * shape[0], (1.0,) * shape[0])
    return Data(weights, architecture, validation, test, facts)


def with_other_labels(part: Part) -> TensorPart:
    """Return the same images, every label another one."""
    assert isinstance(part, TensorPart)
    return TensorPart(part.inputs, targets=(part.targets + 1) % 4)


def with_value(part: Part, value: float) -> TensorPart:
    """Return the part with one pixel of every image set to a value."""
    assert isinstance(part, TensorPart)
    images = part.inputs["image"].clone()
    images[:, 0, 0, 0] = value
    return replace(part, inputs={"image": images})


@dataclass
class Listener:
    """Takes the records of a loop."""

    records: list[Record] = field(default_factory=list)

    def __call__(self, record: Line | StepRecord) -> None:
        assert not isinstance(record, SearchCheck), "a result has it"
        self.records.append(record)

    @property
    def epochs(self) -> list[EpochRecord]:
        return [r for r in self.records if isinstance(r, EpochRecord)]


def run_search(
    method: str,
    data: Data,
    space: SearchSpace | None = None,
    *,
    seed: int = 0,
    epochs: int = 2,
    report: Listener | None = None,
    batch: int = 8,
    derivation: Derivation = AS_PUBLISHED,
    keeper: Keeper[SearchProgress] | None = None,
    saved: Saved[SearchProgress] | None = None,
    **given: Any,
) -> SearchResult:
    """Search a space, the tiny one by default; `given` are settings of the method."""
    searched = tiny_space(len(data.facts.class_names), method) if space is None else space
    given = {"warmup": 0, **FEW.get(method, {}), **given}
    settings, graph = SEARCH[method](epochs=epochs, **given), build_supernet_graph(searched)
    plan = SearchPlan(searched, graph, settings, Digits(batch=batch), derivation)
    listener, keeper = report or Listener(), keeper or KeepsNothing()
    search = Search(plan, data, seed, Runtime(CPU), listener, keeper)
    if saved is not None:
        search.take(saved)
    return search.run()


def run_retrain(
    found: Architecture,
    data: Data,
    *,
    seed: int = 0,
    report: Listener | None = None,
    keeper: Keeper[Progress] | None = None,
    saved: Saved[Progress] | None = None,
    **given: Any,
) -> Trained:
    """Train an architecture; `given` are settings of the evaluation."""
    defaults = {"epochs": 2, "batch": 16, "drop_path": 0.0, "weights": Sgd(lr=0.05)}
    settings = EvaluateSettings(**{**defaults, **given})
    listener, keeper = report or Listener(), keeper or KeepsNothing()
    return train(found, settings, Digits(), data, seed, Runtime(CPU), listener, keeper, saved)


def equal(a: Trained, b: Trained) -> bool:
    """Whether two trainings came to the same network, to the bit, and measured the same."""
    first, second = a.network.arrays(), b.network.arrays()
    same = first.keys() == second.keys() and all((first[k] == second[k]).all() for k in first)
    return same and (a.test, a.validation, a.epoch) == (b.test, b.validation, b.epoch)

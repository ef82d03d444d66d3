"""The search: an engine updates alpha and weights until the epochs are over."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import batch_count, batches, forever, in_order
from dslnas.data.tensors import Data
from dslnas.engines.catalogue import make_engine
from dslnas.engines.engine import StepReport
from dslnas.graph.graph import PrimitiveGraph
from dslnas.settings.sections import DataSettings, SearchSettings
from dslnas.space.derive import Scores, derive
from dslnas.space.space import SearchSpace
from dslnas.training.measure import Measurement, measure
from dslnas.training.records import EpochRecord, Report, StepRecord, check_finite

ARCHITECTURE, TRAINING = "architecture loss", "training loss"


@dataclass(frozen=True)
class SearchResult:
    """What a search found.

    Attributes:
        architecture: The space with every choice made.
        scores: What it was derived from.
        alphas: The architecture parameters at the end by cell, (edges, operations), on the CPU.
        seconds: How long it took.
    """

    architecture: SearchSpace
    scores: Scores
    alphas: Mapping[str, Tensor]
    seconds: float


def search(
    space: SearchSpace,
    graph: PrimitiveGraph,
    method: str,
    settings: SearchSettings,
    data_settings: DataSettings,
    data: Data,
    seed: int,
    device: torch.device,
    report: Report,
) -> SearchResult:
    """Search a space and derive the best architecture.

    One epoch is one pass over the weights' data; every step gets a batch of the architecture's
    data too. The validation part trains nothing.

    Args:
        space: What is searched.
        graph: The supernet's graph.
        method: Name of the engine.
        settings: The engine's settings.
        data_settings: Batch size and augmentations.
        data: The examples, on `device`.
        seed: Of weights, alpha, order of examples and samples.
        device: Where the supernet runs.
        report: Gets a record after every step and every epoch.

    Raises:
        UserError: NAS701 if a loss is not finite.
    """
    begin = time.perf_counter()
    generator = torch.Generator().manual_seed(seed)
    supernet = Supernet(space, graph, generator, device)
    supernet.network.run_state.generator = torch.Generator(device).manual_seed(seed)
    engine = make_engine(method, supernet, settings, generator)
    batch, augment = data_settings.batch, data_settings.augment
    architecture = forever(data.architecture, batch, generator, augment)
    steps = batch_count(data.weights, batch)
    for epoch in range(settings.epochs):
        engine.start_epoch(epoch)
        supernet.network.train()
        sums: dict[str, float] = {}
        for step, train in enumerate(batches(data.weights, batch, generator, augment), 1):
            losses = engine.step(train, next(architecture))
            for what, value in _named(losses):
                check_finite(what, value, epoch + 1, step, f"search {method}")
                sums[what] = sums.get(what, 0.0) + value
            report(StepRecord("search", epoch + 1, settings.epochs, step, steps))
        measured = _measure(supernet, engine.mixing(), data)
        check_finite("validation loss", measured.loss, epoch + 1, steps, f"search {method}")
        report(
            EpochRecord(
                "search",
                epoch + 1,
                settings.epochs,
                sums[TRAINING] / steps,
                sums[ARCHITECTURE] / steps if ARCHITECTURE in sums else None,
                measured.loss,
                measured.accuracy,
                _entropies(supernet, engine.mixing()),
                time.perf_counter() - begin,
            )
        )
    supernet.network.train()
    held_out = [b for b in in_order(data.architecture, batch) if len(b.labels) > 1]
    scores = engine.finish(
        held_out, lambda done, all_: report(StepRecord("compare", 1, 1, done, all_))
    )
    alphas = {cell: alpha.detach().cpu().clone() for cell, alpha in engine.alphas().items()}
    seconds = time.perf_counter() - begin
    return SearchResult(derive(space, scores), scores, alphas, seconds)


def _named(losses: StepReport) -> Iterator[tuple[str, float]]:
    """Yield the losses of a step by name, in the order in which a step takes them."""
    if losses.architecture is not None:
        yield ARCHITECTURE, float(losses.architecture)
    yield TRAINING, float(losses.train)


def _measure(supernet: Supernet, mixing: Mixing, data: Data) -> Measurement:
    supernet.network.eval()
    return measure(lambda images: supernet.logits(images, mixing), data.validation)


def _entropies(supernet: Supernet, mixing: Mixing) -> dict[str, float] | None:
    """Return the entropy of the operations' weights by cell, 1 for uniform and 0 for one-hot."""
    if mixing.weights is None:
        return None
    result = {}
    for cell, matrix in mixing.weights.items():
        p = matrix.detach().double().cpu()
        largest = torch.tensor(supernet.tables[cell].rows, dtype=p.dtype).log()
        result[cell] = float((-torch.special.xlogy(p, p).sum(-1) / largest).mean())
    return result

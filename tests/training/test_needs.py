"""The memory that a search is said to need is what its passes and its precision make of it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledSearch
from dslnas.backends.torch.kernels.availability import without_loops
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.catalogue import make_engine
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.passes.manager import USUAL
from dslnas.settings.gradient_methods import DartsSettings
from dslnas.settings.images import Cifar10
from dslnas.settings.precision import Precision
from dslnas.settings.search import SEARCH
from dslnas.tasks.catalogue import task_of
from dslnas.training.memory_estimate import search_needs
from dslnas.training.search import make_supernet
from dslnas.training.search_plan import SearchPlan
from tests.engines.small import CPU, DARTS_LIKE, batch, space
from tests.graph.keeper import Keeper
from tests.small_text import SMALL_TEXT

BATCH = 16


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("passes", [USUAL, ()], ids=["passes", "none"])
def test_a_search_keeps_what_is_said(precision: Precision, passes: tuple[str, ...]) -> None:
    searched, runtime = space(DARTS_LIKE), Runtime(CPU, passes, precision=precision)
    graph = build_supernet_graph(searched)
    plan = SearchPlan(searched, graph, DartsSettings(epochs=1), Cifar10(batch=BATCH))
    needs = search_needs(plan, runtime)
    supernet = Supernet(searched, graph, torch.Generator(), runtime)
    weights = {
        cell: supernet.exists(cell).to(supernet.dtype).requires_grad_() for cell in supernet.tables
    }
    keeper = Keeper(supernet.network)
    with keeper:
        supernet.loss(batch(0, BATCH, supernet.dtype), Mixing(weights))
    assert needs.kept == pytest.approx(keeper.bytes, rel=0.12)
    copies = {"float32": 12, "bfloat16": 14, "float64": 24}[precision]
    assert needs.weights == copies * graph.params()


@pytest.mark.parametrize(
    "method",
    [
        "darts",
        "milenas",
        "nasp",
        "gdas",
        "pc_darts",
        "sdarts",
        "asap",
        "bayesnas",
        "asng",
        "enas",
        "nao",
    ],
)
@pytest.mark.sample(4)
def test_no_pass_of_a_step_keeps_more_than_is_said(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched, runtime = space(DARTS_LIKE, method), Runtime(CPU)
    graph = build_supernet_graph(searched)
    settings = SEARCH[method](epochs=1, warmup=0)
    needs = search_needs(SearchPlan(searched, graph, settings, Cifar10(batch=BATCH)), runtime)
    generator = torch.Generator().manual_seed(0)
    supernet = Supernet(searched, graph, generator, runtime)
    kept: list[int] = []
    loss_of = supernet.loss

    def watched(*args: Any, **options: Any) -> Tensor:
        keeper = Keeper(supernet.network)
        with keeper:
            loss = loss_of(*args, **options)
        kept.append(keeper.bytes)
        return loss

    monkeypatch.setattr(supernet, "loss", watched)
    engine = make_engine(supernet, settings, generator)
    engine.start_epoch(0)
    for step in range(4):
        engine.break_ties(generator)
        engine.step(*(batch(2 * step + n, BATCH, supernet.dtype) for n in (0, 1)))
    assert 0.6 * needs.kept < max(kept) < 1.12 * needs.kept


@pytest.mark.parametrize("loops", [True, False])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_search_of_texts_keeps_what_is_said(
    tmp_path: Path, precision: Precision, loops: bool
) -> None:
    path = tmp_path / "text.nas"
    path.write_text(SMALL_TEXT.replace("channels  8", "channels  64"))
    spec = compile_spec(path)
    assert isinstance(spec, CompiledSearch)
    program, runtime = spec.program, Runtime(CPU, precision=precision)
    plan = SearchPlan(spec.space, spec.graph, spec.search, program.data)
    task, generator = task_of(program.data), torch.Generator().manual_seed(0)
    with nullcontext() if loops else without_loops("gate"):
        needs = search_needs(plan, runtime)
        supernet = make_supernet(plan, generator, 0, runtime)
        shape = spec.network.example, spec.network.classes
        part = task.noise(program.data, *shape, 8, generator, runtime.dtype)
        weights = {
            cell: supernet.exists(cell).to(supernet.dtype).requires_grad_()
            for cell in supernet.tables
        }
        keeper = Keeper(supernet.network)
        with keeper:
            supernet.loss(next(part.batches(8, generator)), Mixing(weights))
    assert needs.kept == pytest.approx(keeper.bytes, rel=0.12)

"""Random architectures: repeatable, all choices reached, within what a search must keep to."""

from __future__ import annotations

import pytest
import torch

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledSpace
from dslnas.engines.resource_constraints import DRAWS
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.rule import AS_PUBLISHED, Count, Derivation, Limit, Rule
from dslnas.space.architecture import Architecture
from dslnas.space.cell_stats import operation_counts
from dslnas.space.search_space import SearchSpace
from dslnas.training.baseline import random_architecture
from tests.small import SMALL

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> SearchSpace:
    path = tmp_path_factory.mktemp("spec") / "small.nas"
    path.write_text(SMALL)
    spec = compile_spec(path)
    assert isinstance(spec, CompiledSpace)
    return spec.space


def draw(space: SearchSpace, seed: int, derivation: Derivation = AS_PUBLISHED) -> Architecture:
    return random_architecture(space, derivation, seed)


def test_same_seed_same_architecture(space: SearchSpace) -> None:
    assert draw(space, 3) == draw(space, 3)
    assert len({repr(draw(space, seed).cells) for seed in range(10)}) > 5


def test_every_operation_that_may_be_derived_is_drawn(space: SearchSpace) -> None:
    seen: set[str] = set()
    for seed in range(20):
        architecture = draw(space, seed)
        for cell in architecture.cells.values():
            seen |= operation_counts(cell).keys()
    assert seen == {"skip_connect", "max_pool(3)", "sep_conv(3)"}


def test_counts_are_obeyed(space: SearchSpace) -> None:
    derivation = Derivation(rule=Rule((Count("sep_conv(3)", 2, 2),)))
    for seed in range(10):
        for cell in draw(space, seed, derivation).cells.values():
            assert operation_counts(cell)["sep_conv(3)"] == 2


def test_what_exceeds_a_limit_is_drawn_again(space: SearchSpace) -> None:
    params = [build_derived_graph(draw(space, seed)).params() for seed in range(20)]
    limit = sorted(params)[5]
    derivation = Derivation(limits=(Limit("params", limit),))
    for seed in range(20):
        assert build_derived_graph(draw(space, seed, derivation)).params() <= limit


def test_impossible_limits_end(space: SearchSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def never(*of: object) -> bool:
        asked.append(of)
        return False

    monkeypatch.setattr("dslnas.training.baseline.architecture_keeps_to", never)
    assert draw(space, 0, Derivation(limits=(Limit("params", 1),))).cells
    assert len(asked) == DRAWS

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.backends.torch.bundles import Bundle, with_bundles
from dslnas.graph.analysis.plan import Step, make_plan
from dslnas.graph.graph import INPUT, PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.passes.manager import optimised
from tests.engines.small import some_choice
from tests.examples import examples
from tests.spaces import space_of
from tests.strategies import SpaceText, spaces


def _names(step: Step | Bundle) -> list[str]:
    steps = step.steps if isinstance(step, Bundle) else (step,)
    return [each.node.name for each in steps]


def _assert_runs(steps: tuple[Step | Bundle, ...], plan: tuple[Step, ...]) -> None:
    """Run on names: all that is read is there, and in the end only what is wanted is left."""
    values = {INPUT}
    for step in steps:
        reads = step.inputs
        assert set(reads) <= values
        values.update(_names(step))
        assert set(step.last_use) <= values
        values -= set(step.last_use)
    freed = {name for step in plan for name in step.last_use}
    assert values == {INPUT, *(step.node.name for step in plan)} - freed


def _check(graph: PrimitiveGraph, plan: tuple[Step, ...]) -> None:
    steps = with_bundles(graph, plan)
    assert Counter(name for step in steps for name in _names(step)) == Counter(map(_name, plan))
    _assert_runs(steps, plan)
    for step in steps:
        if isinstance(step, Bundle):
            assert all("bundle" in each.node.arguments for each in step.steps)
            alike = {(each.node.primitive, each.observed, each.node.shape) for each in step.steps}
            assert len(alike) == 1
            if not step.members:
                assert {each.inputs for each in step.steps} == {step.inputs}
                continue
            for each, member in zip(step.steps, step.members, strict=True):
                assert each.inputs == (step.inputs[member.source],)
            numbers = [member.source for member in step.members]
            assert numbers == sorted(numbers)
        else:
            assert "bundle" not in step.node.arguments


def _name(step: Step) -> str:
    return step.node.name


@settings(max_examples=examples(15))
@given(spaces(), st.booleans(), st.booleans(), st.integers(0, 9))
def test_bundles_run_every_step_once_when_what_it_reads_is_there(
    text: SpaceText, sampled: bool, observe: bool, seed: int
) -> None:
    space = text.space()
    graph = optimised(build_supernet_graph(space), choosable=sampled)
    chosen = some_choice(space, seed) if sampled else None
    _check(graph, make_plan(graph, graph.outputs, chosen, observe=sampled and observe))


@pytest.mark.parametrize(("cells", "bundles"), [(1, 8), (2, 16)])
def test_the_convolutions_of_a_cell_are_few_calls(cells: int, bundles: int) -> None:
    text = f"use papers.darts\nnetwork {{ channels 4; cells normal * {cells} }}"
    graph = optimised(build_supernet_graph(space_of(text, (3, 8, 8), classes=3)))
    steps = with_bundles(graph, make_plan(graph, graph.outputs))
    found = [step for step in steps if isinstance(step, Bundle) and step.members]
    assert sum(len(step.steps) for step in found) == cells * 14 * 6
    assert len(found) == bundles

"""Cells all of whose edges choose among the same operations that do to each example what they would
do to it alone: where edges could be run as one, each still has its own row of alpha.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.passes.programs import Program, assert_runs_as_it_is_lowered
from tests.primitives import ACTIVATIONS

ANYWHERE = (
    *(name for name in ACTIVATIONS if name != "leaky_relu"),
    *("leaky_relu(0.1)", "rescale(0.5, 0.25)", "softmax", "multiply(identity, sigmoid)"),
    *("concat(split(2, 1), split(2, 0))", "layer_norm(affine = false)", "mean(tanh, identity)"),
)
OF_IMAGES = ("max_pool2d(3)", "avg_pool2d(3)", "shift(1)", "shuffle(2)")
KINDS = {
    "images": ((2, 5, 4), "conv(3, out = C)", "global_avg_pool -> linear(classes)"),
    "signals": ((2, 6), "conv(1, out = C)", "global_avg_pool -> linear(classes)"),
    "rows": ((5,), "linear(C)", "linear(classes)"),
}
"""By what an example is its shape, what makes C channels of it, and the head."""


@st.composite
def alike_edges(draw: st.DrawFn) -> Program:
    """Draw a program with a cell of alike edges, of which a node has two at least."""
    shape, stem, head = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    menu = ANYWHERE + (OF_IMAGES if len(shape) == 3 else ())
    layers = draw(st.lists(st.sampled_from(menu), min_size=1, max_size=3, unique=True))
    named = [f"op made{number} = {layer}" for number, layer in enumerate(layers)]
    choices = [f"made{number}" for number in range(len(layers))]
    choices += draw(st.sampled_from((["skip_connect"], ["none", "skip_connect"], ["identity"])))
    inputs = draw(st.integers(1, 3))
    nodes = draw(st.integers(1 if inputs > 1 else 2, 3))
    output = draw(st.sampled_from(("last", "sum", "mean")))
    text = "\n".join(
        (
            *("use std.cnn", *named, f"op fitted = {stem}"),
            f"cell a {{ inputs {inputs}; preprocess fitted; nodes {nodes}",
            f"    choose {', '.join(choices)}; keep all; output {output} }}",
            f"network {{ channels 4; stem {stem}; cells {draw(st.sampled_from(('a', 'a, a')))}",
            f"    head {head} }}",
            "evaluate { channels 4; auxiliary 0 }",
        )
    )
    return Program(text, shape, 3, training=draw(st.booleans()))


@settings(max_examples=3)
@given(alike_edges())
def test_every_one_of_alike_edges_has_its_own_row_of_alpha(program: Program) -> None:
    assert_runs_as_it_is_lowered(program)


@pytest.mark.slow
@settings(max_examples=300)
@given(alike_edges())
def test_hundreds_of_cells_with_alike_edges_weigh_each_by_its_own_row(program: Program) -> None:
    assert_runs_as_it_is_lowered(program)

"""PyTorch, ONNX and the generated module compute what the graph of any derived network says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.backends.torch import searched
from dslnas.backends.torch.sequence import make_network
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import derive
from tests.backends.onnx_run import emit, run
from tests.backends.onnx_soundness import superfluous
from tests.backends.python_modules import assert_same, generate, network_of
from tests.backends.reference_interpreter import interpret, random_images, random_weights
from tests.backends.test_python_recurrent import assert_module_computes_the_graph
from tests.choosing_spaces import choosing_spaces
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import random_scores, space_of
from tests.strategies import SpaceText, row_spaces, spaces, valued_spaces


def derived(text: str, shape: tuple[int, ...], classes: int, seed: int = 0) -> PrimitiveGraph:
    """Return the graph of an architecture that is derived at random."""
    space = space_of(text, shape, classes=classes)
    architecture = derive(space, random_scores(space, seed))
    found = searched.random_weights(space, torch.Generator().manual_seed(seed))
    return build_derived_graph(with_found(architecture, found))


def assert_same_everywhere(text: SpaceText) -> None:
    """Derive a network at random, and compare all that computes it with the reference."""
    graph = derived(text.text, text.shape, text.classes)
    weights, images = random_weights(graph), random_images(graph, 2)
    expected = interpret(graph, weights, images)
    torch_network = make_network(graph, torch.Generator()).eval()
    torch_network.load_state_dict({name: torch.from_numpy(w) for name, w in weights.items()})
    with torch.inference_mode():
        logits = torch_network(torch.from_numpy(images))[0]
        written = network_of(generate(graph), weights)(torch.from_numpy(images))
    assert_same(np.asarray(logits), expected)
    assert_same(written.numpy(), expected)
    model = emit(graph, weights)
    assert superfluous(model) == []
    assert_same(run(model, images), expected)


NETWORKS = st.one_of(
    spaces(), valued_spaces(), spaces(of_signals=True), row_spaces(), choosing_spaces()
)


@settings(max_examples=examples(15))
@given(NETWORKS)
def test_any_network_of_images_signals_or_rows_is_the_same_everywhere(text: SpaceText) -> None:
    assert_same_everywhere(text)


@pytest.mark.slow
@settings(max_examples=300)
@given(NETWORKS)
def test_hundreds_of_networks_are_the_same_everywhere(text: SpaceText) -> None:
    assert_same_everywhere(text)


@settings(max_examples=examples(8))
@given(recurrent_spaces())
def test_any_recurrent_network_is_the_same_as_a_module(text: str) -> None:
    assert_module_computes_the_graph(derived(text, (), 10))

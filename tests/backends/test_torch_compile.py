"""Compiled cells: which of them share a function, and that they compute the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from dslnas.backends.torch import torch_compile
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.runtime import Runtime
from dslnas.backends.torch.torch_compile import Body, Call, with_calls
from dslnas.graph.analysis.plan import make_plan
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.passes.manager import optimised
from dslnas.space.derive.derive import derive
from tests.passes.same import assert_same, network_of, random_alphas, what_it_gives
from tests.spaces import random_scores, space_of

# Two alike cells; a node that is no edge's alone, a dropout and a fixed edge in each.
TEXT = """use std.cnn
op noisy = relu -> conv(1) -> batch_norm -> dropout(0.5)
cell normal {
    inputs      2
    preprocess  preprocess
    node n1 = {none, skip_connect, sep_conv(3)}(in1) + {max_pool(3), noisy}(in2)
    node n2 = {skip_connect, noisy}(n1) + relu_conv_bn(1)(in2)
    keep        1
}
network { channels 4; cells normal * 3 }
evaluate { channels 4; repeat 2 }
"""

TWENTY = """use papers.darts
network { channels 4 }
evaluate { channels 4 }
"""


PASSES = Runtime(torch.device("cpu"), execution="compile").paying


def supernet() -> PrimitiveGraph:
    return build_supernet_graph(space_of(TEXT, (2, 6, 6), classes=3))


def bodies_of(graph: PrimitiveGraph) -> Counter[Body]:
    running = optimised(graph, PASSES)
    steps = with_calls(running, make_plan(running, running.outputs))
    return Counter(step.body for step in steps if isinstance(step, Call))


def compiled_network(graph: PrimitiveGraph, like: TorchNetwork) -> TorchNetwork:
    network = network_of(graph, like.state_dict())
    network.plain, network.torch_compile, network.passes = False, True, PASSES
    return network


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let compiled functions be the Python functions themselves; gives their names."""
    names: list[str] = []

    def keep(function: Callable[..., Any], **options: object) -> Callable[..., Any]:
        names.append(function.__code__.co_name)
        return function

    monkeypatch.setattr(torch, "compile", keep)
    return names


def test_cells_of_a_kind_and_size_share_one_body() -> None:
    space = space_of(TWENTY, (3, 16, 16))
    architecture = derive(space, random_scores(space, 0))
    derived = bodies_of(build_derived_graph(architecture, training=True))
    assert sorted(derived.values()) == [1, 1, 6, 6, 6]
    assert sorted(bodies_of(build_supernet_graph(space)).values()) == [1, 1, 2, 2, 2]


def test_a_supernet_of_calls_computes_the_same(untraced: list[str]) -> None:
    graph = supernet()
    plain, alphas = network_of(graph), random_alphas(graph)
    plain.passes, plain.plain = PASSES, False
    expected = what_it_gives(plain, alphas, training=True)
    network = compiled_network(graph, plain)
    assert_same(what_it_gives(network, alphas, training=True), expected)
    assert untraced == ["cell0"], "three cells, one function"


def test_compiling_is_told_of_once(untraced: list[str]) -> None:
    graph = supernet()
    network, told = compiled_network(graph, network_of(graph)), list[str]()
    with torch_compile.telling_of_compiled_cells(told.append):
        for _ in range(2):
            what_it_gives(network, random_alphas(graph), training=True)
    what_it_gives(compiled_network(graph, network), random_alphas(graph), training=True)
    assert untraced
    assert told == [torch_compile.COMPILING]


def test_a_derived_network_drops_the_same_paths(untraced: list[str]) -> None:
    space = space_of(TEXT, (2, 6, 6), classes=3)
    graph = build_derived_graph(derive(space, random_scores(space, 0)), training=True)
    plain = network_of(graph)
    network = compiled_network(graph, plain)
    for one in (plain, network):
        one.run_state.drop_path_rate = 0.5
    expected = what_it_gives(plain, {}, training=True)
    assert_same(what_it_gives(network, {}, training=True), expected)
    assert untraced == ["cell0"]


def test_only_training_of_all_operations_is_compiled(untraced: list[str]) -> None:
    graph = supernet()
    network, alphas = compiled_network(graph, network_of(graph)), random_alphas(graph)
    images = torch.ones((2, 2, 6, 6), dtype=torch.float64)
    network.eval()(images, alphas)
    chosen = {"normal": (1, 0, 0)}
    network.train()(images, None, chosen)
    network.plain = True
    network(images, alphas)
    assert untraced == []
    network.plain = False
    network(images, alphas)
    network.run_state.tracking = False
    network(images, alphas)
    assert untraced == ["cell0", "cell1"], "with and without running statistics"


def test_weights_move_on_without_another_function(untraced: list[str]) -> None:
    graph = supernet()
    network, alphas = compiled_network(graph, network_of(graph)), random_alphas(graph)
    images = torch.ones((2, 2, 6, 6), dtype=torch.float64)
    network.run_state.generator = torch.Generator().manual_seed(0)
    before = network.train()(images, alphas)[0]
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(2)
    assert not torch.equal(network(images, alphas)[0], before)
    assert len(untraced) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of torch about itself
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_what_torch_compiles_computes_the_same(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._dynamo.testing import CompileCounterWithBackend

    counter = CompileCounterWithBackend(backend)
    monkeypatch.setattr(torch_compile, "BACKEND", counter)
    graph = supernet()
    plain, alphas = network_of(graph), random_alphas(graph)
    plain.passes, plain.plain = PASSES, False
    expected = what_it_gives(plain, alphas, training=True)
    network, told = compiled_network(graph, plain), list[str]()
    with torch_compile.telling_of_compiled_cells(told.append):
        for _ in range(2):
            assert_same(what_it_gives(network, alphas, training=True), expected)
    assert counter.frame_count == 1, "three cells, one function, compiled once"
    assert told[0] == torch_compile.COMPILING
    assert [re.sub("[0-9.]+", "#", line) for line in told[1:]] == ["  a cell of # primitives: # s"]


@pytest.mark.slow
def test_a_machine_without_a_compiler_is_told_so(tmp_path: Path) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text("use papers.darts\ndata digits\nsearch darts\n")
    command = [sys.executable, "-m", "dslnas", "compile", str(spec), "--search"]
    command += ["--execution", "compile"]
    environment = {
        **os.environ,
        "CXX": "no-such-compiler",
        "TORCHINDUCTOR_CACHE_DIR": str(tmp_path),
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "execution: error[NAS013]: nothing can be compiled for `cpu`: " in done.stderr
    assert "g++" in done.stderr

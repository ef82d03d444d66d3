"""Recurrent networks as Python modules."""

from __future__ import annotations

import ast
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from dslnas.backends.python.module import PythonModule
from dslnas.diagnostics import UserError
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from tests.backends.python_modules import (
    REPOSITORY,
    assert_same,
    check_style,
    generate,
    named_weights,
    network_of,
)
from tests.backends.recurrent_golden import GOLDEN, golden_source
from tests.backends.recurrent_networks import (
    NETWORKS,
    VOCABULARY,
    graph_of_text,
    recurrent_graph,
    recurrent_texts,
)
from tests.backends.recurrent_runs import random_states, random_tokens, weights_of
from tests.backends.reference_graphs import space
from tests.backends.reference_interpreter import interpret_steps
from tests.backends.test_python_names import names
from tests.examples import examples

STEPS = 11

# Runs every module of a folder as a whole and step by step, in two calls, and as a script.
ALONE = """
import contextlib, io, pathlib, runpy, sys
sys.modules["dslnas"] = None
folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))
import torch
from safetensors.torch import load_file, save_file
results = {}
for path in sorted(folder.glob("*.py")):
    model = __import__(path.stem).load()
    given = load_file(folder / "inputs" / path.with_suffix(".safetensors").name)
    assert not model.training
    with torch.inference_mode():
        for batch in ("1", "7"):
            tokens = given[f"{batch}/tokens"]
            states = start = tuple(given[f"{batch}/{n}"] for n in range(len(given) // 2 - 1))
            logits = []
            for part in tokens.split(7):
                some, states = model(part, states)
                logits.append(some)
            results[f"{path.stem}/whole/{batch}"] = torch.cat(logits)
            for n, state in enumerate(states):
                results[f"{path.stem}/whole/{batch}/{n}"] = state.clone()
            states, logits = start, []
            for token in tokens:
                some, states = model.step(token, states)
                logits.append(some)
            results[f"{path.stem}/step/{batch}"] = torch.stack(logits)
            for n, state in enumerate(states):
                results[f"{path.stem}/step/{batch}/{n}"] = state.clone()
    with contextlib.redirect_stdout(io.StringIO()) as said:
        runpy.run_path(str(path), run_name="__main__")
    results[f"{path.stem}/said"] = torch.tensor(list(said.getvalue().encode()))
save_file(results, sys.argv[2])
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Outputs of all modules in a process that cannot import dslnas."""
    folder = tmp_path_factory.mktemp("recurrent")
    (folder / "inputs").mkdir()
    for name in NETWORKS:
        graph = recurrent_graph(name)
        module = generate(graph, name)
        (folder / f"{name}.py").write_text(module.source, encoding="utf-8")
        save_file(named_weights(module, weights_of(graph)), folder / f"{name}.safetensors")
        given: dict[str, np.ndarray] = {}
        for batch in (1, 7):
            given[f"{batch}/tokens"] = random_tokens(STEPS, batch)
            given |= {f"{batch}/{n}": s for n, s in enumerate(random_states(graph, batch))}
        save_file(given, folder / "inputs" / f"{name}.safetensors")
    written = folder / "results.safetensors"
    command = [sys.executable, "-I", "-W", "error", "-c", ALONE, str(folder), str(written)]
    subprocess.run(command, check=True, cwd=folder, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return load_file(written)


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("form", ["whole", "step"])
@pytest.mark.parametrize("name", NETWORKS)
def test_module_alone_computes_what_the_graph_says(
    results: dict[str, np.ndarray], name: str, form: str, batch: int
) -> None:
    graph = recurrent_graph(name)
    tokens, states = random_tokens(STEPS, batch), random_states(graph, batch)
    logits, nexts = interpret_steps(graph, weights_of(graph), tokens, states)
    assert_same(results[f"{name}/{form}/{batch}"], logits)
    for number, state in enumerate(nexts):
        assert_same(results[f"{name}/{form}/{batch}/{number}"], state)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.sample(3)
def test_module_run_as_a_script_says_shape_and_parameters(
    results: dict[str, np.ndarray], name: str
) -> None:
    said = bytes(results[f"{name}/said"].astype(np.uint8)).decode()
    params = recurrent_graph(name).params()
    assert said == f"output (35, 1, {VOCABULARY}), {params:,} parameters\n"


def assert_module_computes_the_graph(graph: PrimitiveGraph) -> None:
    weights, tokens = weights_of(graph), random_tokens(5, 3)
    states = [np.zeros_like(state) for state in random_states(graph, 3)]
    expected, _ = interpret_steps(graph, weights, tokens, states)
    with torch.inference_mode():
        found, _ = network_of(generate(graph), weights)(torch.from_numpy(tokens))
    assert_same(found.numpy(), expected)


def test_an_empty_batch_gives_empty_outputs_and_no_step_is_refused() -> None:
    graph = recurrent_graph("lstm")
    network = network_of(generate(graph), weights_of(graph))
    logits, states = network(torch.zeros(3, 0, dtype=torch.int64))
    assert logits.shape == (3, 0, VOCABULARY)
    assert [state.shape for state in states] == [(0, 4), (0, 4)]
    with pytest.raises(ValueError, match="tokens have no step"):
        network(torch.zeros(0, 3, dtype=torch.int64))


@given(recurrent_texts())
@settings(max_examples=examples(15), deadline=None)
def test_any_cell_computes_what_the_graph_says_from_states_of_zero(text: str) -> None:
    assert_module_computes_the_graph(graph_of_text(text))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_weight_is_stored_once_and_all_are_loaded(name: str) -> None:
    graph = recurrent_graph(name)
    module = generate(graph)
    owned = {f"{node.name}/{weight.name}" for node in graph.nodes for weight in node.owned}
    assert set(module.weight_names) == owned
    assert len(set(module.weight_names.values())) == len(owned)
    state = network_of(module, weights_of(graph)).state_dict()
    assert set(module.weight_names.values()) == {k for k in state if "num_batches" not in k}
    pointers = [tensor.data_ptr() for tensor in state.values()]
    assert len(pointers) == len(set(pointers))


@pytest.mark.parametrize("name", ["lstm", "darts_v2", "shared"])
def test_every_weight_gets_a_gradient(name: str) -> None:
    graph = recurrent_graph(name)
    network = network_of(generate(graph), weights_of(graph)).train()
    logits, _ = network(torch.from_numpy(random_tokens(4, 3)))
    logits.square().sum().backward()
    assert [key for key, p in network.named_parameters() if p.grad is None] == []


def named(cell: str, states: Sequence[str], values: Sequence[str]) -> PrimitiveGraph:
    """Return a network whose cell, states and values have these names."""
    lets = [
        f"let {value} = tanh(linear(C)(concat(x, {before}))) * {before}"
        for value, before in zip(values, [states[0], *values], strict=False)
    ]
    body = "\n    ".join(lets)
    return graph_of_text(f"""use std.rnn
cell {cell} {{
    inputs  x
    states  {", ".join(states)}
    {body}
    let end_ = linear(C)(concat({", ".join([*states, *values])}))
    next    {", ".join(["end_"] * len(states))}
    output  end_
}}
network {{
    cells  {cell}
}}
""")


@given(
    names,
    st.lists(names, min_size=1, max_size=2, unique=True),
    st.lists(names, min_size=1, max_size=4, unique=True),
)
@example("class", ["lambda", "x_h"], ["self", "torch", "l", "tokens"])
@example("Network", ["states"], ["TiedLinear", "outputs", "output", "step"])
@settings(max_examples=examples(15), deadline=None)
def test_any_names_give_a_module_that_computes_the_same(
    cell: str, states: list[str], values: list[str]
) -> None:
    try:
        graph = named(cell, states, values)
    except UserError:
        assume(False)
    assert_module_computes_the_graph(graph)


# ---- how it is written --------------------------------------------------------------------------


def with_long_names(dice: random.Random) -> PrimitiveGraph:
    """Return a network whose names put line breaks everywhere."""

    def name(end: str) -> str:
        return "_".join(dice.choices("abcdefgh", k=dice.randint(1, 20))) + end

    states = [name(f"s{n}") for n in range(dice.randint(1, 6))]
    first, second, third, cell = (name(end) for end in "uvwz")
    return graph_of_text(
        f"""use std.rnn
op long_operation = linear(C) -> leaky_relu(0.125) -> linear(3 * C) -> linear(C)
cell {cell} {{
    inputs  x
    states  {", ".join(states)}
    let {first} = long_operation(concat(x, {", ".join(states)})) * tanh({states[0]}) - x
    let {second} = mean({", ".join((first, *states))}) * (x - tanh({first}) * {first})
    let {third} = split({dice.choice((2, 4))}, 1)(linear(8 * C)({second})) + linear(4 * C)(x)
    let end = linear(C)(tanh({third}))
    next    {", ".join((["end", *states, "end"] * 2)[: len(states)])}
    output  end
}}
network {{
    cells  {cell}{dice.choice((" * 2", ""))}
}}
""".replace("split(4, 1)(linear(8", "split(4, 1)(linear(16")
    )


@pytest.mark.sample(0)
def test_modules_are_formatted_and_free_of_findings(tmp_path: Path) -> None:
    dice = random.Random(0)
    graphs = [*map(recurrent_graph, NETWORKS), *(with_long_names(dice) for _ in range(40))]
    for number, graph in enumerate(graphs):
        source = generate(graph).source
        (tmp_path / f"module{number}.py").write_text(source, encoding="utf-8")
    check_style(tmp_path.glob("*.py"))


@pytest.mark.slow  # the kept module is checked with all other files, in seconds
def test_modules_have_strict_types(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.py" for name in NETWORKS]
    for file in files:
        file.write_text(generate(recurrent_graph(file.stem)).source, encoding="utf-8")
    options = ["--strict", "--config-file=", "--cache-dir", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


def test_module_is_what_it_was() -> None:
    assert golden_source() == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.sample(0)
def test_text_is_the_same_in_another_process_and_needs_no_torch() -> None:
    script = (
        "import sys\n"
        "from tests.backends.recurrent_golden import golden_source\n"
        "assert 'torch' not in sys.modules\n"
        "sys.stdout.write(golden_source())\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONHASHSEED": "1"},  # ours is another, most likely a random one
    )
    assert found.stdout == golden_source()


def test_step_reads_like_the_architecture() -> None:
    assert (
        "        i = torch.sigmoid(gates[0])\n"
        "        f = torch.sigmoid(gates[1])\n"
        "        g = torch.tanh(gates[2])\n"
        "        o = torch.sigmoid(gates[3])\n"
        "        c_next = f * c + i * g\n"
        "        h_next = o * torch.tanh(c_next)\n"
        "        return h_next, (h_next, c_next)\n"
    ) in generate(recurrent_graph("lstm")).source
    assert (
        "        n1_both = self.n1_both(first).chunk(2, dim=1)\n"
        "        n1 = first + torch.sigmoid(n1_both[0]) * (torch.sigmoid(n1_both[1]) - first)\n"
    ) in generate(recurrent_graph("darts_v2")).source


def test_equal_cells_share_a_class() -> None:
    source = generate(recurrent_graph("lstm_lstm")).source
    assert source.count("class LstmCell(") == 1
    assert source.count("LstmCell(channels=4)") == 2


def test_module_imports_torch_and_safetensors_alone() -> None:
    imported = set()
    for statement in ast.walk(ast.parse(generate(recurrent_graph("stacked")).source)):
        if isinstance(statement, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            imported.add(str(statement.module).partition(".")[0])
    assert imported == {"__future__", "pathlib", "safetensors", "torch"}


def test_graph_with_choices_is_refused() -> None:
    graph = build_supernet_graph(space("use papers.darts_rnn", (), ()))
    with pytest.raises(ValueError, match="only a derived network"):
        PythonModule(graph).source(name="x", metadata={})

"""Generated modules are written as this repository writes Python, and always in the same way."""

from __future__ import annotations

import ast
import json
import os
import random
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from dslnas.backends.python.module import PythonModule
from dslnas.data.preprocessing import Preprocessing
from dslnas.graph.graph import PrimitiveGraph
from dslnas.graph.lower.network import build_supernet_graph
from tests.backends.python_golden import GOLDEN, golden_source
from tests.backends.python_modules import METADATA, REPOSITORY, check_style, generate
from tests.backends.python_networks import NETWORKS, graph_of
from tests.backends.reference_graphs import network, space

SHORT = ("evaluate.channels=4",)


def with_long_names(dice: random.Random) -> PrimitiveGraph:
    """Return a network whose names put line breaks everywhere."""

    def name(least: int, most: int) -> str:
        return "_".join(dice.choices("abcdefgh", k=dice.randint(least, most)))

    cell, operation, first, second, third = (name(1, 22) + end for end in "vwxyz")
    inputs = ", ".join(f"i{n}_{name(1, 16)}" for n in range(dice.randint(2, 6)))
    source, other = inputs.split(", ")[:2]
    join = dice.choice(("mean", "sum", "concat"))
    return network(
        f"""use std.cnn
        op {operation}(k) = {dice.choice(("add", "multiply", "mean"))}(conv(k, bias = true), tanh)
        cell {cell} {{
            inputs {inputs}
            node {first} = {operation}(3)({source}) + {operation}(1)({other})
            node {second} = {
            " + ".join(
                dice.choice(("tanh", "conv(3)")) + f"({t})"
                for t in (source, other, first, first)[: dice.randint(2, 4)]
            )
        } + relu({first})
            node {third} = conv(1)({second})
            output {join}({first}, {second}, {third})
        }}
        network {{
            stem  conv(3, out = C)
            head  linear(classes)
            cells {cell}
        }}
        """,
        overrides=SHORT,
    )


def test_modules_are_formatted_and_free_of_findings(tmp_path: Path) -> None:
    dice = random.Random(0)
    graphs = [graph_of(name) for name in NETWORKS] + [with_long_names(dice) for _ in range(60)]
    for number, graph in enumerate(graphs):
        classes = [f"{'class ' * dice.randint(1, 4)}{label}" for label in range(10)]
        goal = ("classification", "multilabel", "regression")[number % 3]
        how = Preprocessing("RGB", 8, 8, mean=(0.1, 0.2, 0.3), std=(1 / 3,) * 3)
        source = PythonModule(graph).source(
            name="network",
            metadata=METADATA,
            class_names=classes[: number % 11],
            preprocessing=json.dumps(asdict(how), indent=4) if number % 2 else "",
            goal=goal,
        )
        (tmp_path / f"module{number}.py").write_text(source, encoding="utf-8")
    check_style(tmp_path.glob("*.py"))


@pytest.mark.slow  # the kept module is checked with all other files, in seconds
def test_modules_have_strict_types(tmp_path: Path) -> None:
    files = []
    for name in NETWORKS:
        files.append(tmp_path / f"{name}.py")
        files[-1].write_text(generate(graph_of(name)).source, encoding="utf-8")
    # An empty configuration, so that this repository's does not count.
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--cache-dir",
        os.devnull,
    ]
    done = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout


def test_module_is_what_it_was() -> None:
    assert golden_source() == GOLDEN.read_text(encoding="utf-8")


def test_text_is_the_same_in_another_process_and_needs_no_torch() -> None:
    script = (
        "import sys\n"
        "from tests.backends.python_golden import golden_source\n"
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


def test_docstring_names_where_the_module_comes_from() -> None:
    graph = graph_of("darts")
    docstring = ast.get_docstring(ast.parse(generate(graph, "digits").source)) or ""
    assert docstring.startswith("Image classifier `digits`, written by dslnas.\n")
    assert "- spec: specs/small.nas\n- spec hash: sha256:0123456789abcdef\n" in docstring
    assert f"- parameters: {graph.params():,}\n" in docstring
    assert "model = load()" in docstring


def test_numbers_that_differ_become_parameters() -> None:
    source = generate(graph_of("nasp")).source
    assert "def __init__(self, channels: int, kernel_size: int, stride: int = 1) -> None:" in source
    assert "padding=kernel_size // 2," in source
    assert "self.n1_in1_sep_conv_3 = SepConv(channels, kernel_size=3, stride=2)\n" in source
    assert "self.cell1 = ReductionCell(channels=8, in1_channels=12, in2_channels=12)\n" in source


def test_same_layers_under_two_names_share_a_class() -> None:
    source = generate(graph_of("nasp")).source
    assert "self.in1_preprocess = StridedSkipConnect(in1_channels, channels)\n" in source
    assert source.count("Shift(1)") == 1


def test_same_layers_with_other_numbers_under_two_names_do_not_share_a_class() -> None:
    source = generate(graph_of("nasp")).source
    assert "class DilConv(" in source
    assert "class Conv1xkKx1(" in source


def test_forward_reads_like_the_architecture() -> None:
    source = generate(graph_of("darts")).source
    assert (
        "        n1 = self.n1_in1_sep_conv_3(in1) + self.n1_in2_sep_conv_3(in2)\n"
        "        n2 = self.n2_in1_sep_conv_3(in1) + self.n2_in2_sep_conv_3(in2)\n"
        "        n3 = self.n3_in2_sep_conv_3(in2) + in1\n"
        "        n4 = in1 + self.n4_n1_dil_conv_3(n1)\n"
        "        return torch.cat([n1, n2, n3, n4], dim=1)\n"
    ) in source


def test_an_input_that_a_value_and_an_edge_read_is_one_argument_by_its_name() -> None:
    text = """use std.cnn
    cell plain {
        inputs 1
        let bent = tanh(in1)
        node n1 = conv(3)(in1) + conv(3)(bent)
        output last
    }
    network {
        stem  conv(3, out = C)
        head  linear(classes)
        cells plain
    }
    """
    assert (
        "    def forward(self, in1: torch.Tensor) -> torch.Tensor:\n"
        '        """Return the output of the cell."""\n'
        "        bent = torch.tanh(in1)\n"
        "        n1: torch.Tensor = self.n1_in1_conv_3(in1) + self.n1_bent_conv_3(bent)\n"
    ) in generate(network(text, overrides=SHORT)).source


def test_graph_with_choices_is_refused() -> None:
    with pytest.raises(ValueError, match="only a derived network"):
        generate(build_supernet_graph(space("use papers.darts")))


def test_graph_of_training_is_refused() -> None:
    graph = graph_of("darts")
    dropped = graph.nodes[-1]
    nodes = (*graph.nodes[:-1], type(dropped)(dropped.name, "drop_path", dropped.inputs, (), (10,)))
    with pytest.raises(ValueError, match="`drop_path` has no form in Python"):
        generate(PrimitiveGraph(nodes, graph.output, None, graph.scopes))

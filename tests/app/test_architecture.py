"""A written architecture checks again, is the same network, and holds nothing unused."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from dslnas.app.compile import architecture_text, compile_program
from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.diagnostics import UserError
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.language.check.check import check
from dslnas.language.link.link import link
from dslnas.ops.primitive import Example
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.derive.derive import derive
from dslnas.tasks.catalogue import TASK_SETTINGS
from tests.engines.small import CHOSEN
from tests.examples import examples
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import random_scores
from tests.strategies import SpaceText, spaces

UNUSED = """
let unused_number = 3
let unused_size = unused_number + 1
op unused_inner(k) = conv(k)
op unused_op(k = unused_size) = relu -> unused_inner(k)
ops unused_set = skip_connect, unused_op
gate unused_gate(f, state) { output state + unused_inner(1)(f(state)) }
"""
ONE_CELL = """use std.cnn
{}
network {{ channels 4; repeat 2; stem conv(3, out = C); cells {} }}
search random
evaluate {{ channels 4; repeat 2; auxiliary 0 }}
"""


def compiled(
    text: str, shape: Example = (3, 8, 8), classes: int = 4
) -> CompiledSpace | CompiledArchitecture:
    linked = link(SourceFile("test.nas", text))
    program = check(linked, TASK_SETTINGS)
    return compile_program("test", linked, program, shape, classes)


def alive(
    text: str, shape: Example, classes: int, but: str = "error[NAS704]"
) -> CompiledSpace | CompiledArchitecture:
    """Return a random program compiled; do without one that zeros cut, as `check` says."""
    try:
        return compiled(text, shape, classes)
    except UserError as error:
        assume(but not in str(error) and "error[NAS704]" not in str(error))
        raise


def architecture_in(spec: CompiledSpace | CompiledArchitecture, seed: int) -> Architecture:
    if isinstance(spec, CompiledArchitecture):
        return spec.architecture
    return derive(spec.space, random_scores(spec.space, seed))


def written(spec: CompiledSpace | CompiledArchitecture, seed: int = 0) -> str:
    """Return an architecture of a spec as text, having read that text as the same network."""
    architecture = architecture_in(spec, seed)
    text = architecture_text(spec, architecture, "test")
    again = compiled(text, spec.network.example, spec.network.classes)
    assert isinstance(again, CompiledArchitecture)
    assert again.architecture == architecture
    assert again.architecture.hash == architecture.hash
    assert build_derived_graph(again.architecture) == build_derived_graph(architecture)
    assert (
        architecture_text(again, again.architecture, "test").partition("\n\n")[2]
        == (text.partition("\n\n")[2])
    )
    return text


def with_unused(text: str) -> str:
    """Return a space with definitions that nothing uses, every cell like one that is not used."""
    text = re.sub(
        r"^cell (\w+) \{", r"cell \1 like unused_\1 {}\ncell unused_\1 {", text, flags=re.M
    )
    (name,) = re.findall(r"^cell (unused_\w+)", text, flags=re.M)[:1]
    text = re.sub(r"(network \{[^}]*\bcells )", rf"\1{name} * 0, ", text)
    head, _, rest = text.partition("\n")
    return f"{head}\n{UNUSED}{rest}"


@settings(max_examples=examples(8))
@given(spaces(), st.integers(0, 1000))
def test_architectures_of_images_check_again_without_what_is_unused(
    made: SpaceText, seed: int
) -> None:
    spec = alive(with_unused(made.text), made.shape, made.classes)
    assert "unused" in spec.text
    assert "unused" not in written(spec, seed)


@settings(max_examples=examples(10))
@given(spaces())
@example(SpaceText(CHOSEN, (3, 8, 8), 4))
def test_whole_programs_say_the_same_with_every_value_filled_in(made: SpaceText) -> None:
    spec = alive(made.text, made.shape, made.classes)
    again = compiled(spec.text, made.shape, made.classes)
    assert (again.text, again.hash) == (spec.text, spec.hash)
    assert isinstance(again, CompiledSpace) is isinstance(spec, CompiledSpace)
    if isinstance(again, CompiledSpace) and isinstance(spec, CompiledSpace):
        assert again.space.tables == spec.space.tables
        assert build_supernet_graph(again.space) == build_supernet_graph(spec.space)


@settings(max_examples=examples(8))
@given(recurrent_spaces(), st.integers(0, 1000), st.sampled_from(("all", "1")))
def test_recurrent_architectures_check_again_without_what_is_unused(
    text: str, seed: int, keep: str
) -> None:
    text = with_unused(text.replace("keep all", f"keep {keep}"))
    spec = alive(text, (), 11, "may be left unread")
    assert "unused" in spec.text
    assert "unused" not in written(spec, seed)


@pytest.mark.parametrize(
    ("cells", "layout"),
    [
        ("cell a { nodes 1; choose skip_connect, relu_conv_bn(1); preprocess preprocess }\n"
         "cell b like a { widen 2 }", "b"),
        ("cell a { nodes 2; choose skip_connect, relu_conv_bn(1); keep 2 }\n"
         "cell b like a { node m = {skip_connect, conv(3)}(in1); output m }", "b"),
        ("cell a { stride 2; nodes 1; choose none, conv(1) }\ncell b like a { choose conv(3) }\n"
         "cell c like b { stride 1; choose conv(5), conv(3) }", "c, c"),
        ("cell a { nodes 1; choose skip_connect, conv(1) }\ncell b like a { choose conv(3) }",
         "a, b * 0"),
        ("cell a { nodes 1; choose skip_connect, conv(1) }\ncell b like a { choose conv(3) }",
         "a, b * (N - 2)"),
    ],
)  # fmt: skip
def test_a_cell_like_one_that_is_not_used_is_written_alone(cells: str, layout: str) -> None:
    text = written(compiled(ONE_CELL.format(cells, layout)))
    assert text.count("\ncell ") == 1
    assert "like" not in text


def test_cells_that_only_the_search_has_are_left_out() -> None:
    cells = "cell a { nodes 1; choose skip_connect, conv(1) }\ncell b like a {}"
    spec = ONE_CELL.format(cells, "a * (2 - N), b").replace("repeat 2", "repeat 1", 1)
    text = written(compiled(spec))
    assert "cell a" not in text
    assert re.search(r"cells +b\n", text)


def test_a_supernet_without_cells_is_no_mistake_of_an_architecture() -> None:
    """At the `repeat` of the search the cells that the final network has may be left out."""
    text = ONE_CELL.format("cell a { node n1 = conv(3)(in1) }", "a * N")
    spec = compiled(text.replace("repeat 2", "repeat 0", 1))
    assert isinstance(spec, CompiledArchitecture)
    assert spec.network.layout == ("a", "a")


def test_definitions_are_kept_that_are_used_through_others() -> None:
    definitions = (
        "let wide = 1 + 2\nlet k = 5\nop inner(k) = conv(k)\nop outer = inner(wide) -> relu\n"
        "op other = conv(k)\n"
    )
    cell = "cell a { node n1 = outer(in1) + {relu, tanh}(in1) }\n"
    cell += "cell b { node n1 = {other, outer}(in1) }"
    text = written(compiled(ONE_CELL.format(definitions + cell, "a, b * 0")))
    assert re.findall(r"^(?:op|let) (\w+)", text, flags=re.M) == ["wide", "inner", "outer"]

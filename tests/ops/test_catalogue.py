"""The table of primitives is complete and consistent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from dslnas.diagnostics import UserError
from dslnas.graph.attributes import attribute_value
from dslnas.graph.lower.network import build_supernet_graph
from dslnas.ops.catalogue import LANGUAGE, PRIMITIVES
from dslnas.ops.primitive import Default, Kind
from dslnas.ops.traits import Trait
from tests.examples import examples
from tests.primitives import OF_PASSES, with_trait
from tests.spaces import space_of
from tests.strategies import SpaceText, spaces


@pytest.mark.parametrize("name", sorted(with_trait(Trait.COMPILER_ONLY)))
def test_no_program_can_write_what_only_the_compiler_writes(name: str) -> None:
    text = f"op mine = {name}\ncell a {{ nodes 1; choose mine, relu }}\nnetwork {{ cells a }}"
    with pytest.raises(UserError, match=f"unknown .* `{name}`"):
        space_of(text)


@settings(max_examples=examples(10))
@given(spaces())
def test_no_network_has_what_only_passes_write(text: SpaceText) -> None:
    graph = build_supernet_graph(text.space())
    assert OF_PASSES.isdisjoint(node.primitive for node in graph.nodes)


def test_all_but_three_of_the_primitives_that_are_no_words_are_written_by_passes() -> None:
    assert set(PRIMITIVES) - set(LANGUAGE) == with_trait(Trait.COMPILER_ONLY)
    assert with_trait(Trait.COMPILER_ONLY) - OF_PASSES == {"mix", "state", "drop_path"}


def test_every_primitive_is_documented_in_one_line() -> None:
    for name, primitive in PRIMITIVES.items():
        assert primitive.summary, name
        assert "\n" not in primitive.summary, name
        assert not primitive.summary.endswith("."), name


def test_names_of_arguments_are_unique() -> None:
    for primitive in PRIMITIVES.values():
        names = [argument.name for argument in primitive.arguments]
        assert len(set(names)) == len(names), primitive.name


def test_defaults_are_values_of_their_kind() -> None:
    for primitive in PRIMITIVES.values():
        for argument in primitive.arguments:
            if not isinstance(argument.default, Default):
                value = attribute_value(primitive, argument, argument.default, None)
                assert value == argument.default, (primitive.name, argument.name)
                assert type(value) is type(argument.default), (primitive.name, argument.name)


def test_required_arguments_come_first() -> None:
    for primitive in PRIMITIVES.values():
        required = [argument.default is Default.REQUIRED for argument in primitive.arguments]
        assert required == sorted(required, reverse=True), primitive.name


def test_defaults_that_depend_on_the_place_fit_their_kind() -> None:
    kinds = {
        Default.CHANNELS: Kind.COUNT,
        Default.STRIDE: Kind.PAIR,
        Default.SAME: Kind.PADDING,
        Default.CLASSES: Kind.COUNT,
        Default.WORDS: Kind.COUNT,
        Default.DERIVED: Kind.FLAG,
    }
    for primitive in PRIMITIVES.values():
        for argument in primitive.arguments:
            if isinstance(argument.default, Default) and argument.default is not Default.REQUIRED:
                assert kinds[argument.default] is argument.kind, (primitive.name, argument.name)


def test_layers_that_slide_take_a_stride_and_joins_take_branches() -> None:
    striding = {n for n, p in LANGUAGE.items() if p.takes_stride}
    assert striding == {"conv", "max_pool2d", "avg_pool2d", "zero"}
    joins = {n for n, p in LANGUAGE.items() if p.joins}
    assert joins == {"add", "subtract", "multiply", "matmul", "mean", "max", "min", "concat"}
    assert not any(p.arguments for p in LANGUAGE.values() if p.joins)


def test_what_is_tied_has_a_weight_like_that_of_its_table() -> None:
    tied = {name: p.tied_to for name, p in PRIMITIVES.items() if p.tied_to}
    assert tied == {"tied_linear": "embedding"}
    assert {n for n, p in PRIMITIVES.items() if p.reads_tokens} == set(tied.values())

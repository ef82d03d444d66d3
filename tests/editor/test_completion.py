from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.editor.completion import completions
from dslnas.language.link.sources import library_names
from dslnas.settings.search import SEARCH
from tests.marked_text import marked


def offered(text: str, path: Path = Path("spec.nas")) -> set[str]:
    return {completion.label for completion in completions(*marked(text, path))}


def test_statements_are_offered_where_one_begins() -> None:
    assert {"use", "cell", "search", "derive"} <= offered("use std.cnn\n@")
    assert "epochs" not in offered("use std.cnn\n@")


def test_files_of_the_library_are_offered_with_the_whole_name_replaced() -> None:
    document, offset = marked("use papers.da@")
    found = completions(document, offset)
    assert {one.label for one in found} == set(library_names())
    assert {(one.start, one.end) for one in found} == {(4, 13)}


def test_specs_beside_the_spec_are_offered_inside_of_quotes(tmp_path: Path) -> None:
    (tmp_path / "space.nas").write_text("let K = 3\n", encoding="utf-8")
    assert offered('use "sp@', tmp_path / "spec.nas") == {"space.nas"}


def test_methods_are_offered_behind_search() -> None:
    assert offered("search @") == set(SEARCH)


def test_settings_of_the_method_are_offered_but_for_those_that_are_written() -> None:
    found = offered("search darts {\n    epochs 3\n    @\n}")
    assert {"weights", "arch"} <= found
    assert "epochs" not in found


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("search darts { weights @ }", {"sgd", "adam"}, {"conv"}),
        ("search darts { weights sgd(@) }", {"lr", "momentum"}, {"sgd"}),
        ("search darts { weights sgd(lr = @) }", {"cosine"}, {"momentum"}),
        ("derive { by @ }", {"magnitude", "perturbation"}, {"conv"}),
        ("derive { require @ }", {"params", "latency"}, {"conv"}),
        ("use papers.darts\ncell normal { choose @ }", {"darts", "sep_conv", "tanh"}, {"normal"}),
        ("use papers.darts\nnetwork { cells @ }", {"normal", "reduction", "N"}, {"conv"}),
        ("use papers.darts\ncell wide like @", {"normal", "reduction"}, {"conv"}),
        ("use std.rnn\ncell r { edge @ }", {"highway"}, {"tanh"}),
        ("op f(k) = conv(@", {"kernel", "dilation", "k", "C_in"}, set()),
        ("use papers.darts\ncell @", {"normal", "reduction"}, {"like"}),
        ("cell a @", {"like"}, {"node"}),
        ("op f(k) = g\n    | @", {"when"}, {"conv"}),
        ("op f(k) = g\n    | when @", {"derived", "stride", "k"}, set()),
    ],
)
def test_values_fit_the_place(text: str, some: set[str], none: set[str]) -> None:
    found = offered(text)
    assert some <= found
    assert not none & found


def test_a_cell_knows_its_inputs_nodes_and_values() -> None:
    text = "use std.cnn\ncell a {\n    inputs 2\n    let x = relu(in1)\n    node n = conv(3)(@\n"
    assert {"in1", "in2", "x", "n"} <= offered(text)


def test_a_cell_knows_the_names_of_the_cell_that_it_takes_over() -> None:
    assert {"in2", "n4"} <= offered("use papers.darts\ncell normal { output concat(@) }")


def test_definitions_of_a_half_written_text_are_offered() -> None:
    text = "use std.cnn\nlet width = 3\nop broken(k = conv(\nop sound(k) = conv(k)\nops all = @"
    assert {"sound", "broken", "sep_conv"} <= offered(text)


def test_comments_are_left_alone() -> None:
    assert not offered("use std.cnn  # see @")

from __future__ import annotations

import pytest

from dslnas.editor.hover import hover
from tests.marked_text import marked

CELL = """use std.cnn
cell a {
    inputs 1
    preprocess preprocess
    node n@ = {sep_conv(3), skip_connect}(in1)
    output n
}
network { stem conv(3, out = C); cells a * 2 }
"""


def told(text: str, *, right: str = "") -> str:
    found = hover(*marked(text, right=right))
    return "" if found is None else found.text


def test_a_setting_is_told_with_its_default_and_its_value_here() -> None:
    text = told("use papers.darts\ndata digits\nsearch darts { epo@chs 3 }\n")
    assert "passes over the data" in text
    assert "Default: `50`" in text
    assert "Here: `3`" in text


def test_the_default_is_that_of_the_task() -> None:
    images = told("use papers.darts\ndata digits\nsearch darts { wei@ghts adam }\n")
    text = told("use papers.darts_rnn\ndata text\nsearch darts { wei@ghts adam }\n")
    assert "Default: `sgd(lr = cosine(start = 0.025" in images
    assert "Default: `sgd(lr = 20.0" in text


def test_a_half_written_text_keeps_what_was_known() -> None:
    right = "use papers.darts\ndata digits\nsearch darts { epochs 3 }\n"
    assert "Here: `3`" in told("use papers.darts\nlet K =\nsearch darts { epo@chs }", right=right)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("us@e std.cnn", "a file of the library"),
        ("use papers.da@rts", "The convolutional search space of DARTS"),
        ("search na@sp", "NASP"),
        ("search darts { weights s@gd(lr = 1) }", "Stochastic gradient descent"),
        ("let K = 3 * 4\nlet L@ = K + 1", "Value: `13`"),
        ("use std.cnn\nops some = sep_co@nv(3)", "op sep_conv(k) = 2 * (relu"),
        ("op f(k) = depth -> re@lu", "max(x, 0)"),
        ("op f(k) = conv(k, out = C_i@n)", "in operations, stems and heads"),
        ("use std.rnn\ncell r { edge highw@ay }", "gate highway(f, state"),
    ],
)
def test_words_are_explained(text: str, part: str) -> None:
    assert part in told(text)


def test_nodes_cells_and_operations_have_shape_and_cost() -> None:
    node = "16 x 8 x 8; 800 parameters, 51,200 multiply-adds (2 times)"
    assert node in told(CELL)
    operation = CELL.replace("@", "").replace("sep_conv", "sep_@conv")
    assert node in told(operation)
    free = CELL.replace("@", "").replace("skip_connect", "skip_@connect")
    assert "16 x 8 x 8; 0 parameters, 0 multiply-adds (2 times)" in told(free)
    assert "1,056 parameters" in told(CELL.replace("@", "").replace("cells a", "cells a@"))


@pytest.mark.parametrize(
    "text",
    ["op f@ = g\nop g = f\n", "op f@ = missing(3)\n", "op f@ = relu(1, 2)\n"],
)
def test_operations_that_mean_nothing_are_shown_as_they_are_written(text: str) -> None:
    assert f"```nas\n{text.splitlines()[0].replace('@', '')}\n```" in told(text)


def test_nothing_is_told_of_signs_and_numbers() -> None:
    assert not told("let K =@ 3")
    assert not told("let K = @3")

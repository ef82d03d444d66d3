"""`dslnas show --operations`: every operation, with what it takes and gives."""

from __future__ import annotations

import pytest

from dslnas.cli.main import run
from dslnas.graph.operation_facts import operations
from dslnas.ops.catalogue import LANGUAGE, MEANT


def test_every_operation_is_shown_with_its_arguments_and_shapes() -> None:
    shown = {facts.name: facts for facts in operations()}
    assert set(shown) >= {*LANGUAGE, "sep_conv", "factorized_reduce", "search_norm"}
    conv = "conv(kernel, out = C, stride = that of the place, padding = same, dilation = 1, "
    assert shown["conv"].call == f"{conv}groups = 1, bias = false)"
    assert shown["depthwise"].call == "depthwise(k, dilation = 1)"
    assert shown["global_avg_pool"].shapes == "16 x 8 x 8 -> 16 x 1 x 1"
    joins = {name for name, primitive in LANGUAGE.items() if primitive.joins}
    assert all(facts.about for facts in shown.values())
    assert all(not facts.source or facts.source.startswith("std.") for facts in shown.values())
    assert all(shown[name].shapes for name in LANGUAGE if name not in joins)


def test_one_operation_is_shown_by_its_name_or_by_what_it_is_called_elsewhere(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["show", "--operations", "sep_conv"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("use std.cnn\n    sep_conv(k)\n")
    assert "op sep_conv(k) = 2 * (relu -> depthwise(k) -> pointwise -> batch_norm)" in printed
    assert run(["show", "--operations", "Swish"]) == 0
    assert "    silu\n" in capsys.readouterr().out
    assert run(["show", "--operations", "sep_con"]) == 1
    assert "did you mean `sep_conv`?" in capsys.readouterr().err


def test_words_of_other_programs_are_no_words_of_the_language() -> None:
    assert set(MEANT).isdisjoint(LANGUAGE)
    assert set(MEANT.values()) <= set(LANGUAGE)


def test_operations_go_with_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--operations", "conv", "--json"]) == 2
    assert "choose one of" in capsys.readouterr().err

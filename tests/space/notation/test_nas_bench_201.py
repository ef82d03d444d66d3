"""Strings of NAS-Bench-201: read and written, with their mistakes."""

from __future__ import annotations

import pytest

from dslnas.diagnostics import UserError
from dslnas.source import SourceFile
from dslnas.space.notation import nas_bench_201
from tests.spaces import architecture_of

BEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|none~2|"


def complaint_about(text: str) -> str:
    with pytest.raises(UserError) as raised:
        nas_bench_201.read(SourceFile("cell.txt", text))
    return raised.value.render()


def written(nodes: str) -> str:
    return nas_bench_201.write(
        architecture_of(f"use papers.nas_bench_201\ncell cell201 {{\n{nodes}\n}}")
    )


def test_every_operation_reads_the_value_of_its_number() -> None:
    [cell] = nas_bench_201.read(SourceFile("cell.txt", BEST))
    assert [[(term.operation, term.source) for term in node] for node in cell.nodes] == [
        [("nor_conv(3)", 0)],
        [("nor_conv(3)", 0), ("nor_conv(3)", 1)],
        [("skip_connect", 0), ("nor_conv(3)", 1), ("none", 2)],
    ]


def test_terms_are_written_in_the_order_of_what_they_read() -> None:
    assert written(
        "node a = nor_conv(1)(in1)\n"
        "node b = bare_avg_pool(3)(a) + skip_connect(in1)\n"
        "node c = nor_conv(3)(b) + none(a) + none(in1)\n"
        "output last(c)"
    ) == ("|nor_conv_1x1~0|+|skip_connect~0|avg_pool_3x3~1|+|none~0|none~1|nor_conv_3x3~2|")


def test_nodes_that_were_left_out_are_zeros_that_nothing_reads() -> None:
    assert written("node n3 = nor_conv(3)(in1)") == (
        "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    )


def test_every_mistake_is_told_with_its_place() -> None:
    assert complaint_about("|nor_conv_3x3~0|+|none~0|skip_conect~1|+|none~0|none~0|none~3|") == (
        "cell.txt:1:26: error[NAS812]: NAS-Bench-201 has no operation `skip_conect`\n"
        "  |\n"
        "1 | |nor_conv_3x3~0|+|none~0|skip_conect~1|+|none~0|none~0|none~3|\n"
        "  |                          ^^^^^^^^^^^\n"
        "  = help: did you mean `skip_connect`?\n\n"
        "cell.txt:1:54: error[NAS811]: node 3 reads 0 twice\n"
        "  |\n"
        "1 | |nor_conv_3x3~0|+|none~0|skip_conect~1|+|none~0|none~0|none~3|\n"
        "  |                                                      ^\n"
        "  = help: it has one operation for each\n\n"
        "cell.txt:1:61: error[NAS811]: node 3 cannot read 3: only 0 to 2 come before it\n"
        "  |\n"
        "1 | |nor_conv_3x3~0|+|none~0|skip_conect~1|+|none~0|none~0|none~3|\n"
        "  |                                                             ^"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("|none~0", "cell.txt:1:8: error[NAS811]: expected `|`, found the end of the text"),
        ("|none~0|+", "cell.txt:1:10: error[NAS811]: expected `|`, found the end of the text"),
        ("|none|", "cell.txt:1:6: error[NAS811]: expected `~`, found `|`"),
        ("|none~0|;", "cell.txt:1:9: error[NAS811]: expected"),
        ("|none~0|" * 4000, "at most 20,000 characters"),
    ],
)
def test_text_that_breaks_off_is_told_where_it_does(text: str, said: str) -> None:
    assert said in complaint_about(text)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ("node n1 = sep_conv(3)(in1)", "`sep_conv(3)` has no name in NAS-Bench-201"),
        ("node n1 = none(in1) + nor_conv(3)(in1)", "`n1` reads `in1` twice"),
        (
            "node n1 = nor_conv(3)(in1)\nnode n2 = none(in1)\noutput sum(n1, n2)",
            "its output is `sum(n1, n2)`",
        ),
    ],
)
def test_cells_of_another_form_are_told(nodes: str, said: str) -> None:
    with pytest.raises(UserError) as raised:
        written(nodes)
    assert said in raised.value.render()


def test_cells_of_two_inputs_have_no_string() -> None:
    text = "use papers.darts\ncell normal { node n1 = skip_connect(in1) + skip_connect(in2) }"
    with pytest.raises(UserError, match="has no cell that could be `cell`: one of stride 1 with 1"):
        nas_bench_201.write(architecture_of(text, (3, 32, 32)))

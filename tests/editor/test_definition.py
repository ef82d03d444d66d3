from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.editor.definition import definition
from tests.marked_text import marked


def place(text: str, path: Path = Path("spec.nas")) -> str:
    span = definition(*marked(text, path))
    return "" if span is None else f"{span.source.name}:{span.line} {span.text}".rstrip()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("let K = 3\nlet L = K@ + 1\n", "spec.nas:1 K"),
        ("op f(k) = conv(k@)\n", "spec.nas:1 k"),
        ("op f = g\nop g = f@ -> relu\n", "spec.nas:1 f"),
        ("use std.cnn\nop f = sep_con@v(3)\n", "<std.cnn>:26 sep_conv"),
        ("use papers.darts\nnetwork { cells norma@l }\n", "<papers.darts>:9 normal"),
        ("use papers.da@rts\n", "<papers.darts>:1"),
        ("cell a { inputs x, y; node n = relu(x@) }\n", "spec.nas:1 x"),
        ("cell a { node n = relu(in1); node m = tanh(n@) }\n", "spec.nas:1 n"),
        ("op f = g\nop g = re@lu\n", ""),
        ("use papers.darts\nsearch da@rts\n", ""),
    ],
)
def test_definitions_are_found(text: str, found: str) -> None:
    assert place(text) == found


def test_files_beside_the_spec_are_followed(tmp_path: Path) -> None:
    (tmp_path / "space.nas").write_text("let K = 3\nop mine(k) = conv(k)\n", encoding="utf-8")
    spec = tmp_path / "spec.nas"
    assert place('use "space.nas"\nops all = mi@ne(3)\n', spec).endswith("space.nas:2 mine")
    assert place('use "spa@ce.nas"\n', spec).endswith("space.nas:1")
    assert place('use "mis@sing.nas"\n', spec) == ""

from __future__ import annotations

import pytest

from dslnas.editor.rename import RefusedError, rename
from dslnas.edits import applied
from tests.marked_text import marked


def renamed(text: str, name: str) -> str:
    document, offset = marked(text)
    return applied(document.source.text, rename(document, offset, name))


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (
            "let K@ = 3\nlet L = K + 1\nop f(k) = conv(K)\nsearch darts { epochs K }\n",
            "M",
            "let M = 3\nlet L = M + 1\nop f(k) = conv(M)\nsearch darts { epochs M }\n",
        ),
        (
            "op f(k) = conv(k)\nops all = f@(3), relu\ncell a { node n = f(5)(in1) }\n",
            "mine",
            "op mine(k) = conv(k)\nops all = mine(3), relu\ncell a { node n = mine(5)(in1) }\n",
        ),
        (
            "op f(k) = conv(k@, out = k)\nop g(k) = f(k = k) -> conv(k)\n",
            "size",
            "op f(size) = conv(size, out = size)\nop g(k) = f(size = k) -> conv(k)\n",
        ),
        (
            "cell a { inputs x; node n@ = relu(x); output n }\ncell b { node n = relu(in1) }\n",
            "first_node",
            "cell a { inputs x; node first_node = relu(x); output first_node }\n"
            "cell b { node n = relu(in1) }\n",
        ),
        (
            "let magnitude@ = 2\nderive { by magnitude; compare magnitude }\n",
            "count",
            "let count = 2\nderive { by magnitude; compare count }\n",
        ),
        (
            "let k = 2\nop f(k) = conv(k)\nop g = conv(k@)\n",
            "size",
            "let size = 2\nop f(k) = conv(k)\nop g = conv(size)\n",
        ),
        (
            "cell a@ { inputs 1 }\ncell b like a { inputs 1 }\nnetwork { cells a * 2, b }\n",
            "c",
            "cell c { inputs 1 }\ncell b like c { inputs 1 }\nnetwork { cells c * 2, b }\n",
        ),
    ],
)
def test_a_name_changes_where_it_is_meant(text: str, name: str, expected: str) -> None:
    assert renamed(text, name) == expected


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("use std.cnn\nop f = sep_conv@(3)\n", "mine", "is defined in <std.cnn>"),
        ("use papers.darts\ncell normal@ { nodes 3 }\n", "mine", "is defined in <papers.darts>"),
        ("cell a { nodes 3; output n3@ }\n", "mine", "comes by itself"),
        ("let K@ = 3\nlet L = K\n", "L", "`L` is taken"),
        ("let K@ = 3\n", "relu", "`relu` is taken"),
        ("op f(k@) = conv(k)\nop g = f(k = 3)\n", "C_in", "`C_in` is taken"),
        ("let K@ = 3\n", "node", "is no name"),
        ("let K@ = 3\n", "2nd", "is no name"),
        ("let K = 3@\n", "L", "no name that is defined"),
    ],
)
def test_what_cannot_be_renamed_is_refused(text: str, name: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        renamed(text, name)

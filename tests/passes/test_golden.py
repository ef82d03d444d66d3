"""Result of each pass on a tiny graph, to be read beside its docstring."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.graph.text import print_graph
from dslnas.graph.verify import verify_graph
from dslnas.passes.manager import PASSES
from tests.graph_text import parse_graph

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", PASSES)
def test_before_and_after(name: str, request: pytest.FixtureRequest) -> None:
    rewrite = PASSES[name].rewrite
    before, after = (GOLDEN / f"{name}.{when}" for when in ("before", "after"))
    graph = parse_graph(before.read_text(encoding="utf-8"))
    verify_graph(graph)
    changed = rewrite(graph)
    verify_graph(changed)
    # The option is one of tests/language: start pytest on both folders to write files anew.
    if request.config.getoption("--update-golden", default=False):
        after.write_text(print_graph(changed), encoding="utf-8")
    assert print_graph(changed) == after.read_text(encoding="utf-8")
    assert rewrite(changed) == changed


def test_every_golden_file_belongs_to_a_pass() -> None:
    stems = {path.stem for path in GOLDEN.iterdir()}
    assert stems == set(PASSES)

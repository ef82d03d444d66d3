"""Versions that models are to declare are refused early where no model can."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest

from dslnas.app.compile import compile_spec
from dslnas.app.search import search
from dslnas.diagnostics import UserError
from dslnas.exporters.versions import check_space_versions, check_versions
from dslnas.settings.rule import NO_RULE
from dslnas.settings.sections import ExportSettings
from tests.backends.reference_graphs import Graph
from tests.spaces import space_of

SPEC = """
use std.cnn
op normed = layer_norm -> relu
cell a {{ inputs 1; preprocess preprocess; nodes 2; keep 1; choose {ops}; output n2 }}
network {{ cells a; head {head} -> linear(classes) }}
data digits
search darts
export {{ opset 12 }}
"""
NORM, POOL = "layer_norm -> global_avg_pool", "global_avg_pool"


def settings(**given: object) -> ExportSettings:
    return ExportSettings.model_validate(given)


def test_versions_that_cannot_be_declared_are_refused_before_a_training() -> None:
    graph = Graph((4, 3, 3)).add("norm", "layer_norm").add("head", "linear", out=2).done()
    with pytest.raises(UserError, match="node `norm/normed` needs opset 17, not 11"):
        check_versions(graph, settings(opset=11))
    check_versions(graph, settings(opset=17))
    check_versions(graph, settings(opset=11, formats=("python",)))


def test_what_the_installed_runtime_does_not_load_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(onnxruntime, "__version__", "1.13.1")
    graph = Graph((4, 3, 3)).add("head", "linear", out=2).done()
    check_versions(graph, settings(opset=17))
    with pytest.raises(UserError) as raised:
        check_versions(graph, settings(ir_version=9))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.message == (
        "opset 11 in format 9 needs ONNX Runtime 1.15, and 1.13.1 is installed"
    )


@pytest.mark.parametrize(
    ("ops", "head"), [("{relu, sigmoid}", NORM), ("{normed, sigmoid -> normed}", POOL)]
)
def test_a_space_whose_networks_all_need_a_later_opset_is_not_searched(
    ops: str, head: str, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.nas"
    spec.write_text(SPEC.format(ops=ops, head=head))
    with pytest.raises(UserError, match="needs opset 17, not 12") as raised:
        search(compile_spec(spec, with_data=False), tmp_path / "run")
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == ("NAS713", 8)
    assert not (tmp_path / "run").exists()


def test_a_space_with_one_network_that_an_opset_allows_is_searched() -> None:
    space = space_of(SPEC.format(ops="{normed, relu}", head=POOL))
    check_space_versions(space, NO_RULE, settings(opset=12))

"""The two-operation space in which DARTS ends with nothing but skip connections."""

from __future__ import annotations

from typing import Any

import pytest

from dslnas.settings.stop import Skips
from dslnas.settings.values import ADAM_OF_DARTS, Sgd
from dslnas.training.search_plan import SearchResult
from tests.spaces import space_of
from tests.training.tiny import SHAPE, Listener, random_data, run_search

SPACE = """use std.cnn
cell normal {
    inputs      2
    preprocess  preprocess
    nodes       2
    choose      {skip_connect, sep_conv(3)}
    keep        2
}
network { channels 4; cells normal * 2 }
evaluate { channels 4 }
"""


def collapse(report: Listener, **given: Any) -> SearchResult:
    """Search with weights that learn slowly: to hand on the input is worth more than they are."""
    return run_search(
        "darts",
        random_data(),
        space_of(SPACE, SHAPE, classes=4),
        seed=2,
        epochs=5,
        report=report,
        arch=ADAM_OF_DARTS.replace(lr=0.1, weight_decay=0.0),
        weights=Sgd(lr=1e-3),
        **given,
    )


@pytest.mark.sample(0)
def test_the_monitor_shows_the_collapse_of_darts() -> None:
    report = Listener()
    found = collapse(report)
    shares = [epoch.skip_share["normal"] for epoch in report.epochs if epoch.skip_share]
    assert shares == [0.5, 0.75, 1.0, 1.0, 1.0]
    counts = [epoch.operations["normal"] for epoch in report.epochs if epoch.operations]
    assert counts[0] == {"skip_connect": 2, "sep_conv(3)": 2}
    assert counts[-1] == {"skip_connect": 4}
    collapsing = "50% of what cell `normal` chose are skip connections: it may be collapsing"
    told = [[text for text in epoch.warnings if "chose" in text] for epoch in report.epochs]
    assert told == [[collapsing], *[[]] * 4]
    entropies = [epoch.entropy["normal"] for epoch in report.epochs if epoch.entropy]
    assert entropies == sorted(entropies, reverse=True), "alpha is ever more decided"
    assert all(epoch.alpha_change["normal"] > 0.01 for epoch in report.epochs if epoch.alpha_change)
    edges = found.architecture.cells["normal"].edges
    assert {edge.operations[0].text for edge in edges} == {"skip_connect"}
    assert (found.epoch, found.stopped) == (5, None)


@pytest.mark.parametrize(("most", "epoch"), [(2, 1), (3, 2)])
def test_a_stop_rule_ends_it_earlier(most: int, epoch: int) -> None:
    report = Listener()
    found = collapse(report, stop=(Skips(most=most),))
    assert found.stopped == f"cell `normal` has {most} skip connections"
    assert found.epoch == len(report.epochs) == epoch
    operations = [edge.operations[0].text for edge in found.architecture.cells["normal"].edges]
    assert operations.count("skip_connect") == most

"""Every rule by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dslnas.settings.stop import Convolutions, Eigenvalue, Skips, Stable, StopRule
from dslnas.training.snapshots import Snapshot
from dslnas.training.stopping import Stop, stop_after
from tests.training.cells import candidate


def stopped(rule: StopRule, *history: Snapshot, eigenvalues: tuple[float, ...] = ()) -> Stop | None:
    return stop_after([rule], history, eigenvalues)


def test_without_rules_nothing_stops() -> None:
    assert stop_after([], [candidate(normal="skip skip")], []) is None


def test_skips_stops_at_so_many_in_one_cell() -> None:
    """Those of two cells are not added; a skip connection of stride 2 is one."""
    rule = Skips(most=2)
    assert stopped(rule, candidate(normal="skip conv", reduction="skip pool")) is None
    found = stopped(rule, candidate(1), candidate(2, normal="skip skip"))
    assert found == Stop("cell `normal` has 2 skip connections", 2)
    found = stopped(rule, candidate(3, reduction="skip skip"))
    assert found == Stop("cell `reduction` has 2 skip connections", 3)
    assert stopped(Skips(most=1), candidate(normal="pool skip")) is not None


def test_only_the_latest_cells_count() -> None:
    assert stopped(Skips(most=2), candidate(1, normal="skip skip"), candidate(2)) is None


@pytest.mark.parametrize(
    ("normal", "reduction", "stops"),
    [
        ("conv conv", "skip skip", False),
        ("conv skip", "conv skip", False),
        ("conv skip", "pool skip", True),
        ("skip skip", "skip skip", True),
    ],
)
def test_convolutions_stops_when_no_cell_has_more_than_expected(
    normal: str, reduction: str, stops: bool
) -> None:
    """At most one where the size stays and none where it is reduced."""
    given = candidate(4, normal=normal, reduction=reduction)
    found = stopped(Convolutions(most=1, reducing=0), given)
    assert (found is not None) == stops
    if found is not None:
        counts = f"`normal` {normal.count('conv')}, `reduction` 0"
        expected = Stop(f"no cell has more convolutions than expected: {counts}", 4)
        assert found == expected


def test_stable_stops_when_the_cells_have_not_changed() -> None:
    rule = Stable(epochs=2)
    same = [candidate(e, normal="skip pool") for e in (2, 3, 4)]
    assert stopped(rule, *same[:2]) is None, "unchanged for one epoch"
    assert stopped(rule, *same) == Stop("cells have not changed since epoch 2", 4)
    assert stopped(rule, candidate(1), *same[:2]) is None
    assert stopped(rule, candidate(1), *same) is not None
    assert stopped(rule, same[0], same[1], candidate(4, reduction="conv pool")) is None


def test_stable_looks_at_what_is_derived_and_not_at_scores() -> None:
    first, second = (candidate(e, accuracy=e / 10, normal="skip pool") for e in (1, 2))
    assert first.scores is not second.scores
    assert stopped(Stable(epochs=1), first, second) is not None


def test_stable_looks_at_what_is_chosen_around_the_cells_too() -> None:
    first, second = (candidate(e, normal="skip pool") for e in (1, 2))
    network = replace(second.architecture.network, channels=99)
    wider = replace(second, architecture=replace(second.architecture, network=network))
    assert stopped(Stable(epochs=1), first, wider) is None


def test_cells_with_choices_inside_of_operations_alone_are_watched_too() -> None:
    given = candidate(normal="skip skip")
    inside = replace(given, scores={"normal.inner": [[0.0, 1.0]]})
    assert stopped(Skips(most=2), inside) == Stop("cell `normal` has 2 skip connections", 1)


# ---- the dominant eigenvalue --------------------------------------------------------------------


def epochs(count: int) -> list[Snapshot]:
    """Return candidates of as many epochs, the first two of which were a warm-up."""
    return [candidate(epoch) for epoch in range(3, 3 + count)]


def test_eigenvalue_compares_the_means_of_two_windows() -> None:
    """Mean 2 before and 3 now: 2 / 3 is less than 0.7 and not less than 0.6."""
    values = (9.0, 1.0, 3.0, 2.0, 4.0)
    found = stopped(Eigenvalue(ratio=0.7, window=2), *epochs(5), eigenvalues=values)
    reason = "dominant eigenvalue of the Hessian in alpha rose from 2 to 3"
    assert found == Stop(reason, 5), "the last epoch of the window before"
    assert stopped(Eigenvalue(ratio=0.6, window=2), *epochs(5), eigenvalues=values) is None
    same = stopped(Eigenvalue(ratio=2 / 3, window=2), *epochs(5), eigenvalues=values)
    assert same is None, "it must be less than the ratio"


def test_eigenvalue_waits_for_two_windows() -> None:
    values = (1.0, 1.0, 100.0)
    assert stopped(Eigenvalue(window=2), *epochs(3), eigenvalues=values) is None
    assert stopped(Eigenvalue(window=1), *epochs(3), eigenvalues=values) is not None


@pytest.mark.parametrize("values", [(1.0, -3.0), (1.0, 0.0), (3.0, 1.0), (-3.0, -1.0)])
def test_a_loss_that_is_not_sharper_goes_on(values: tuple[float, ...]) -> None:
    assert stopped(Eigenvalue(window=1), *epochs(2), eigenvalues=values) is None


def test_a_loss_that_was_not_convex_and_is_sharp_stops() -> None:
    found = stopped(Eigenvalue(window=1), *epochs(2), eigenvalues=(-1.0, 2.0))
    assert found is not None
    assert found.epoch == 3


# ---- several ------------------------------------------------------------------------------------


def test_the_first_rule_that_holds_is_the_reason() -> None:
    history = [candidate(e, normal="skip skip") for e in (1, 2)]
    rules: list[StopRule] = [Skips(most=3), Stable(epochs=1), Skips(most=2)]
    found = stop_after(rules, history, [])
    assert found == Stop("cells have not changed since epoch 1", 2)

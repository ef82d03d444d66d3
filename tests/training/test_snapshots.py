from __future__ import annotations

from dslnas.space.derive.derive import derive
from dslnas.training.snapshots import Snapshot, best, best_of_every_size
from tests.training.cells import candidate, cells_space


def sizes(found: tuple[Snapshot, ...]) -> list[tuple[tuple[int, ...], int]]:
    return [(c.size, c.epoch) for c in found]


def test_size_is_the_number_of_convolutions_of_every_searched_cell() -> None:
    assert candidate(normal="conv conv", reduction="conv skip").size == (2, 1)
    assert candidate(normal="skip pool", reduction="pool conv").size == (0, 1)


def test_best_is_the_highest_accuracy_and_the_latest_on_ties() -> None:
    history = [candidate(epoch=e, accuracy=a) for e, a in ((1, 0.5), (2, 0.7), (3, 0.7), (4, 0.6))]
    assert best(history).epoch == 3
    assert best(history[::-1]).epoch == 3
    assert best(history[:1]).epoch == 1


def test_the_best_of_every_size_is_kept_smallest_first() -> None:
    history = [
        candidate(1, 0.3, "conv conv", "skip skip"),  # (2, 0)
        candidate(2, 0.9, "conv skip", "conv skip"),  # (1, 1)
        candidate(3, 0.4, "pool conv", "skip conv"),  # (1, 1) and worse
        candidate(4, 0.2, "skip skip", "skip pool"),  # (0, 0)
        candidate(5, 0.3, "conv conv", "pool skip"),  # (2, 0), as good and later
        candidate(6, 0.1, "conv conv", "conv conv"),  # (2, 2)
        candidate(7, 0.5, "skip skip", "conv pool"),  # (0, 1)
    ]
    found = best_of_every_size(history)
    assert sizes(found) == [((0, 0), 4), ((0, 1), 7), ((1, 1), 2), ((2, 0), 5), ((2, 2), 6)]
    assert best(found).epoch == 2


def test_nothing_has_no_sizes() -> None:
    assert best_of_every_size([]) == ()


def test_a_candidate_is_what_its_scores_derive() -> None:
    found = candidate(normal="conv pool", reduction="skip skip").architecture
    again = candidate(normal="conv pool", reduction="skip skip")
    assert derive(cells_space(), again.scores) == found

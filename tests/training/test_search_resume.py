"""A search that is stored between two steps or epochs goes on to the same bits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from _pytest.mark import ParameterSet

from dslnas.data.dataset import Data
from dslnas.settings.rule import Derivation
from dslnas.settings.search_parts import Oles
from dslnas.settings.stop import Eigenvalue, Stable
from dslnas.settings.values import Adam
from dslnas.state import StateError
from dslnas.training.keeping import Saved
from dslnas.training.records import EpochRecord
from dslnas.training.search import SearchProgress
from dslnas.training.search_plan import SearchResult
from tests.measurements import without_measurements
from tests.training.tiny import Listener, random_data, run_search
from tests.training.tiny_text import search_text, text_data

STEPS = 5  # of an epoch of the tiny data


@dataclass
class Breaking:
    """A keeper that stores every moment as JSON and tensors, and ends the search at one of them.

    Attributes:
        at: The moment, counted from 0: every step, and every end of an epoch.
        saved: The search as it was stored last.
    """

    at: int = -1
    saved: Saved[SearchProgress] | None = None
    moments: int = 0
    epochs: list[EpochRecord] = field(default_factory=list)

    def after_step(self, save: Callable[[], Saved[SearchProgress]]) -> None:
        self._moment(save)

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[SearchProgress]]) -> None:
        self.epochs.append(record)
        self._moment(save)

    def check_stop(self) -> None:
        pass

    def _moment(self, save: Callable[[], Saved[SearchProgress]]) -> None:
        if self.moments == self.at:
            saved = save()
            text = saved.progress.model_dump_json()
            self.saved = Saved(SearchProgress.model_validate_json(text), saved.state)
            raise KeyboardInterrupt
        self.moments += 1


def told(record: EpochRecord) -> object:
    return without_measurements(record)


def assert_equal(a: SearchResult, b: SearchResult) -> None:
    assert a.alphas.keys() == b.alphas.keys()
    for name in a.alphas:
        assert torch.equal(a.alphas[name], b.alphas[name]), name
    assert a.scores == b.scores
    assert a.architecture.cells == b.architecture.cells
    facts = [(r.epoch, r.stopped, r.check, [m.epoch for m in r.family]) for r in (a, b)]
    assert facts[0] == facts[1]


def assert_goes_on(search: Callable[..., SearchResult], data: Data, *moments: int) -> None:
    """Assert that a search which ends at any of some moments goes on to the same as a whole one."""
    whole = Breaking()
    wanted = search(data=data, keeper=whole)
    whole_epochs = [told(record) for record in whole.epochs]
    for at in moments:
        broken, rest = Breaking(at), Breaking()
        with pytest.raises(KeyboardInterrupt):
            search(data=data, keeper=broken)
        found = search(data=data, keeper=rest, saved=broken.saved)
        assert_equal(wanted, found)
        assert [told(record) for record in broken.epochs + rest.epochs] == whole_epochs, at


def image_search(method: str, **given: Any) -> Callable[..., SearchResult]:
    def search(**how: Any) -> SearchResult:
        return run_search(method, **{**given, **how})

    return search


def slow(*cases: object) -> list[ParameterSet]:
    """Return cases for which others stand by default."""
    return [pytest.param(case, marks=pytest.mark.slow) for case in cases]


@pytest.mark.parametrize("method", ["darts", *slow("gdas"), "nasp", "enas", *slow("evolution")])
@pytest.mark.sample(1)
def test_a_search_of_every_kind_goes_on(method: str) -> None:
    assert_goes_on(image_search(method), random_data(), 1, STEPS, STEPS + 3)


def test_a_search_that_ends_between_two_epochs_goes_on() -> None:
    moments = STEPS, STEPS + 7, STEPS + 9  # of the last two: one of 8 judged, one of 2 fits
    assert_goes_on(image_search("nao"), random_data(), *moments)


@pytest.mark.parametrize("method", ["darts", *slow("random_search", "nao", "bayesnas")])
@pytest.mark.sample(0)
def test_a_search_on_text_goes_on(method: str) -> None:
    def search(**how: Any) -> SearchResult:
        return search_text(method, **how)

    assert_goes_on(search, text_data(), 4)


@pytest.mark.parametrize(
    "given",
    [
        {"warmup": 1, "epochs": 3},
        *slow({"stop": (Stable(epochs=1),), "epochs": 4}),
        {"stop": (Eigenvalue(ratio=1.0, window=1),), "epochs": 4},
        {"derivation": Derivation(epoch="best", compare=3), "epochs": 3},
        *slow({"derivation": Derivation(epoch="every_size"), "epochs": 3}),
        {"freeze": Oles(steps=2, threshold=1.0)},
    ],
    ids=["warm-up", "stable", "eigenvalue", "best", "every size", "OLES"],
)
@pytest.mark.sample(2)
def test_what_is_known_of_earlier_epochs_goes_on(given: dict[str, Any]) -> None:
    assert_goes_on(image_search("darts", **given), random_data(), STEPS + 2)


def test_a_search_stored_after_its_last_epoch_is_derived_alike() -> None:
    assert_goes_on(image_search("random"), random_data(), 2 * STEPS + 1)


def test_warnings_are_not_given_twice() -> None:
    still = image_search("darts", epochs=4, arch=Adam(lr=1e-9))
    whole = Breaking()
    still(data=random_data(), keeper=whole)
    assert sum("alpha does not move" in w for r in whole.epochs for w in r.warnings) == 1
    assert_goes_on(still, random_data(), 2 * (STEPS + 1) + 1)


def test_reported_steps_go_on_with_their_numbers() -> None:
    broken, listener = Breaking(7), Listener()
    with pytest.raises(KeyboardInterrupt):
        run_search("darts", random_data(), keeper=broken)
    run_search("darts", random_data(), keeper=Breaking(), saved=broken.saved, report=listener)
    steps = [(r.epoch, r.step) for r in listener.records if not isinstance(r, EpochRecord)]
    assert steps[0] == (2, 3)


@pytest.mark.parametrize("other", ["nasp", "evolution"])
def test_the_state_of_another_search_is_refused(other: str) -> None:
    broken = Breaking(2)
    with pytest.raises(KeyboardInterrupt):
        run_search("darts", random_data(), keeper=broken)
    with pytest.raises(StateError):
        run_search(other, random_data(), keeper=Breaking(), saved=broken.saved)


@dataclass
class Impatient(Breaking):
    """A keeper that counts how often a comparison may end, and lets it."""

    asked: int = 0
    patience: int = 1_000

    def check_stop(self) -> None:
        self.asked += 1
        if self.asked > self.patience:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("given", "measurements"),
    [
        ({"method": "darts"}, 1 + 5),
        ({"method": "random", "samples": 4}, 2 * 4 + 1 + 5),
    ],
    ids=["random architectures", "finalists"],
)
def test_comparisons_may_end_at_every_measurement(given: dict[str, Any], measurements: int) -> None:
    keeper = Impatient()
    run_search(data=random_data(), keeper=keeper, **given)
    assert keeper.asked == measurements
    for patience in (0, measurements - 1):
        with pytest.raises(KeyboardInterrupt):
            run_search(data=random_data(), keeper=Impatient(patience=patience), **given)

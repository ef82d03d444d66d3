"""A training that was interrupted goes on to the bits that it has without an interruption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.settings.values import (
    AdamW,
    Colour,
    Cosine,
    Crop,
    Cutout,
    Erase,
    Flip,
    Mixup,
    ResizedCrop,
    Rotate,
    Sgd,
    Warmup,
)
from dslnas.state import StateError
from dslnas.tasks.task import Measurement
from dslnas.training import epochs as module
from dslnas.training.keeping import Saved
from dslnas.training.records import EpochRecord, StepRecord
from dslnas.training.train import Trained
from dslnas.training.training_state import Progress
from tests.measurements import without_measurements
from tests.training.tiny import Listener, architecture, equal, random_data, run_retrain
from tests.training.tiny_text import DROPOUT, retrain_text, text_data

EPOCHS = 3
GIVEN: dict[str, Any] = {
    "epochs": EPOCHS,
    "drop_path": 0.4,
    "augment": (
        *(ResizedCrop(), Crop(pad=1), Flip(), Cutout(size=3)),
        *(Rotate(), Colour(), Erase(), Mixup()),
    ),
    "accumulate": 2,
    "weights": Sgd(lr=Cosine(start=0.1, end=0.0), momentum=0.9),
}
TEXT: dict[str, Any] = {
    "epochs": EPOCHS,
    "weights": Sgd(lr=1.0, momentum=0.5, clip=0.25),
    "dropout": DROPOUT,
    "slowness": 1e-2,
    "average": 1,
    "vary": "lengths",
}


def on_images(**given: Any) -> Trained:
    return run_retrain(architecture(), random_data(), **{**GIVEN, **given})


def on_text(**given: Any) -> Trained:
    return retrain_text(text_data(), **{**TEXT, **given})


@dataclass
class Stored:
    """A keeper that stores every epoch, and the step after which it ends the training."""

    stop: int = 0
    epochs: list[Saved[Progress]] = field(default_factory=list)
    amid: Saved[Progress] | None = None
    _steps: int = 0

    def after_step(self, save: Callable[[], Saved[Progress]]) -> None:
        self._steps += 1
        if self._steps == self.stop:
            self.amid = save()
            raise KeyboardInterrupt

    def after_epoch(self, record: EpochRecord, save: Callable[[], Saved[Progress]]) -> None:
        self.epochs.append(save())

    def check_stop(self) -> None:
        pass


def saved_amid(train: Callable[..., Trained], step: int, **given: Any) -> Saved[Progress]:
    """Train up to some step of all; return what was stored then."""
    keeper = Stored(step)
    with pytest.raises(KeyboardInterrupt):
        train(keeper=keeper, **given)
    assert keeper.amid is not None
    return keeper.amid


def timeless(report: Listener) -> list[object]:
    """Return the records of all steps and epochs without what was measured of the machine."""
    return [
        record if isinstance(record, StepRecord) else without_measurements(record)
        for record in report.records
    ]


@dataclass(frozen=True)
class Whole:
    """A training without an interruption, and what it stored."""

    trained: Trained
    records: list[object]
    epochs: list[Saved[Progress]]


@cache
def whole(train: Callable[..., Trained]) -> Whole:
    keeper, report = Stored(), Listener()
    trained = train(keeper=keeper, report=report)
    return Whole(trained, timeless(report), keeper.epochs)


def assert_told_but_one(before: Listener, after: Listener, records: list[object]) -> None:
    """Assert that both tell all but the step that it ended after: nobody may be there to hear."""
    told = timeless(before), timeless(after)
    step = records[len(told[0])]
    assert isinstance(step, StepRecord)
    assert [*told[0], step, *told[1]] == records


def on_averaged_images(**given: Any) -> Trained:
    rate = Warmup(epochs=1, then=Cosine(start=0.01))
    more = {"weights": AdamW(lr=rate), "ema": 0.9, "label_smoothing": 0.1}
    return on_images(**{**more, **given})


@pytest.mark.parametrize("epoch", [1, EPOCHS])
@pytest.mark.parametrize("train", [on_images, on_averaged_images, on_text])
def test_it_goes_on_bit_for_bit(train: Callable[..., Trained], epoch: int) -> None:
    report = Listener()
    assert equal(whole(train).trained, train(report=report, saved=whole(train).epochs[epoch - 1]))
    count = len(report.records)
    assert timeless(report) == whole(train).records[len(whole(train).records) - count :]
    assert len(report.epochs) == EPOCHS - epoch


@pytest.mark.parametrize("step", [1, 4, 10])
@pytest.mark.parametrize("train", [on_images, on_averaged_images, on_text])
@pytest.mark.sample(4)
def test_it_goes_on_amid_an_epoch_bit_for_bit(train: Callable[..., Trained], step: int) -> None:
    """After the first step of all, the last one of an epoch of images, and one between others."""
    before, after = Listener(), Listener()
    saved = saved_amid(train, step, report=before)
    assert saved.progress.steps > 0
    assert equal(whole(train).trained, train(report=after, saved=saved))
    assert_told_but_one(before, after, whole(train).records)


def test_it_goes_on_from_where_it_was_interrupted_again() -> None:
    saved = saved_amid(on_images, 2, saved=saved_amid(on_images, 5))
    assert (saved.progress.epochs, saved.progress.steps) == (1, 3)
    assert equal(whole(on_images).trained, on_images(saved=saved))


LOSSES = [1.0, 2.0, 3.0, 1.5, 0.9, 1.2, 2.0]
METRICS = {"perplexity": 2.0, "accuracy": 0.25}


@pytest.fixture
def on_stalling_text(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Trained]:
    """Train on text; from the third epoch on validation has stalled, and the fifth is the best."""

    def train(saved: Saved[Progress] | None = None, **given: Any) -> Trained:
        losses = iter(LOSSES[0 if saved is None else saved.progress.epochs :])
        monkeypatch.setattr(module, "measure", lambda *_: Measurement(next(losses), METRICS))
        return on_text(epochs=6, saved=saved, **given)

    return train


@pytest.mark.sample(0)
def test_averaging_goes_on_bit_for_bit(on_stalling_text: Callable[..., Trained]) -> None:
    """Interrupted before it begins, when it has begun, and later; the best epoch is old."""
    keeper = Stored()
    trained = on_stalling_text(keeper=keeper)
    saved = keeper.epochs
    assert [one.progress.averages for one in saved] == [False, False, True, True, True, True]
    assert [int(one.state["average/count"]) > 0 for one in saved] == [False] * 3 + [True] * 3
    assert [one.progress.best for one in saved] == [1, 1, 1, 1, 5, 5]
    for one in saved:
        assert equal(trained, on_stalling_text(saved=one))


@pytest.mark.sample(0)
def test_averaging_goes_on_amid_an_epoch_bit_for_bit(
    on_stalling_text: Callable[..., Trained],
) -> None:
    report, before, after = Listener(), Listener(), Listener()
    trained = on_stalling_text(report=report)
    starts = [n for n, r in enumerate(steps_of(report), 1) if r.step == 1]
    assert len(set(map(int.__sub__, starts[1:], starts))) > 1, "lengths vary"
    saved = saved_amid(on_stalling_text, starts[3] + 2, report=before)
    assert (saved.progress.epochs, saved.progress.steps) == (3, 3)
    assert int(saved.state["average/count"]) == 3
    assert saved.state["reading/states/0"].abs().sum() > 0
    assert equal(trained, on_stalling_text(report=after, saved=saved))
    assert_told_but_one(before, after, timeless(report))


def steps_of(report: Listener) -> list[StepRecord]:
    return [record for record in report.records if isinstance(record, StepRecord)]


def test_without_momentum_none_is_stored_and_it_goes_on_bit_for_bit() -> None:
    plain, keeper = {"weights": Sgd(lr=0.1, momentum=0.0)}, Stored()
    trained = on_images(keeper=keeper, **plain)
    assert not [name for name in keeper.epochs[0].state if name.startswith("optimiser")]
    assert equal(trained, on_images(saved=keeper.epochs[0], **plain))


def test_what_is_stored_is_a_copy() -> None:
    saved = whole(on_images).epochs
    name = next(key for key in saved[0].state if key.endswith("conv/weight"))
    assert not torch.equal(saved[0].state[name], saved[1].state[name])
    assert [one.progress.epochs for one in saved] == [1, 2, 3]
    assert saved[0].progress.measured == saved[2].progress.measured[:1]


@cache
def amid_images(seed: int = 0) -> Saved[Progress]:
    """Return a training after two steps of its second epoch."""
    return saved_amid(on_images, 6, seed=seed)


@pytest.mark.parametrize(
    "part", ["optimiser", "generators/order", "generators/masks", "reading/order", "network"]
)
def test_every_part_of_the_state_matters(part: str) -> None:
    saved, others = amid_images(), amid_images(1).state
    state = {k: others[k] if k.startswith(part) else v for k, v in saved.state.items()}
    assert state.keys() == saved.state.keys()
    assert not equal(whole(on_images).trained, on_images(saved=Saved(saved.progress, state)))


@pytest.mark.parametrize("change", [{"loss": 0.0}, {"steps": 1}])
def test_every_number_matters_amid_an_epoch(change: dict[str, float]) -> None:
    saved, report = amid_images(), Listener()
    on_images(
        saved=Saved(saved.progress.model_copy(update=change), saved.state),
        report=report,
    )
    assert timeless(report) != whole(on_images).records[-len(report.records) :]


def test_numbers_survive_being_written_as_json() -> None:
    progress = amid_images().progress
    assert progress.loss > 0
    assert Progress.model_validate_json(progress.model_dump_json()) == progress


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"network/stem/0_conv/weight": None}, "network: `stem/0_conv/weight` is missing"),
        ({"network/more": torch.zeros(3)}, "network: `more` is not of this work"),
        (
            {"network/stem/0_conv/weight": torch.zeros(3)},
            r"`stem/0_conv/weight` is float32 \(3,\), needs float32 \(12, 1, 3, 3\)",
        ),
        (
            {"generators/order": torch.zeros(3, dtype=torch.uint8)},
            "`order` is not of a generator on this device",
        ),
        ({"generators/order": torch.zeros(5056)}, "`order` is not of a generator on this device"),
        ({"generators/masks": None}, "`masks` is missing"),
        (
            {"optimiser/900/momentum_buffer": torch.zeros(3)},
            "`900/momentum_buffer` is not of this optimiser",
        ),
        ({"more/0": torch.zeros(3)}, "`more/0` is not of this work"),
        ({"more": torch.zeros(3)}, "`more` is not of this work"),
        ({"average/means/0": torch.zeros((12, 1, 3, 3))}, "`0` is not of this work"),
        ({"best/stem/0_conv/weight": torch.zeros((12, 1, 3, 3))}, "is not of this work"),
        ({"reading/size": torch.tensor(4)}, "batches of 4, needs 4 of 16 at most"),
        ({"reading/order": None}, "`order` is missing"),
    ],
)
def test_a_training_of_another_network_is_refused(
    change: dict[str, Tensor | None], message: str
) -> None:
    saved = amid_images()
    state = {k: v for k, v in {**saved.state, **change}.items() if v is not None}
    with pytest.raises(StateError, match=message):
        on_images(saved=Saved(saved.progress, state))

"""A training that was interrupted goes on to the bits that it has without an interruption."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dslnas.diagnostics import UserError
from dslnas.settings.values import Cosine, Sgd
from dslnas.tasks.task import Measurement
from dslnas.training import epochs as module
from dslnas.training.train import Trained
from dslnas.training.training_state import Progress, TrainingState
from tests.measurements import without_measurements
from tests.training.tiny import Listener, architecture, equal, random_data, run_retrain
from tests.training.tiny_text import DROPOUT, retrain_text, text_data

EPOCHS = 4
GIVEN: dict[str, Any] = {
    "epochs": EPOCHS,
    "drop_path": 0.4,
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


METRICS = {"perplexity": 2.0, "accuracy": 0.25}


def on_text(**given: Any) -> Trained:
    return retrain_text(text_data(), **{**TEXT, **given})


def all_saved(**given: Any) -> list[TrainingState]:
    """Train on images to the end; return what was stored after every epoch."""
    saved: list[TrainingState] = []
    on_images(keep=lambda _, state: saved.append(state), **given)
    return saved


def timeless(report: Listener) -> list[dict[str, object]]:
    return [without_measurements(record) for record in report.epochs]


@pytest.mark.parametrize("epoch", [1, 3, EPOCHS])
@pytest.mark.parametrize("train", [on_images, on_text])
def test_it_goes_on_bit_for_bit(train: Callable[..., Trained], epoch: int) -> None:
    saved: list[TrainingState] = []
    whole_report, report = Listener(), Listener()
    whole = train(report=whole_report, keep=lambda _, state: saved.append(state))
    again = train(report=report, saved=saved[epoch - 1])
    assert equal(whole, again)
    assert timeless(report) == timeless(whole_report)[epoch:]


def test_averaging_goes_on_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted before it begins, when it has begun, and amid it; the best epoch is old."""

    def train(first: int, **given: Any) -> Trained:
        losses = iter([1.0, 2.0, 3.0, 1.5, 0.9, 1.2, 2.0][first:])
        monkeypatch.setattr(module, "measure", lambda *_: Measurement(next(losses), METRICS))
        return on_text(epochs=6, **given)

    saved: list[TrainingState] = []
    whole = train(0, keep=lambda _, state: saved.append(state))
    assert [one.progress.averages for one in saved] == [False, False, True, True, True, True]
    assert [one.progress.average_count > 0 for one in saved] == [False] * 3 + [True] * 3
    assert [one.progress.best for one in saved] == [1, 1, 1, 1, 5, 5]
    for first, one in enumerate(saved, 1):
        assert equal(whole, train(first, saved=one))


def test_without_momentum_none_is_stored_and_it_goes_on_bit_for_bit() -> None:
    plain, saved = {"weights": Sgd(lr=0.1, momentum=0.0)}, list[TrainingState]()
    whole = on_images(keep=lambda _, state: saved.append(state), **plain)
    assert not [name for name in saved[0].arrays if name.startswith("momentum")]
    assert equal(whole, on_images(saved=saved[0], **plain))


def test_what_is_stored_is_a_copy() -> None:
    saved = all_saved()
    name = next(key for key in saved[0].arrays if key.endswith("conv/weight"))
    assert (saved[0].arrays[name] != saved[1].arrays[name]).any()
    assert [one.progress.epochs for one in saved] == [1, 2, 3, 4]
    assert saved[0].progress.measured == saved[3].progress.measured[:1]


def test_every_part_of_the_state_matters() -> None:
    """Leaving out the momentum or a generator gives another training."""
    whole = on_images()
    saved = all_saved()[1]
    others = all_saved()[0].arrays
    for group in ("momentum", "generator/order", "generator/masks", "weights"):
        arrays = {k: others[k] if k.startswith(group) else v for k, v in saved.arrays.items()}
        changed = on_images(saved=replace(saved, arrays=arrays))
        assert not equal(whole, changed), group


def test_numbers_survive_being_written_as_json() -> None:
    saved = all_saved()[-1]
    assert Progress.model_validate_json(saved.progress.model_dump_json()) == saved.progress


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights/stem/0_conv/weight": None}, "`weights/stem/0_conv/weight` is missing"),
        ({"weights/more": np.zeros(3, np.float32)}, "the training has no `weights/more`"),
        (
            {"weights/stem/0_conv/weight": np.zeros(3, np.float32)},
            "`weights/stem/0_conv/weight` has shape (3,), needs (12, 1, 3, 3)",
        ),
        ({"generator/order": np.zeros(3, np.uint8)}, "states of the random numbers"),
        ({"generator/masks": None}, "states of the random numbers"),
        ({"momentum/900": np.zeros(3, np.float32)}, "the training has no `momentum/900`"),
        ({"momentum/0": None}, "`momentum/0` is missing"),
        ({"more/0": np.zeros(3, np.float32)}, "the training has no `more/0`"),
        ({"more": np.zeros(3, np.float32)}, "the training has no `more`"),
        ({"average/0": np.zeros((12, 1, 3, 3), np.float32)}, "the training has no `average/0`"),
    ],
)
def test_a_training_of_another_network_is_refused(
    change: dict[str, np.ndarray | None], message: str
) -> None:
    saved = all_saved(epochs=1)[0]
    arrays = {k: v for k, v in {**saved.arrays, **change}.items() if v is not None}
    with pytest.raises(UserError) as caught:
        on_images(saved=replace(saved, arrays=arrays, where="run/checkpoint"))
    text = caught.value.render()
    assert text.startswith("run/checkpoint: error[NAS026]: checkpoint does not fit: ")
    assert message in text

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.data.batches import Batch, Part
from dslnas.data.dataset import Data
from dslnas.data.tensor_part import TensorPart
from dslnas.engines.protocol import Engine, Progress, StepReport
from dslnas.settings.images import Digits
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import Oles
from dslnas.settings.values import ADAM_OF_DARTS, Adam, Sgd
from dslnas.space.derive.derive import Scores, chosen_columns, derive
from dslnas.state import State
from dslnas.training import search as module
from dslnas.training.one_shot import by_row
from dslnas.training.records import EpochRecord, StepRecord
from tests.engines import small
from tests.engines.kinds import one_of_each_base
from tests.loading import load
from tests.spaces import space_of
from tests.training.tiny import (
    SHAPE,
    SPACE,
    WITHOUT_ARCHITECTURE_DATA,
    Listener,
    random_data,
    run_search,
    tiny_space,
    with_other_labels,
    with_value,
)

EVERY_ENGINE = pytest.mark.parametrize("method", one_of_each_base())
EVERY_KIND = pytest.mark.parametrize(
    "method", ["darts", "nasp", "gdas", "asap", "bayesnas", "enas", "evolution", "random_search"]
)
# One per way of drawing what is random.
SOME_METHODS = pytest.mark.parametrize("method", ["darts", "gdas", "nasp", "random"])
COMPARES = {"random", "evolution", "enas", "nao"}
"""Methods that compare architectures at the end."""
SAMPLED = {m for m, model in SEARCH.items() if model.draws} | {"gdas", "snas"}
"""Methods of which something else is measured than what was trained: too early to tell."""


@pytest.fixture(scope="module")
def digits() -> Data:
    return load(Digits(subset=0.1), "cpu")


@pytest.fixture
def supernets(monkeypatch: pytest.MonkeyPatch) -> list[Supernet]:
    """Every supernet that a search makes."""
    made: list[Supernet] = []

    def make(*arguments: Any, **named: Any) -> Supernet:
        made.append(Supernet(*arguments, **named))
        return made[-1]

    monkeypatch.setattr(module, "Supernet", make)
    return made


# ---- end to end ---------------------------------------------------------------------------------


@EVERY_ENGINE
@pytest.mark.sample(3)
def test_digits_are_searched_from_end_to_end(method: str, digits: Data) -> None:
    report = Listener()
    has_arch = "arch" in SEARCH[method].settings()
    given: dict[str, Any] = {"arch": ADAM_OF_DARTS.replace(lr=0.01)} if has_arch else {}
    found = run_search(
        method, digits, epochs=4, batch=8, report=report, weights=Sgd(lr=0.1), **given
    )
    space = tiny_space(classes=10)
    assert found.architecture.cells == derive(space, found.scores).cells
    assert found.alphas["normal"].shape == (5, 3)
    first, *_, last = report.epochs
    assert last.train_loss < first.train_loss < 2.6
    if method not in SAMPLED:
        assert last.validation_metrics["accuracy"] > 0.15, "a tenth would be chance"
    assert 0 < first.seconds < last.seconds <= found.seconds


@SOME_METHODS
def test_records_arrive_in_order(method: str) -> None:
    report = Listener()
    run_search(method, random_data(), epochs=3, batch=8, report=report)
    steps = 5  # 40 examples that train weights, in batches of 8
    compared = [r for r in report.records if r.stage == "compare"]
    if method in COMPARES:  # 5 samples on a batch, all of them finalists
        last = [StepRecord("compare", 1, 1, number, 10) for number in range(1, 11)]
        assert compared == last == report.records[-10:]
    else:
        assert compared == []
    searched = [r for r in report.records if r.stage == "search"]
    seen = [
        (r.epoch, "end" if isinstance(r, EpochRecord) else f"{r.step} of {r.steps}")
        for r in searched
    ]
    epoch = [*(f"{n + 1} of {steps}" for n in range(steps)), "end"]
    assert seen == [(number, what) for number in (1, 2, 3) for what in epoch]
    assert {r.epochs for r in searched} == {3}
    assert len(searched) + len(compared) == len(report.records)


@EVERY_KIND
@pytest.mark.sample(4)
def test_a_record_has_what_applies_to_the_method(method: str) -> None:
    report = Listener()
    run_search(method, random_data(), epochs=2, report=report)
    last = report.epochs[-1]
    assert (last.architecture_loss is None) == (method in WITHOUT_ARCHITECTURE_DATA)
    assert (last.entropy is None) == (not SEARCH[method].has_probabilities)
    assert last.eigenvalue is None
    assert last.operations is not None
    assert last.skip_share is not None
    counts = last.operations["normal"]
    assert sum(counts.values()) == 2
    assert last.skip_share["normal"] == counts.get("skip_connect", 0) / 2
    assert last.alpha_change is not None
    assert "normal" in last.alpha_change


@SOME_METHODS
def test_a_record_has_what_would_be_derived_and_the_scores_behind_it(method: str) -> None:
    report, space = Listener(), tiny_space(method=method)
    run_search(method, random_data(), space, epochs=1, report=report)
    (record,) = report.epochs
    again = EpochRecord.model_validate_json(json.dumps(record.as_json()))
    assert again.chosen == record.chosen
    assert again.scores is not None
    scores = {
        name: [[-math.inf if score is None else score for score in row] for row in rows]
        for name, rows in again.scores.items()
    }
    assert record.chosen == by_row(chosen_columns(space, scores), space.tables)


def test_a_record_has_how_many_operations_have_stopped_where_some_may() -> None:
    reports = Listener(), Listener()
    for report, rule in zip(reports, (None, Oles(threshold=1.0, steps=1)), strict=True):
        run_search("darts", random_data(), epochs=1, report=report, freeze=rule)
    (plain,), (stopping,) = (report.epochs for report in reports)
    assert plain.stopped_operations is None
    assert "stopped_operations" not in plain.as_json()
    assert stopping.as_json()["stopped_operations"] == 5, "one of every edge has weights"


@SOME_METHODS
@pytest.mark.sample(2)
def test_same_seed_gives_the_same_bits(method: str, supernets: list[Supernet]) -> None:
    first, again, other = (run_search(method, random_data(), seed=s) for s in (0, 0, 1))
    assert first.scores == again.scores
    assert first.architecture == again.architecture
    assert all(torch.equal(a, again.alphas[cell]) for cell, a in first.alphas.items())
    a, b, c = (list(s.network.state_dict().values()) for s in supernets)
    assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not all(torch.equal(x, y) for x, y in zip(a, c, strict=True))
    assert first.scores != other.scores


def test_dropout_is_seeded_too() -> None:
    text = SPACE.replace("skip_connect,", "skip_connect, dropout(0.5),")
    found = []
    for state in (1, 2):
        torch.manual_seed(state)  # of the generator that nothing here should use
        found.append(run_search("darts", random_data(), space_of(text, SHAPE, classes=4)))
    assert found[0].scores == found[1].scores


@SOME_METHODS
@pytest.mark.sample(2)
def test_space_with_uneven_edges_and_fixed_parts_is_searched(method: str) -> None:
    data = random_data(small.SHAPE, small.CLASSES)
    found = run_search(method, data, small.space(small.UNEVEN, method), epochs=1)
    assert found.architecture.cells["fixed"] == small.space(small.UNEVEN).cells["fixed"]


# ---- which data do what -------------------------------------------------------------------------


@SOME_METHODS
@pytest.mark.sample(2)
def test_validation_and_test_data_train_nothing(method: str, supernets: list[Supernet]) -> None:
    data = random_data()
    validation = with_other_labels(with_value(data.validation, 3.0))
    test = with_other_labels(with_value(data.test, 3.0))
    reports, results = [], []
    for given in (data, replace(data, validation=validation), replace(data, test=test)):
        reports.append(Listener())
        results.append(run_search(method, given, report=reports[-1]))
    first, *others = results
    for other in others:
        assert first.scores == other.scores
        assert all(torch.equal(a, other.alphas[cell]) for cell, a in first.alphas.items())
    tensors, *states = (list(s.network.state_dict().values()) for s in supernets)
    for state in states:
        assert all(torch.equal(x, y) for x, y in zip(tensors, state, strict=True))
    for one, two, three in zip(*(report.epochs for report in reports), strict=True):
        assert one.train_loss == two.train_loss == three.train_loss
        assert one.validation_loss != two.validation_loss
        assert one.validation_loss == three.validation_loss


@EVERY_KIND
@pytest.mark.sample(3)
def test_the_architecture_data_matter_to_methods_that_look_at_them(method: str) -> None:
    data, epochs = random_data(), 8 if method == "random_search" else 2
    changed = replace(data, architecture=with_other_labels(data.architecture))
    first, other = (run_search(method, d, epochs=epochs).scores for d in (data, changed))
    ignored = method in WITHOUT_ARCHITECTURE_DATA - COMPARES
    assert (first == other) == ignored


@pytest.mark.parametrize(("method", "few"), [("evolution", "population"), ("enas", "samples")])
def test_children_that_train_alone_are_not_measured_with_shared_weights(
    method: str, few: str
) -> None:
    listener = Listener()
    alone: dict[str, Any] = {"children": "alone", "each": 1, few: 2}
    found = run_search(method, random_data(), epochs=4, report=listener, **alone)
    assert found.check is None
    assert found.epoch is None, "it is the best of all epochs"
    assert len(listener.epochs) == 4
    for record in listener.epochs:
        assert record.derived_loss is None
        assert record.architecture_loss is not None
    assert all({*row} <= {0.0, 1.0} for rows in found.scores.values() for row in rows)


@dataclass
class Spy(Engine):
    """An engine that trains nothing and remembers what it is given."""

    supernet: Supernet
    calls: list[str] = field(default_factory=list)
    train: list[Batch] = field(default_factory=list)
    architecture: list[Batch] = field(default_factory=list)
    held_out: list[Batch] = field(default_factory=list)
    modes: list[bool] = field(default_factory=list)

    def start_epoch(self, epoch: int) -> None:
        self.calls.append(f"epoch {epoch}")

    def step(self, train: Batch, architecture: Batch) -> StepReport:
        self.calls.append("step")
        self.train.append(train)
        self.architecture.append(architecture)
        self.modes.append(self.supernet.network.training)
        return StepReport(torch.tensor(float(len(self.calls))), torch.tensor(0.5))

    def mixing(self) -> Mixing:
        return Mixing(None)

    def alphas(self) -> dict[str, Tensor]:
        return {"normal": torch.zeros(5, 3, requires_grad=True)}

    def scores(self) -> Scores:
        return {"normal": [[1.0, 0.0, 0.0]] * 5}

    def state(self) -> State:
        return {}

    def take(self, state: Mapping[str, Tensor]) -> None:
        pass

    def finish(self, architecture: Sequence[Batch], progress: Progress) -> Scores:
        self.calls.append("finish")
        self.held_out.extend(architecture)
        self.modes.append(self.supernet.network.training)
        return {"normal": [[0.0, 0.0, 1.0]] * 5}


@pytest.fixture
def spies(monkeypatch: pytest.MonkeyPatch) -> list[Spy]:
    made: list[Spy] = []

    def make(supernet: Supernet, *_: object) -> Spy:
        made.append(Spy(supernet))
        return made[-1]

    monkeypatch.setattr(module, "make_engine", make)
    return made


def _places(given: list[Batch], part: Part) -> list[int]:
    """Return the places of all given examples in a part; fails if one is not in it."""
    places = []
    assert isinstance(part, TensorPart)
    images = part.inputs["image"]
    for batch in given:
        for image, label in zip(batch.inputs["image"], batch.targets, strict=True):
            (place,) = (images == image).flatten(1).all(1).nonzero().flatten().tolist()
            assert part.targets[place] == label
            places.append(place)
    return places


def test_an_engine_gets_the_parts_that_are_meant_for_it(spies: list[Spy]) -> None:
    data = random_data()
    report = Listener()
    found = run_search("darts", data, epochs=2, batch=9, report=report)
    (spy,) = spies
    assert spy.calls == ["epoch 0", *["step"] * 4, "epoch 1", *["step"] * 4, "finish"]
    assert all(spy.modes), "the network trains in every step, and while architectures are compared"
    assert {len(batch) for batch in spy.train + spy.architecture} == {9}
    for epoch in (spy.train[:4], spy.train[4:]):
        places = _places(epoch, data.weights)
        assert len(set(places)) == 36, "an epoch shows no example twice"
    assert _places(spy.train[:4], data.weights) != _places(spy.train[4:], data.weights)
    for one_pass in (spy.architecture[:2], spy.architecture[2:4]):
        assert len(set(_places(one_pass, data.architecture))) == 18
    assert _places(spy.held_out, data.architecture) == list(range(24))
    assert [r.train_loss for r in report.epochs] == [(2 + 3 + 4 + 5) / 4, (7 + 8 + 9 + 10) / 4]
    assert [r.architecture_loss for r in report.epochs] == [0.5, 0.5]
    assert found.scores == {"normal": [[0.0, 0.0, 1.0]] * 5}
    assert not found.alphas["normal"].requires_grad


def test_a_single_example_is_not_held_out_for_comparing(spies: list[Spy]) -> None:
    run_search("darts", random_data(), epochs=1, batch=23)  # 24 = 23 + 1
    assert [len(batch) for batch in spies[0].held_out] == [23]


def test_validation_is_measured_in_evaluation_mode(supernets: list[Supernet]) -> None:
    """Reported values can be measured again: no batch statistics, no dropout."""
    data, report = random_data(), Listener()
    run_search("random", data, epochs=1, report=report, samples=1)
    engine_state = supernets[0]
    assert engine_state.network.training, "and in the end the network trains again"
    first = report.epochs[0]
    whole = data.validation
    assert isinstance(whole, TensorPart)
    halves = replace(
        data,
        validation=TensorPart({"image": whole.inputs["image"][:10]}, targets=whole.targets[:10]),
    )
    rest = replace(
        data,
        validation=TensorPart({"image": whole.inputs["image"][10:]}, targets=whole.targets[10:]),
    )
    listeners = Listener(), Listener()
    run_search("random", halves, epochs=1, report=listeners[0])
    run_search("random", rest, epochs=1, report=listeners[1])
    losses = [listener.epochs[0].validation_loss for listener in listeners]
    assert first.validation_loss == pytest.approx(sum(losses) / 2, rel=1e-5)


# ---- what is reported ---------------------------------------------------------------------------


def test_entropy_is_one_for_uniform_weights_of_edges_of_any_length() -> None:
    data = random_data(small.SHAPE, small.CLASSES)
    report = Listener()
    still = Adam(lr=1e-9)
    run_search("darts", data, small.space(small.UNEVEN), epochs=1, report=report, arch=still)
    entropy = report.epochs[0].entropy
    assert entropy == pytest.approx({"wide": 1.0, "narrow": 1.0}, abs=1e-5)


def test_entropy_falls_as_operations_are_preferred() -> None:
    report = Listener()
    run_search("darts", random_data(), epochs=2, report=report, arch=Adam(lr=0.5))
    first, last = (record.entropy for record in report.epochs)
    assert first is not None
    assert last is not None
    assert 0 < last["normal"] < first["normal"] < 1


def test_a_pool_that_is_judged_now_and_then_gives_no_warning_that_alpha_stands_still() -> None:
    report = Listener()
    run_search("nao", random_data(), epochs=4, report=report, each=4)
    still = [record for record in report.epochs if record.alpha_change == {"normal": 0.0}]
    assert still
    warnings = [warning for record in report.epochs for warning in record.warnings]
    assert not any("does not move" in warning for warning in warnings)

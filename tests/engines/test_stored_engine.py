"""Every method can be stored between any two steps, and goes on as if it had never stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.protocol import Engine
from dslnas.engines.resource_constraints import ResourceConstraints
from dslnas.settings.rule import Derivation, Limit
from dslnas.settings.search import SEARCH
from dslnas.settings.search_parts import (
    BetaDecay,
    Fading,
    Kl,
    Oles,
    PerturbAdversarially,
    PerturbRandomly,
    Proximal,
    Stages,
    ZeroOne,
)
from dslnas.settings.values import Adam, Sgd
from dslnas.state import State, StateError
from tests.engines.kinds import ON_EVERY_SPACE
from tests.engines.methods import FEW
from tests.engines.small import SEQUENCES, SKIPPED, batch, segment, space, supernet_of
from tests.engines.test_contract import DROPOUT, NOT_RECURRENT

EPOCHS, RUN, STEPS = 4, 3, 2
"""Epochs of a search, those of them that are run, and the steps of one."""


IMAGES = """use std.cnn
cell first {
    inputs      2
    preprocess  preprocess
    node n1 = {none, skip_connect, relu_conv_bn(1)}(in1) + {skip_connect, max_pool(3)}(in2)
    node n2 = {relu_conv_bn(1), skip_connect}(n1)
    keep    1
}
cell second {
    inputs      1
    preprocess  preprocess
    node n1 = {skip_connect, relu_conv_bn(1)}(in1) + {skip_connect, relu_conv_bn(3)}(in1)
    keep    1
}
network { channels 4; cells first, second }
evaluate { channels 4 }
"""
TEXTS = {"images": IMAGES, "other": SKIPPED, **SEQUENCES}


@dataclass(frozen=True)
class Case:
    """A search: a method on a space, with settings."""

    method: str
    name: str = "images"
    given: Any = None
    most_weights: float | None = None

    def start(self) -> Work:
        """Return it before its first step."""
        supernet = supernet_of(space(TEXTS[self.name], self.method), 0, torch.float32)
        if self.name in SEQUENCES:
            supernet.network.run_state.dropout = DROPOUT.rates()
        generator = torch.Generator().manual_seed(1)
        given = {"epochs": EPOCHS, **SMALL.get(self.method, {}), **(self.given or {})}
        constraints = None
        if self.most_weights is not None:
            limits = Derivation(limits=(Limit("params", self.most_weights),), penalty=2.0)
            constraints = ResourceConstraints(space(TEXTS[self.name]), limits)
        settings = SEARCH[self.method](**given)
        engine = make_engine(supernet, settings, generator, constraints)
        return Work(self.name, supernet, generator, engine)


@dataclass
class Saved:
    """A search between two steps, and the loss that `eigenvalue` would differentiate there."""

    state: State
    network: State
    generators: list[Tensor]
    loss: float | None


@dataclass
class Work:
    """A search at work."""

    name: str
    supernet: Supernet
    generator: torch.Generator
    engine: Engine

    def calls(self) -> Iterator[Callable[[], object]]:
        """Yield what is called in some epochs, one after the other."""
        for epoch in range(RUN):
            yield lambda epoch=epoch: self.engine.start_epoch(epoch)  # type: ignore[misc]
            for step in range(STEPS):
                pair = map(self.some, (10 * epoch + step, 50 + 10 * epoch + step))
                yield lambda pair=pair: self.engine.step(*pair)  # type: ignore[misc]
            more = map(self.some, count(70 + 9 * epoch))
            yield partial(self.engine.end_epoch, more, lambda *_: None)

    def some(self, seed: int) -> Batch:
        return segment(seed, 3) if self.name in SEQUENCES else batch(seed, 4, torch.float32)

    def generators(self) -> list[torch.Generator]:
        dropout = self.supernet.network.run_state.generator
        assert dropout is not None
        return [self.generator, dropout]

    def saved(self) -> Saved:
        return Saved(
            copied(self.engine.state()),
            copied(self.supernet.network.state_dict()),
            [generator.get_state() for generator in self.generators()],
            self.loss(),
        )

    def loss(self) -> float | None:
        with self.supernet.untracked(), self.supernet.without_dropout():
            found = self.engine.architecture_loss(self.some(99))
        return None if found is None else float(found.detach())

    def restore(self, saved: Saved) -> None:
        given = copied(saved.state)
        self.engine.take(given)
        self.supernet.network.load_state_dict(saved.network)
        for generator, state in zip(self.generators(), saved.generators, strict=True):
            generator.set_state(state)
        for tensor in given.values():  # nobody looks at it any more
            tensor.zero_()


def copied(state: Mapping[str, Tensor]) -> State:
    return {name: tensor.detach().clone() for name, tensor in state.items()}


def assert_same(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    assert sorted(found) == sorted(expected)
    for name, tensor in found.items():
        assert tensor.dtype == expected[name].dtype, name
        assert torch.equal(tensor, expected[name]), name


AMID, BORDER = STEPS + 4, 2 * (STEPS + 2)
"""Calls before a search is stored: one step of the second epoch is taken, or all of it is over."""

FAST = {"arch": Adam(lr=0.1)}
ALONE = {"children": "alone", "population": 2, "tournament": 2}
SMALL = {**FEW, "nao": {"pool": 5, "fresh": 2, "parents": 2, "units": 2, "fits": 1}}
PPO = {"update": Proximal(passes=2)}
NASNET = {**PPO, "children": "alone", "each": 1, "units": 8, "samples": 2}
EVERY_METHOD = [
    Case(method, name)
    for method in ENGINES
    for name in ("images", "recurrent")
    if method not in NOT_RECURRENT or name not in SEQUENCES
]
OPTIONS = {
    "momentum_of_alpha": Case("darts", given={"arch": Sgd(lr=0.1)}),
    "no_momentum": Case("darts", given={"weights": Sgd(lr=0.1, momentum=0.0)}),
    "second_order": Case("darts", given={"order": "second", "unroll": "clipped", **FAST}),
    "freeze": Case("darts", given={"freeze": Oles(threshold=1.0, steps=3), **FAST}),
    "freeze_all": Case("milenas", given={"freeze": Oles(threshold=1.0, steps=1), "bilevel": 2}),
    "perturb": Case("darts", given={"perturb": PerturbRandomly(), "regularise": BetaDecay()}),
    "adversarial": Case("sdarts", given={"perturb": PerturbAdversarially(steps=2)}),
    "skip": Case("darts_minus", given={"skip": Fading(shape="cosine"), "regularise": BetaDecay()}),
    "dirichlet": Case("darts", given={"relax": "drnas", "regularise": Kl(), **FAST}),
    "sigmoid": Case("milenas", given={"relax": "fair_darts", "regularise": ZeroOne(norm="l1")}),
    "switch": Case("milenas", given={"bilevel": 1, "update": "alternating"}),
    "reinmax": Case("gdas", given={"sampler": "reinmax", "level": "mixed"}),
    "reinmax_text": Case("gdas", "recurrent", {"sampler": "reinmax", **FAST}),
    "freeze_soft": Case("snas", given={"level": "bilevel", "freeze": Oles(threshold=0.9, steps=2)}),
    "epsilon": Case("nasp", given={"epsilon": 0.5, **FAST}, most_weights=1000.0),
    "penalty": Case("darts", given=FAST, most_weights=1000.0),
    "limit": Case("asng", most_weights=2500.0),
    "warm": Case("pc_darts", given={"warmup": 2, **FAST}),
    "warm_controller": Case("enas", given={"warmup": 1}),
    "pruning": Case("asap", given={"warmup": 0, "temperature": 0.2, "arch": Adam(lr=0.1)}),
    "pruning_text": Case("asap", "recurrent", {"temperature": 0.05, "arch": Adam(lr=1.0)}),
    "sparse": Case("bayesnas", given={"warmup": 0, "sparsity": 1.0}),
    "stages": Case("drnas", given={"prune": Stages(), "regularise": Kl(), **FAST}),
    "stages_text": Case("milenas", "recurrent", {"prune": Stages(share=0.3), **FAST}),
    "several_epochs_each": Case("random_search", given={"each": 2}),
    "several_epochs_each_text": Case("random_search", "recurrent", {"each": 2}),
    "proximal": Case("enas", given=PPO),
    "nasnet": Case("enas", given=NASNET),
    "nasnet_text": Case("enas", "recurrent", NASNET),
    "children_alone": Case("evolution", given={**ALONE, "each": 1}),
    "children_alone_text": Case("evolution", "recurrent", {**ALONE, "each": 2}),
    "judged_later": Case("nao", given={"each": 3}),
}
BORDERS = {"warm_controller", "stages", "several_epochs_each", "children_alone", "judged_later"}
"""Options that do something between epochs."""

BOTH = AMID, BORDER
MOMENTS = {name: (BOTH if name in BORDERS else (AMID,)) for name in OPTIONS}
"""When a search with options is stored, by default."""


def slow_on_text(case: Case) -> list[pytest.MarkDecorator]:
    is_like_another = case.name in SEQUENCES and case.method not in ON_EVERY_SPACE
    return [pytest.mark.slow] if is_like_another else []


CASES = pytest.mark.parametrize(
    ("case", "moments"),
    [
        *(
            pytest.param(case, BOTH, id=f"{case.method}-{case.name}", marks=slow_on_text(case))
            for case in EVERY_METHOD
        ),
        *(pytest.param(case, MOMENTS[name], id=name) for name, case in OPTIONS.items()),
        *(
            pytest.param(case, (BORDER,), id=f"{name}-border", marks=pytest.mark.slow)
            for name, case in OPTIONS.items()
            if name not in BORDERS
        ),
    ],
)
METHODS = pytest.mark.parametrize("method", ENGINES)


@CASES
@pytest.mark.sample(12)
def test_a_search_goes_on_from_a_state_bit_for_bit(case: Case, moments: tuple[int, ...]) -> None:
    whole, stored, told = case.start(), dict[int, Saved](), list[object]()
    for done, call in enumerate(whole.calls(), 1):
        told.append(call())
        if done in moments:
            stored[done] = whole.saved()

    for done, saved in stored.items():
        resumed = case.start()
        resumed.restore(saved)
        assert_same(resumed.engine.state(), saved.state)
        assert resumed.loss() == saved.loss
        assert [call() for call in [*resumed.calls()][done:]] == told[done:]
        assert_same(resumed.engine.state(), whole.engine.state())
        assert_same(resumed.supernet.network.state_dict(), whole.supernet.network.state_dict())
        assert_same(resumed.engine.alphas(), whole.engine.alphas())
        assert resumed.engine.scores() == whole.engine.scores()
        assert resumed.supernet.skip == whole.supernet.skip
        for ours, theirs in zip(resumed.generators(), whole.generators(), strict=True):
            assert torch.equal(ours.get_state(), theirs.get_state())


def after_an_epoch(method: str, name: str = "images") -> Work:
    """Return a search in its second epoch."""
    work = Case(method, name).start()
    for _, call in zip(range(AMID), work.calls(), strict=False):
        call()
    return work


@pytest.mark.parametrize(
    "method", ["darts", "nasp", "gdas", "asap", "bayesnas", "enas", "evolution", "random_search"]
)
@pytest.mark.sample(4)
def test_a_search_goes_back_to_a_state_of_its_own(method: str) -> None:
    work = Case(method).start()
    first = work.saved()
    for call in work.calls():
        call()
    last = work.saved()
    work.restore(first)
    assert_same(work.engine.state(), first.state)
    for call in work.calls():
        call()
    assert_same(work.engine.state(), last.state)
    assert_same(work.supernet.network.state_dict(), last.network)


@METHODS
def test_a_state_of_another_method_is_refused(method: str) -> None:
    names = list(ENGINES)
    other = names[(names.index(method) + 1) % len(names)]
    state = Case(other).start().engine.state()
    with pytest.raises(StateError, match=f"^it is of `{other}`, not of `{method}`$"):
        Case(method).start().engine.take(state)


@METHODS
def test_a_state_of_another_space_is_refused(method: str) -> None:
    with pytest.raises(StateError):
        Case(method).start().engine.take(after_an_epoch(method, "other").engine.state())


@METHODS
def test_a_state_with_something_more_is_refused(method: str) -> None:
    work = Case(method).start()
    state = copied(work.engine.state())
    for name in ("more", "weights/more", "weights/0/more"):
        with pytest.raises(StateError, match="more"):
            work.engine.take({**state, name: torch.zeros(())})


@METHODS
@pytest.mark.sample(6)
def test_a_state_without_all_of_its_numbers_is_refused(method: str) -> None:
    work = after_an_epoch(method)
    state = copied(work.engine.state())
    for missing in [name for name in state if not name.startswith(("weights/", "alpha/"))]:
        with pytest.raises(StateError, match=r"missing|not of this work"):
            work.engine.take({name: t for name, t in state.items() if name != missing})

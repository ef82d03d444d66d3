"""Batches that run in parts: the same gradients, fewer examples at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.supernet import Supernet
from dslnas.data.batches import Batch
from dslnas.engines.catalogue import ENGINES, make_engine
from dslnas.engines.objectives.accumulation import accumulate, added, in_parts
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Sgd
from tests.engines.kinds import ON_EVERY_SPACE, stands_for_its_base
from tests.engines.methods import FEW
from tests.engines.small import SEQUENCES, batch, segment, space, supernet_of

# No layer looks at several examples, so that parts give exactly the whole.
ALONE = """use std.cnn
op plain(k) = relu -> conv(k)
op bare_pool = max_pool2d(3)
op fit = relu -> conv(1)
cell normal {
    inputs      2
    preprocess  fit
    nodes       2
    choose      none, skip_connect, plain(3), bare_pool
    keep        1
}
network { channels 4; stem conv(3); cells normal * 2 }
evaluate { channels 4 }
"""
RECURRENT = SEQUENCES["recurrent"].replace("normalise  search_norm", "")
UNSPLIT = {"pc_darts", "random_search"}
"""PC-DARTS has a batch norm of its own; random search steps as random sampling does."""
METHODS: list[tuple[str, dict[str, Any]]] = [
    *((method, {}) for method in ENGINES if method not in UNSPLIT),
    ("darts", {"order": "second"}),
    ("milenas", {"order": "second"}),
]
BY_DEFAULT = {"images": {*filter(stands_for_its_base, ENGINES)}, "text": ON_EVERY_SPACE}
CASES = [
    pytest.param(name, method, settings, marks=[] if method in methods else [pytest.mark.slow])
    for name, methods in BY_DEFAULT.items()
    for method, settings in METHODS
]


def steps(
    name: str, method: str, parts: int, settings: dict[str, Any], count: int = 2
) -> tuple[list[Tensor], list[float]]:
    """Return alphas and weights after some steps in float64, and the losses of the steps."""
    is_text = name == "text"
    supernet = supernet_of(space(RECURRENT if is_text else ALONE, method))
    supernet.accumulate, supernet.network.plain = parts, True
    given = {"epochs": 2, "weights": Sgd(lr=0.1), **FEW.get(method, {}), **settings}
    generator = torch.Generator().manual_seed(0)
    engine = make_engine(supernet, SEARCH[method](**given), generator)
    engine.start_epoch(0)
    losses = []
    for number in range(count):
        some = segment if is_text else batch
        train, architecture = some(number), some(50 + number)
        losses.append(float(engine.step(train, architecture).train))
        if is_text and train.end is not None:
            losses += [float(state.double().sum()) for state in train.end]
    tensors = [*engine.alphas().values(), *supernet.weights()]
    return [tensor.detach().clone() for tensor in tensors], losses


@pytest.mark.parametrize(("name", "method", "settings"), CASES)
@pytest.mark.sample(5)
def test_parts_come_to_the_whole_where_no_layer_sees_several_examples(
    name: str, method: str, settings: dict[str, Any]
) -> None:
    whole, of_whole = steps(name, method, 1, settings)
    # 6 images in parts of 2, or 4 sequences in parts of 2
    parts, of_parts = steps(name, method, 3, settings)
    assert of_parts == pytest.approx(of_whole, rel=1e-9)
    # finite differences of second order divide rounding by a small number
    exact = 1e-6 if settings else 1e-9
    for a, b in zip(whole, parts, strict=True):
        assert torch.allclose(a, b, rtol=exact, atol=exact)


@pytest.mark.parametrize("name", ["images", "text"])
def test_parts_give_the_same_bits_every_time(name: str) -> None:
    first, again = (steps(name, "gdas", 3, {})[0] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_a_network_sees_a_part_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    loss = Supernet.loss

    def watch(self: Supernet, part: Batch, *rest: Any, **named: Any) -> Tensor:
        seen.append(len(part))
        return loss(self, part, *rest, **named)

    monkeypatch.setattr(Supernet, "loss", watch)
    steps("images", "milenas", 3, {}, count=1)
    assert seen == [2] * 6
    seen.clear()
    steps("images", "nasp", 1, {}, count=1)
    assert seen == [6, 6]


def test_a_part_is_forgotten_before_the_next_one_runs() -> None:
    kept: list[int] = []
    held = 0

    def pack(tensor: Tensor) -> Saved:
        return Saved(tensor)

    class Saved:
        def __init__(self, tensor: Tensor) -> None:
            nonlocal held
            self.tensor = tensor
            held += tensor.nbytes
            kept.append(held)

        def __del__(self) -> None:
            nonlocal held
            held -= self.tensor.nbytes

    peaks = []
    for parts in (1, 3):
        kept.clear()
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda saved: saved.tensor):
            steps("images", "darts", parts, {}, count=1)
        peaks.append(max(kept))
    assert peaks[1] < 0.5 * peaks[0]


def test_parts_of_unequal_size_weigh_by_it() -> None:
    images = torch.arange(7.0, dtype=torch.float64)[:, None, None, None]
    examples = Batch({"image": images}, torch.zeros(7, dtype=torch.long))
    factor = torch.ones((), dtype=torch.float64, requires_grad=True)
    found = accumulate(lambda part: (factor * part.inputs["image"]).mean(), examples, 3, [factor])
    assert float(found.loss) == pytest.approx(3.0)
    (gradient,) = found.gradients
    assert gradient is not None
    assert float(gradient) == pytest.approx(3.0)
    sizes = [len(part) for part, _ in in_parts(examples, 3)]
    assert sorted(sizes) == [2, 2, 3]


def test_a_small_batch_has_fewer_parts() -> None:
    examples = batch(0, size=5)
    assert [len(part) for part, _ in in_parts(examples, 4)] == [3, 2]
    ((whole, share),) = in_parts(batch(0, size=3), 4)
    assert (len(whole), share) == (3, 1.0)


def test_states_of_parts_are_put_together() -> None:
    whole = segment(0, size=5)
    whole.start = (torch.arange(5.0)[:, None],)
    for part, _ in in_parts(whole, 2):
        assert part.start is not None
        assert part.inputs["token"].shape[1] == len(part.start[0])
        part.end = (part.start[0] + 1,)
    assert whole.end is not None
    assert torch.equal(whole.end[0], whole.start[0] + 1)


def test_what_one_part_does_not_depend_on_counts_as_zero() -> None:
    one = torch.ones(2)
    assert added(None, [None, one]) == [None, one]
    first, second, third = added([None, one, None], [one, one, None])
    assert first is one
    assert second is not None
    assert torch.equal(second, 2 * one)
    assert third is None

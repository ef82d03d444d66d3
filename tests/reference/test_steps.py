"""Complete steps of DARTS and MiLeNAS: alpha, then the weights at the new alpha."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from dslnas.backends.torch.supernet import Supernet
from dslnas.engines.darts import Darts
from dslnas.engines.milenas import Milenas
from dslnas.engines.objectives.objectives import Order
from dslnas.settings.gradient_methods import DartsSettings, MilenasSettings
from dslnas.settings.values import Sgd
from tests.reference.load import EXACT, LATER, assert_alphas, assert_close, assert_numbers
from tests.reference.networks import ADAM, SGD, fresh, statistics
from tests.reference.watch import Watch


def darts(order: Order) -> Callable[[Supernet], Darts]:
    settings = DartsSettings(epochs=1, weights=SGD, arch=ADAM, order=order)
    return lambda supernet: Darts(supernet, settings, torch.Generator())


def milenas(sgd: Sgd) -> Callable[[Supernet], Milenas]:
    settings = MilenasSettings(epochs=1, weights=sgd, arch=ADAM, lambda_=1.0, update="alternating")
    return lambda supernet: Milenas(supernet, settings, torch.Generator())


ENGINES: dict[str, Callable[[Supernet], Darts | Milenas]] = {
    "darts1": darts("first"),
    "darts2": darts("second"),
    "milenas1": milenas(SGD),
    # The published program clips alpha's gradient by mistake, not that of the weights.
    "milenas1_code_clip": milenas(SGD.replace(clip=0.0)),
}


def steps_of(name: str, steps: int, *methods: str, slow: bool = False) -> list[object]:
    marks = [pytest.mark.slow] if slow else []
    return [pytest.param(name, method, steps, marks=marks) for method in methods]


# The first step of every method, and of one in every file; all three of one in the file of
# whose steps two are clipped and one is not.
STEPS = [
    *steps_of("darts_cnn_c2_l5", 3, "milenas1"),
    *steps_of("darts_cnn_c2_l5", 1, "darts1", "milenas1_code_clip"),
    *steps_of("darts_cnn_c4_l3", 1, *ENGINES),
    *steps_of("darts_cnn_c4_l4", 1, "darts1"),
    *steps_of("darts_cnn_c2_l5", 3, "darts1", "darts2", "milenas1_code_clip", slow=True),
    *steps_of("darts_cnn_c4_l3", 3, *ENGINES, slow=True),
    *steps_of("darts_cnn_c4_l4", 3, *ENGINES, slow=True),
]


@pytest.mark.parametrize(("name", "method", "steps"), STEPS)
@pytest.mark.sample(3)
def test_steps(name: str, method: str, steps: int) -> None:
    case = fresh(name)
    engine = ENGINES[method](case.supernet)
    case.put_alphas(engine.alphas())
    case.put_momentum(engine._weights)
    engine.start_epoch(0)
    passes = case.facts["num_batches_tracked_in_stored_state"]
    with Watch(case, engine._weights) as watch:
        for number, expected in enumerate(case.facts["steps"][method]["per_step"][:steps], 1):
            tolerance = EXACT if number == 1 and method != "darts2" else LATER
            report = engine.step(case.train, case.valid)
            sums = statistics(case.supernet.network)
            found = {
                "loss_in_w_step": float(report.train),
                "num_batches_tracked": passes + watch.tracked_passes,
                **{f"bn_{key}": value for key, value in sums.items()},
                **watch.last_step(),
            }
            assert_numbers(found, expected, tolerance)
            if number in (1, 3):
                key = f"step/{method}/after_{number}"
                assert_alphas(name, key, list(engine.alphas().values()), tolerance)
                assert_close(case.norms(), case.tensors[f"{key}/w_l2_per_param"], tolerance)

"""SIF as its published program computes it, where that is what is meant; its faults are put in.

The program trains the element-wise networks twice, by both optimisers; here they are a part of the
architecture and train once, as `single_update` has it. Its product of three is a sum.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.backends.torch.losses import BatchOutput, embedding_norms
from dslnas.backends.torch.network import TorchNetwork
from dslnas.backends.torch.supernet import Mixing, Supernet
from dslnas.engines.nasp import Nasp
from dslnas.engines.objectives.accumulation import loss_and_grads_of
from dslnas.engines.optimisers import WeightOptimiser
from dslnas.graph.lower.network import build_derived_graph
from dslnas.settings.gradient_methods import NaspSettings
from dslnas.settings.values import Adagrad, Adam
from dslnas.space import choice_table
from dslnas.space.continuous import with_found
from dslnas.space.derive.derive import derive
from dslnas.tasks.ratings import RatingPrediction
from tests.reference.interactions import PAIRS, TRIPLES, Case, fresh
from tests.reference.load import EXACT, LATER, assert_close, assert_numbers
from tests.reference.test_nasp_steps import first_wins

FILES = (*PAIRS, TRIPLES)
SUMMED = "multiply_multiply"
"""An operation that adds where it says that it multiplies."""


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("name", FILES)
def test_every_operation_predicts_as_theirs(name: str, part: str) -> None:
    case = fresh(name)
    batch, losses = case.batch(part), []
    for number, theirs in enumerate(case.facts["operations"]):
        with torch.no_grad():
            found = case.supernet.logits(batch, case.only(number))[:, 0]
            losses.append(case.supernet.loss(batch, case.only(number), regularised=True))
        expected = case.tensors[f"out/pred_{part}"][number]
        if theirs == SUMMED:
            expected = case.tensors[f"out/pred_{part}_{SUMMED}_corrected"]
        assert_close(found, expected)
    right = [theirs != SUMMED for theirs in case.facts["operations"]]
    assert_close(torch.stack(losses)[right], case.tensors[f"out/loss_{part}"][right])
    with torch.no_grad():
        norms = case.supernet.norms * embedding_norms(case.supernet.network, batch)
    assert float(norms) == pytest.approx(case.facts[f"reg_term_{part}"], rel=EXACT)


def largest(case: Case) -> int:
    """Return our column of the operation that their alpha prefers."""
    return case.columns[int(case.tensors["in/alpha"].argmax())]


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("name", PAIRS)
def test_gradients_at_the_binarised_alpha(name: str, part: str) -> None:
    case = fresh(name)
    column = largest(case)
    alpha = torch.zeros(1, len(case.columns), dtype=torch.float64)
    alpha[0, column] = 1
    alpha.requires_grad_()
    mixing = Mixing({case.cell: alpha}, {case.cell: (column,)}, observe=True)
    supernet, names = case.supernet, [*case.weights]
    variables = [alpha, *case.weights.values()]
    found = loss_and_grads_of(supernet, case.batch(part), mixing, variables, regularised=True)
    assert_numbers({f"loss_{part}_at_binarised": float(found.loss)}, case.facts)
    of_alpha, *of_weights = found.gradients
    assert of_alpha is not None
    assert_close(of_alpha[0], case.in_our_order(case.tensors[f"grad/{part}/alpha"]))
    for theirs, gradient in zip(names, of_weights, strict=True):
        key = f"grad/{part}/{theirs}"
        if key in case.tensors and case.tensors[key].any():
            assert gradient is not None
            assert_close(gradient.view(case.tensors[key].shape), case.tensors[key])
        else:
            assert gradient is None or not gradient.any()


def start(case: Case) -> Nasp:
    """Return the engine at the file's state."""
    settings = NaspSettings(
        epochs=1,
        weights=Adagrad(lr=case.facts["hyper"]["lr"], clip=case.facts["hyper"]["grad_clip"]),
        arch=Adam(lr=case.facts["hyper"]["arch_lr"]),
        box="step",
    )
    engine = Nasp(case.supernet, settings, torch.Generator())
    (alpha,) = engine.alphas().values()
    alpha[0].copy_(case.in_our_order(case.tensors["in/alpha"]))
    names: dict[Tensor, str] = {weight: theirs for theirs, weight in case.weights.items()}
    done = torch.tensor(float(case.facts["optimizer_steps_already_done"]))
    for variable in [alpha, *case.supernet.searched()]:
        theirs = "alpha" if variable is alpha else names[variable]

        def moment(of: str, like: Tensor = variable, key: str = theirs) -> Tensor:
            found = case.tensors[f"adam_{of}/{key}"].clone()
            return case.in_our_order(found)[None] if key == "alpha" else found.view(like.shape)

        engine._alpha._optimiser.state[variable] = {
            "step": done.clone(), "exp_avg": moment("m"), "exp_avg_sq": moment("v"),
        }  # fmt: skip
    for weight in case.supernet.weights():
        total = engine._weights._optimiser.state[weight]["sum"]
        total.copy_(case.tensors[f"adagrad_sum/{names[weight]}"].view(total.shape))
    engine.start_epoch(0)
    return engine


VARIANTS = ("single_update", "as_coded", "same_batch")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("name", FILES)
def test_three_steps(name: str, variant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = fresh(name, sums=name == TRIPLES)
    if variant != "single_update":  # their fault: the other optimiser trains these as well
        monkeypatch.setattr(
            Supernet, "weights", lambda supernet: list(supernet.network.parameters())
        )
    monkeypatch.setattr(choice_table, "tie_breaks", first_wins)
    engine = start(case)
    for number, told in enumerate(case.facts["steps"][variant], 1):
        tolerance = EXACT if number == 1 else LATER
        train = case.batch("train", number - 1)
        other = train if variant == "same_batch" else case.batch("valid", number - 1)
        report = engine.step(train, other)
        assert float(report.train) == pytest.approx(told["loss_train_in_w_step"], rel=tolerance)
        key = f"step/{variant}/after_{number}"
        if f"{key}/alpha" not in case.tensors:
            continue
        (alpha,) = engine.alphas().values()
        assert_close(alpha[0], case.in_our_order(case.tensors[f"{key}/alpha"]), tolerance)
        for theirs, weight in case.weights.items():
            expected = case.tensors[f"{key}/{theirs}"]
            if theirs.startswith("_FC"):  # theirs are projected before the next pass
                expected = expected / expected.norm().clamp(min=1)
            assert_close(weight.view(expected.shape), expected, tolerance)


@pytest.mark.parametrize("name", PAIRS)
def test_derived_networks_train_with_fixed_networks(name: str) -> None:
    case = fresh(name)
    for theirs in case.facts["config"]["derived_ops"]:
        number = case.facts["operations"].index(theirs)
        scores = [float(column == case.columns[number]) for column in range(len(case.columns))]
        found = derive(case.space, {case.cell: [scores]})
        architecture = with_found(found, case.supernet.found())
        network = TorchNetwork(build_derived_graph(architecture), torch.Generator()).double()
        assert len(list(network.parameters())) == 3
        for side in case.sides:
            weight = network.get_parameter(f"stem/{side.name}/0_embedding/weight")
            weight.data.copy_(case.tensors[f"w/{side.table}.weight"])
        (fc,) = (w for key, w in network.named_parameters() if "bounded_linear" in key)
        row = case.tensors[f"derived/{theirs}/w/_FC.weight"]
        fc.data.copy_(row / row.norm().clamp(min=1))
        key = f"derived/{theirs}/pred_valid"
        assert_close(network(case.batch("valid").inputs)[0][:, 0], case.tensors[key])
        hyper = case.facts["hyper"]
        settings = Adagrad(lr=hyper["lr"], clip=hyper["grad_clip"])
        optimiser = WeightOptimiser(list(network.parameters()), settings, 1)
        for step in range(3):
            batch = case.batch("train", step)
            (output,) = network(batch.inputs)
            norms = case.supernet.norms * embedding_norms(network, batch)
            loss = RatingPrediction().loss(BatchOutput((output,)), batch) + norms
            optimiser.step(optimiser.gradients(loss))
        expected = case.tensors[f"derived/{theirs}/after_3/_FC.weight"]
        assert_close(fc, expected / expected.norm().clamp(min=1), LATER)

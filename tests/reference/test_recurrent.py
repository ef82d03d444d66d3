"""Recurrent networks and their gradients against the reference files."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from dslnas.backends.torch.supernet import Mixing
from dslnas.data.batches import Batch
from dslnas.engines.objectives.hessian import difference, exact, movable
from dslnas.engines.objectives.unrolled import Lookahead, grads_at, unroll
from dslnas.engines.optimisers import AlphaOptimiser
from dslnas.engines.relaxations.softmax import Relaxation
from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph
from dslnas.space.derive.derive import derive
from tests.reference.load import EXACT, LATER, assert_close, facts, tensors
from tests.reference.recurrent import (
    FILES,
    Case,
    adam,
    derived_network,
    fresh,
    global_norm,
    recurrent_space,
)

KINDS = ("train", "valid")


def logits_and_outputs(case: Case, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    batch = getattr(case, kind)
    alpha = case.tensors["in/alphas"].softmax(-1)
    run = case.network.run(batch.inputs["token"], batch.start, {"recurrent": alpha})
    return run.logits.log_softmax(-1), run.outputs, run.states[0][None]


# ---- forward ------------------------------------------------------------------------------------


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.sample(3)
def test_supernet_in_training_mode(name: str, kind: str, plain: bool) -> None:
    case = fresh(name)
    case.network.plain = plain
    logits, outputs, states = logits_and_outputs(case, kind)
    assert_close(logits, case.tensors[f"out/log_prob_{kind}"])
    assert_close(outputs, case.tensors[f"out/raw_outputs_{kind}"])
    assert_close(states, case.tensors[f"out/hidden_next_{kind}"])
    targets = getattr(case, kind).targets
    loss = functional.nll_loss(logits.flatten(0, 1), targets.flatten())
    assert float(loss.detach()) == pytest.approx(case.facts[f"loss_{kind}"], rel=EXACT)


@pytest.mark.parametrize("name", FILES)
def test_supernet_in_evaluation_mode(name: str) -> None:
    case = fresh(name)
    case.network.eval()
    logits, _, states = logits_and_outputs(case, "valid")
    assert_close(logits, case.tensors["out/log_prob_valid_eval_mode"])
    assert_close(states, case.tensors["out/hidden_next_valid_eval_mode"])


@pytest.mark.parametrize("name", FILES)
def test_one_layer_of_statistics_sees_every_node_at_every_step(name: str) -> None:
    case = fresh(name)
    logits_and_outputs(case, "train")
    for key, found in case.network.named_buffers():
        kind = key.rpartition("/")[2]
        assert_close(found, case.tensors[f"out/rnns.0.bn.{kind}_after_train_forward"])
    assert len(list(case.network.named_buffers())) == 2


def test_the_loss_leaves_the_next_states_in_the_batch() -> None:
    case = fresh(FILES[0])
    weights = {"recurrent": case.tensors["in/alphas"].softmax(-1)}
    loss = case.supernet.loss(case.train, Mixing(weights))
    assert float(loss.detach()) == pytest.approx(case.facts["loss_train"], rel=EXACT)
    assert case.train.end is not None
    assert_close(case.train.end[0][None], case.tensors["out/hidden_next_train"])


@pytest.mark.parametrize("name", FILES)
def test_parameters(name: str) -> None:
    assert fresh(name).network.graph.params() == facts(name)["param_count"]


# ---- gradients ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FILES)
def test_first_order(name: str, kind: str) -> None:
    case = fresh(name)
    relaxation = case.relaxation()
    loss = relaxation.loss(getattr(case, kind))
    alphas = list(relaxation.alphas.values())
    of_alpha, *of_weights = torch.autograd.grad(loss, [*alphas, *case.supernet.weights()])
    assert_close(of_alpha, case.tensors[f"grad/{kind}"])
    for theirs, gradient in case.in_their_order(of_weights).items():
        assert_close(gradient, case.tensors[f"grad_{kind}_w/{theirs}"])
    norm = case.facts[f"grad_{kind}_w_global_norm"]
    assert global_norm(of_weights) == pytest.approx(norm, rel=EXACT)


@pytest.mark.parametrize("name", FILES)
def test_second_order_as_intended(name: str) -> None:
    case = fresh(name)
    relaxation = case.relaxation()
    found = unroll(
        case.supernet,
        relaxation,
        case.optimiser(),
        case.train,
        [case.valid],
        Lookahead(clipped=True),
    )
    (outer,) = found.outers
    assert_close(outer.gradients[0], case.tensors["grad/darts2_intended"], LATER)
    expected = case.facts["darts2_intended"]["loss_valid_at_unrolled"]
    assert float(outer.loss) == pytest.approx(expected, rel=EXACT)


def as_coded(case: Case, relaxation: Relaxation) -> dict[str, Tensor]:
    """Return the second order as the published program has it, two defects included.

    The embedding that is tied to the output stays where it is in w', and the factor of the
    difference is not limited to 1.
    """
    weights, alphas = case.supernet.weights(), list(relaxation.alphas.values())
    optimiser = case.optimiser()
    loss = relaxation.loss(case.train)
    inner = torch.autograd.grad(loss, weights, create_graph=True)
    gradients = [g.detach() for g in inner]
    factor = case.facts["hyper"]["clip"] / (global_norm(gradients) + 1e-6)
    clipped = [min(1.0, factor) * g for g in gradients]
    direction = optimiser.direction(clipped)
    names = [name for name, _ in case.network.named_parameters()]
    direction = [
        None if "embedding" in name else d for name, d in zip(names, direction, strict=True)
    ]
    with movable(weights) as move:
        move(direction, -optimiser.rate)
        held_out, direct, vector = grads_at(case.supernet, relaxation, weights, case.valid)
        scale = optimiser.clip_factor(vector)
        v = [scale * g for g in vector if g is not None]
        product = difference(move, lambda: relaxation.gradients(relaxation.loss(case.train)), v)
        move(v, 0.0)
        exactly = exact(inner, v, alphas, keep=False)
    return {
        "loss": held_out,
        "direct": direct[0],
        "difference": product[0],
        "exact": exactly[0],
        "result": direct[0] - optimiser.rate * factor * product[0],
    }


@pytest.mark.parametrize("name", FILES)
def test_second_order_as_coded(name: str) -> None:
    case = fresh(name)
    found = as_coded(case, case.relaxation())
    theirs = case.facts["darts2_as_coded"]
    assert float(found["loss"]) == pytest.approx(theirs["loss_valid_at_unrolled"], rel=EXACT)
    key = "darts2_as_coded"
    assert_close(found["direct"], case.tensors[f"{key}/direct_term"])
    assert_close(found["difference"], case.tensors[f"{key}/finite_difference_term"], LATER)
    assert_close(found["exact"], case.tensors[f"{key}/exact_hessian_vector_product"])
    assert_close(found["result"], case.tensors[f"grad/{key}"], LATER)


# ---- complete steps -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *((name, "darts1") for name in FILES),
        (FILES[0], "darts2_as_coded"),
        *(pytest.param(name, "darts2_as_coded", marks=pytest.mark.slow) for name in FILES[1:]),
    ],
)
@pytest.mark.sample(1)
def test_complete_steps(name: str, method: str) -> None:
    """Alpha first, then the weights from the same hidden state, with the slowness penalty."""
    case = fresh(name)
    relaxation, optimiser = case.relaxation(), case.optimiser()
    alphas = list(relaxation.alphas.values())
    adaptive = AlphaOptimiser(alphas, adam(name), 1)
    train, valid = case.train, case.valid
    for number, expected in enumerate(case.facts["steps"][method]["per_step"], 1):
        now = replace(case, train=train, valid=valid)
        if method == "darts1":
            gradient = relaxation.gradients(relaxation.loss(valid))[0]
        else:
            gradient = as_coded(now, relaxation)["result"]
        adaptive.step([gradient])
        with torch.no_grad():
            bare = float(_bare(case, relaxation, train))
        loss = relaxation.loss(train, alpha_gradient=False, regularised=True)
        assert bare == pytest.approx(expected["raw_loss"], rel=LATER)
        assert float(loss.detach()) == pytest.approx(expected["loss_with_slowness"], rel=LATER)
        optimiser.step(optimiser.gradients(loss))
        train = replace(train, start=train.end)
        valid = replace(valid, start=valid.end)
        key = f"step/{method}/after_{number}/alphas"
        if key in case.tensors:
            assert_close(alphas[0].detach(), case.tensors[key], LATER)


def _bare(case: Case, relaxation: Relaxation, batch: Batch) -> Tensor:
    """Return the loss without penalty, leaving everything as it is."""
    state = {k: v.clone() for k, v in case.network.state_dict().items()}
    with case.supernet.untracked():
        loss = relaxation.loss(replace(batch))
    case.network.load_state_dict(state)
    return loss


# ---- derived networks ---------------------------------------------------------------------------

CELLS = {"DARTS_V1": "rnn.darts_v1", "DARTS_V2": "rnn.darts_v2", "ENAS": "rnn.enas"}


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", FILES)
def test_published_cells(name: str, cell: str) -> None:
    config = facts(name)["config"]
    network = derived_network(CELLS[cell], name, config["nhid"], config["ntoken"])
    batch = fresh(name).valid
    with torch.inference_mode():
        run = network.run(batch.inputs["token"], batch.start)
    stored = tensors(name)
    assert_close(run.logits.log_softmax(-1), stored[f"eval/{cell}/log_prob"])
    assert_close(run.outputs, stored[f"eval/{cell}/raw_outputs"])
    assert_close(run.states[0][None], stored[f"eval/{cell}/hidden_next"])


@pytest.mark.parametrize(
    ("cell", "params"),
    [("rnn.darts_v1", 22_960_000), ("rnn.darts_v2", 22_960_000), ("rnn.enas", 27_295_000)],
)
def test_published_sizes(cell: str, params: int) -> None:
    space = recurrent_space(f"use {cell}", 850, 10_000)
    assert build_derived_graph(derive(space, {})).params() == params


def test_the_size_of_the_published_supernet() -> None:
    space = recurrent_space("use papers.darts_rnn", 300, 10_000)
    assert build_supernet_graph(space).params() == 4_810_000


@pytest.mark.parametrize("name", FILES)
def test_what_is_derived_of_the_alphas(name: str) -> None:
    case = fresh(name)
    config = facts(name)["config"]
    space = recurrent_space("use papers.darts_rnn", config["nhid"], config["ntoken"])
    cell = derive(space, case.relaxation().scores()).cells["recurrent"]
    states = ["first", *(f"n{number}" for number in range(1, 9))]
    found = [
        [edge.operations[0].text, states.index(edge.source)]
        for node in cell.nodes
        for edge in cell.incoming(node)
    ]
    assert found == facts(name)["genotype_of_in_alphas"]["recurrent"]

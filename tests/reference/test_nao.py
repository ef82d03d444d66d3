"""NAO's encoder, predictor and decoder with the weights of the published program."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dslnas.engines.descent import Descent
from dslnas.engines.surrogate import Encoded, Surrogate, moved
from dslnas.engines.surrogate_training import SHARE, step, surrogate_loss
from dslnas.engines.tokens import swap
from dslnas.settings.values import Adam
from tests.reference.load import LATER, assert_close, facts, tensors

NAME = "nao_a"
TOKENS, UNITS, WIDTH, LAYERS, LENGTH = 12, 12, 10, 3, 40
PREFIXES = {
    "encoder_embedding": "encoder.embedding",
    "encoder": "encoder.rnn",
    **{f"layers.{n}": f"encoder.mlp.layer_{n}.0" for n in range(LAYERS)},
    "regressor": "encoder.regressor",
    "decoder_embedding": "decoder.embedding",
    "decoder": "decoder.rnn",
    "attention": "decoder.attention.input_proj",
    "joined": "decoder.attention.output_proj",
    "out": "decoder.out",
}
"""Our names and theirs."""


def theirs(name: str) -> str:
    module, _, weight = name.rpartition(".")
    return f"{PREFIXES[module]}.{weight}"


def surrogate() -> Surrogate:
    made = Surrogate(TOKENS, UNITS, LAYERS, WIDTH, torch.Generator()).double()
    for name, weight in made.named_parameters():
        weight.data.copy_(tensors(NAME)[f"w/{theirs(name)}"])
    return made.eval()


def legal(begun: Tensor) -> Tensor:
    """Their rule: an input twice is allowed."""
    step = begun.shape[1]
    may = torch.zeros(len(begun), TOKENS, dtype=torch.bool)
    limit = facts(NAME)["index_limit_per_even_step"][step // 2]
    may[:, slice(7, None) if step % 2 else slice(1, limit + 1)] = True
    return may


def encoded() -> Encoded:
    return surrogate().encode(tensors(NAME)["in/sequences"])


def test_encoder_and_predictor() -> None:
    found = encoded()
    assert_close(found.outputs, tensors(NAME)["out/encoder_outputs"])
    assert_close(found.embedding, tensors(NAME)["out/arch_emb"])
    assert_close(surrogate().predict(found)[:, None], tensors(NAME)["out/predict_value"])


def test_decoder() -> None:
    found, made = encoded(), surrogate()
    given = made.log_probabilities(found, tensors(NAME)["in/sequences"])
    assert_close(given, tensors(NAME)["out/log_prob_teacher_forced"])
    tokens, free = made.decode(found, LENGTH, legal)
    assert torch.equal(tokens, tensors(NAME)["out/arch_free"])
    assert_close(free, tensors(NAME)["out/log_prob_free"])


@pytest.mark.parametrize(
    ("key", "eta"), [("plus_1", 1), ("plus_10", 10), ("minus_10", -10), ("plus_60", 60)]
)
def test_what_is_decoded_after_a_move(key: str, eta: float) -> None:
    found, made, kept = encoded(), surrogate(), tensors(NAME)
    gradient = made.gradient(found)
    assert_close(gradient, kept["latent/gradient"])
    latent = moved(found, gradient, eta)
    assert_close(latent.embedding, kept[f"latent/{key}/new_arch_emb"])
    if eta == 1:
        assert_close(latent.outputs, kept[f"latent/{key}/new_encoder_outputs"])
    tokens, logs = made.decode(latent, LENGTH, legal)
    assert torch.equal(tokens, kept[f"latent/{key}/new_sequences"])
    assert_close(logs[:, :8], kept[f"latent/{key}/log_prob"])
    changed = int((tokens != kept["out/arch_free"]).any(1).sum())
    assert changed == facts(NAME)["sequences_changed"][f"latent/{key}"]


def test_training() -> None:
    made, about = surrogate(), facts(NAME)
    hyper = about["hyper"]
    assert hyper["trade_off"] == SHARE
    sequences, goals = tensors(NAME)["in/sequences"], tensors(NAME)["in/targets"][:, 0]
    loss = surrogate_loss(made, sequences, goals)
    weights = dict(made.named_parameters())
    gradients = torch.autograd.grad(loss, list(weights.values()))
    for name, gradient in zip(weights, gradients, strict=True):
        assert_close(gradient, tensors(NAME)[f"grad/{theirs(name)}"])
    adam = Adam(
        lr=hyper["lr"], betas=tuple(hyper["adam_betas"]), weight_decay=hyper["weight_decay"]
    )
    descent = Descent(list(made.parameters()), adam)
    for expected in about["train_steps"]:
        found = step(made, descent, hyper["lr"], sequences, goals)
        assert found == pytest.approx(expected["loss"], rel=1e-9)
    for name, weight in made.named_parameters():
        assert_close(weight, tensors(NAME)[f"train/after_3/{theirs(name)}"], LATER)


def test_edges_swapped() -> None:
    about = facts(NAME)["swap"]
    tokens = tensors(NAME)["in/sequences"][about["of_sequence"]].tolist()
    for cell, number in enumerate((about["node_in_first_cell"], about["node_in_second_cell"])):
        start = 20 * cell + 4 * number
        swap(tokens, start, start + 2)
    assert tokens == tensors(NAME)["swap/result"].tolist()

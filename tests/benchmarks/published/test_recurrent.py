"""The recurrent supernet in plain PyTorch, and its steps, against the paper's program."""

from __future__ import annotations

import pytest
import torch

from published.recurrent import PUBLISHED, Dropout, SearchNetwork, Segment
from published.recurrent_search import (
    AlphaGradient,
    Search,
    Settings,
    first_order,
    loss_of,
    second_order,
)
from tests.reference.load import EXACT, LATER, assert_close, facts, tensors

FILES = ("darts_rnn_a", "darts_rnn_b")


def theirs(name: str) -> str:
    name = name.replace("cell.first", "rnns.0._W0").replace("cell.nodes", "rnns.0._Ws")
    name = name.replace("cell.norm", "rnns.0.bn").replace("embedding", "encoder")
    return "decoder.bias" if name == "bias" else name


def search_of(file: str, gradient: AlphaGradient = first_order) -> Search:
    stored, config, hyper = tensors(file), facts(file)["config"], facts(file)["hyper"]
    network = SearchNetwork(config["ntoken"], config["nhid"], Dropout()).double()
    state = network.state_dict()
    for name in state:
        kind = "bn" if "running" in name else "w"
        if not name.endswith("num_batches_tracked"):
            state[name] = stored[f"{kind}/{theirs(name)}"]
    network.load_state_dict(state)
    network.alpha = stored["in/alphas"].clone().requires_grad_()
    settings = Settings(hyper["lr"], hyper["clip"], hyper["wdecay"], hyper["slowness_beta"])
    return Search(network.train(), gradient, settings)


def segment(file: str, part: str) -> Segment:
    stored = tensors(file)
    tokens = stored[f"in/x_{part}"]
    targets = stored[f"in/y_{part}"].view(tokens.shape)
    return Segment(tokens, targets, stored[f"in/hidden_{part}"][0])


def test_the_full_supernet_has_the_published_weights() -> None:
    published = facts("darts_cnn_eval_darts_v2")["parameter_counts"]
    name = "RNNModelSearch ntoken=10000 ninp=nhid=nhidlast=300 (tied embedding counted once)"
    network = SearchNetwork(10_000, 300, PUBLISHED)
    assert sum(weight.numel() for weight in network.parameters()) == published[name]["total"]


@pytest.mark.parametrize("part", ["train", "valid"])
@pytest.mark.parametrize("file", FILES)
def test_outputs_and_first_gradients(file: str, part: str) -> None:
    network, given, stored = search_of(file).network, segment(file, part), tensors(file)
    found, outputs = network(given.tokens, given.state)
    assert_close(found, stored[f"out/log_prob_{part}"])
    assert_close(outputs, stored[f"out/raw_outputs_{part}"])
    loss, _ = loss_of(network, given)
    names = [theirs(name) for name, _ in network.named_parameters()]
    gradients = torch.autograd.grad(loss, [network.alpha, *network.parameters()])
    assert_close(gradients[0], stored[f"grad/{part}"])
    for name, gradient in zip(names, gradients[1:], strict=True):
        assert_close(gradient, stored[f"grad_{part}_w/{name}"])


@pytest.mark.parametrize("file", FILES)
def test_second_order(file: str) -> None:
    search = search_of(file)
    found = second_order(search, segment(file, "train"), segment(file, "valid"))
    assert_close(found, tensors(file)["grad/darts2_intended"], LATER)


@pytest.mark.parametrize("file", FILES)
def test_a_complete_step(file: str) -> None:
    search = search_of(file)
    loss = search.step(segment(file, "train"), segment(file, "valid"))
    expected = facts(file)["steps"]["darts1"]["per_step"][0]
    assert loss == pytest.approx(expected["loss_with_slowness"], rel=EXACT)
    assert_close(search.network.alpha, tensors(file)["step/darts1/after_1/alphas"])


def test_masks_drop_the_same_of_every_step_and_nothing_when_measured() -> None:
    torch.manual_seed(0)
    network = SearchNetwork(10, 8, Dropout(embedding=0.5))
    tokens, state = torch.zeros(3, 4, dtype=torch.int64), torch.zeros(4, 8)
    network.cell.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    seen: list[torch.Tensor] = []
    network(tokens, state)
    assert torch.equal(seen[0], seen[1])
    assert float((seen[0] == 0).float().mean()) > 0.2
    seen.clear()
    network.eval()(tokens, state)
    assert torch.equal(seen[0], network.embedding(tokens[0]))

"""The published networks in the state of a reference file."""

from __future__ import annotations

from torch import nn

from tests.reference.load import facts, tensors


def load(network: nn.Module, file: str) -> dict[str, nn.Parameter]:
    """Give a network the weights and statistics of a file; return its weights by their names."""
    stored = tensors(file)
    state = network.state_dict()
    for key, tensor in stored.items():
        kind, _, name = key.partition("/")
        if kind in ("w", "bn"):
            assert state[ours(name)].shape == tensor.shape, name
            state[ours(name)] = tensor
    network.load_state_dict(state)
    own = dict(network.named_parameters())
    weights = {name: own[ours(name)] for name in facts(file)["param_names"]}
    assert len(weights) == len(own)
    return weights


def ours(name: str) -> str:
    """Return our name of a tensor of the reference: operations have no level of their own."""
    name = name.replace(".op.", ".").replace("_ops", "operations")
    return name.replace("classifier", "classifier.linear")

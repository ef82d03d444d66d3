"""Language model `found`, written by dslnas.

- spec: specs/found.nas
- spec hash: sha256:0123456789abcdef
- parameters: 338
- multiply-adds: 328 for one token
- reads: tokens, int64 (time, batch), whole numbers below 10
- gives: logits of the next tokens, float32 (time, batch, 10), and the states

It needs torch and safetensors. The weights lie in a `.safetensors` file beside this one.

    model = load()
    with torch.inference_mode():
        logits, states = model(tokens)
        logits, states = model.step(token, states)
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

States = tuple[torch.Tensor, ...]

SIZES = {"cell0/h": 4, "cell0/c": 4, "cell1/h": 4}


class TiedLinear(nn.Module):
    """Linear map with the matrix of an embedding and a bias of its own."""

    def __init__(self, out_features: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Return numbers (batch, out_features); `weight` is (out_features, channels)."""
        return nn.functional.linear(x, weight, self.bias)


class LstmCell(nn.Module):
    """One step of cell `lstm`.

    Args:
        channels: Channels of its layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gates_linear = nn.Linear(channels, 4 * channels)
        self.gates_linear_2 = nn.Linear(channels, 4 * channels)

    def forward(self, x: torch.Tensor, states: States) -> tuple[torch.Tensor, States]:
        """Return the output of the cell and the states after the step."""
        h, c = states
        gates = (self.gates_linear(x) + self.gates_linear_2(h)).chunk(4, dim=1)
        i = torch.sigmoid(gates[0])
        f = torch.sigmoid(gates[1])
        g = torch.tanh(gates[2])
        o = torch.sigmoid(gates[3])
        c_next = f * c + i * g
        h_next = o * torch.tanh(c_next)
        return h_next, (h_next, c_next)


class FoundCell(nn.Module):
    """One step of cell `found`.

    Args:
        channels: Channels of its layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first_both = nn.Linear(2 * channels, 2 * channels, bias=False)
        self.n1_both = nn.Linear(channels, 2 * channels, bias=False)
        self.n2_n1_both = nn.Linear(channels, 2 * channels, bias=False)

    def forward(self, x: torch.Tensor, states: States) -> tuple[torch.Tensor, States]:
        """Return the output of the cell and the states after the step."""
        (h,) = states
        first_reads = torch.cat([x, h], dim=1)
        first_both = self.first_both(first_reads).chunk(2, dim=1)
        first = h + torch.sigmoid(first_both[0]) * (torch.tanh(first_both[1]) - h)
        n1_both = self.n1_both(first).chunk(2, dim=1)
        n1 = first + torch.sigmoid(n1_both[0]) * (torch.relu(n1_both[1]) - first)
        n2_n1_both = self.n2_n1_both(n1).chunk(2, dim=1)
        n2_n1 = n1 + torch.sigmoid(n2_n1_both[0]) * (torch.sigmoid(n2_n1_both[1]) - n1)
        n2_first_both = self.n2_n1_both(first).chunk(2, dim=1)
        n2_first = first + torch.sigmoid(n2_first_both[0]) * (torch.tanh(n2_first_both[1]) - first)
        n2 = n2_n1 + n2_first
        output = (n1 + n2) / 2
        return output, (output,)


class Network(nn.Module):
    """The network: every token to 10 logits of the next one."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Embedding(10, 4)
        self.cell0 = LstmCell(channels=4)
        self.cell1 = FoundCell(channels=4)
        self.head = TiedLinear(10)

    def forward(
        self, tokens: torch.Tensor, states: States | None = None
    ) -> tuple[torch.Tensor, States]:
        """Return logits (time, batch, 10) and the states after the last step.

        Args:
            tokens: int64 (time, batch); there is at least one step.
            states: Those before the first step, (batch, size) each; by default zeros.
        """
        if not len(tokens):
            raise ValueError("tokens have no step")
        if states is None:
            states = self.zeros(tokens.shape[1])
        x = self.stem(tokens.flatten())
        states0 = states[0:2]
        states1 = states[2:3]
        outputs = []
        for step in x.unflatten(0, tokens.shape):
            output0, states0 = self.cell0(step, states0)
            output1, states1 = self.cell1(output0, states1)
            outputs.append(output1)
        x = torch.cat(outputs)
        logits = self.head(x, self.stem.weight)
        states = states0 + states1
        return logits.unflatten(0, tokens.shape), states

    def step(
        self, token: torch.Tensor, states: States | None = None
    ) -> tuple[torch.Tensor, States]:
        """Return logits (batch, 10) and the states after one token (batch)."""
        logits, states = self.forward(token[None], states)
        return logits[0], states

    def zeros(self, batch: int) -> States:
        """Return the states before a text, (batch, size) each."""
        like = next(self.parameters())
        return tuple(like.new_zeros(batch, size) for size in SIZES.values())


def load(weights: str | Path | None = None, device: str | torch.device = "cpu") -> Network:
    """Return the trained network in eval mode.

    Args:
        weights: A `.safetensors` file; by default the one beside this module, of the same name.
        device: Where the network runs.
    """
    path = Path(__file__).with_suffix(".safetensors") if weights is None else Path(weights)
    network = Network()
    network.load_state_dict(load_file(path))
    return network.to(device).eval()


if __name__ == "__main__":
    model = load()
    with torch.inference_mode():
        output, _ = model(torch.randint(10, (35, 1)))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"output {tuple(output.shape)}, {parameters:,} parameters")

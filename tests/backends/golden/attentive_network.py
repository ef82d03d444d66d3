"""Image classifier `attentive`, written by dslnas.

- spec: specs/attentive.nas
- spec hash: sha256:0123456789abcdef
- parameters: 3,526
- multiply-adds: 90,672 for one image
- reads: images, float32 (batch, 3, 8, 8), normalised as in training
- gives: logits, float32 (batch, 10)

It needs torch and safetensors. The weights lie in a `.safetensors` file beside this one.

    model = load()
    with torch.inference_mode():
        logits = model(images)
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

CLASSES = ("cat", "dog", "0", "1", "2", "3", "4", "5", "6", "7")


class Shift(nn.Module):
    """Moves the image up and left by `pixels`; zeros come in."""

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the moved image, as large as before."""
        padded = nn.functional.pad(x, (0, self.pixels) * (x.dim() - 2))
        for axis in range(2, x.dim()):
            padded = padded.narrow(axis, self.pixels, x.shape[axis])
        return padded


class Preprocess(nn.Sequential):
    """Operation `preprocess`.

    Args:
        in_channels: Channels that it reads.
        out_channels: Channels that it gives.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(in_channels, out_channels, 1, bias=False),
            nn.BatchNorm2d(out_channels),
        )


class SepConv(nn.Sequential):
    """Operations `sep_conv(3)` and `sep_conv(5)`.

    Args:
        channels: Channels of its layers.
        kernel_size: Height and width of the window.
    """

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(
                channels,
                channels,
                kernel_size,
                padding=kernel_size // 2,
                groups=channels,
                bias=False,
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(
                channels,
                channels,
                kernel_size,
                padding=kernel_size // 2,
                groups=channels,
                bias=False,
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )


class Attention(nn.Module):
    """Operation `attention`.

    Args:
        channels: Channels of its layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, channels // 2, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(channels // 2, channels, 1, bias=False),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the operation."""
        x = x * self.branch(x)
        return x


class StridedSkipConnect(nn.Module):
    """Operations `skip_connect` and `preprocess` where the image becomes smaller.

    Args:
        channels: Channels of its layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.branch1 = nn.Conv2d(channels, channels // 2, 1, stride=2, bias=False)
        self.branch2 = nn.Sequential(
            Shift(1),
            nn.Conv2d(channels, channels // 2, 1, stride=2, bias=False),
        )
        self.batch_norm = nn.BatchNorm2d(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the operation."""
        x = self.relu(x)
        x = torch.cat([self.branch1(x), self.branch2(x)], dim=1)
        x = self.batch_norm(x)
        return x


class NormalCell(nn.Module):
    """Cell `normal`.

    Args:
        channels: Channels of its layers.
        in1_channels: Channels of the input `in1`.
        in2_channels: Channels of the input `in2`.
    """

    def __init__(self, channels: int, in1_channels: int, in2_channels: int) -> None:
        super().__init__()
        self.in1_preprocess = Preprocess(in1_channels, channels)
        self.in2_preprocess = Preprocess(in2_channels, channels)
        self.a_in1_sep_conv_3 = SepConv(channels, kernel_size=3)
        self.a_in2_attention = Attention(channels)
        self.b_a_sep_conv_5 = SepConv(channels, kernel_size=5)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        a = self.a_in1_sep_conv_3(in1) + self.a_in2_attention(in2)
        b = self.b_a_sep_conv_5(a) + in1
        return torch.cat([a, b], dim=1)


class ReductionCell(nn.Module):
    """Cell `reduction`.

    Args:
        channels: Channels of its layers.
        in1_channels: Channels of the input `in1`.
    """

    def __init__(self, channels: int, in1_channels: int) -> None:
        super().__init__()
        self.in1_preprocess = Preprocess(in1_channels, channels)
        self.in2_preprocess = Preprocess(channels, channels)
        self.a_in1_max_pool_3 = nn.MaxPool2d(3, stride=2, padding=1)
        self.a_in2_skip_connect = StridedSkipConnect(channels)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        a: torch.Tensor = self.a_in1_max_pool_3(in1) + self.a_in2_skip_connect(in2)
        return a


class NormalCellAfterReduction(nn.Module):
    """Cell `normal`, where its inputs differ in size.

    Args:
        channels: Channels of its layers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.in1_preprocess = StridedSkipConnect(channels)
        self.in2_preprocess = Preprocess(channels, channels)
        self.a_in1_sep_conv_3 = SepConv(channels, kernel_size=3)
        self.a_in2_attention = Attention(channels)
        self.b_a_sep_conv_5 = SepConv(channels, kernel_size=5)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        a = self.a_in1_sep_conv_3(in1) + self.a_in2_attention(in2)
        b = self.b_a_sep_conv_5(a) + in1
        return torch.cat([a, b], dim=1)


class Network(nn.Module):
    """The network: images of 3 x 8 x 8 to 10 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 12, 3, padding=1, bias=False),
            nn.BatchNorm2d(12),
        )
        self.cell0 = NormalCell(channels=4, in1_channels=12, in2_channels=12)
        self.cell1 = ReductionCell(channels=8, in1_channels=12)
        self.cell2 = NormalCellAfterReduction(channels=8)
        self.cell3 = NormalCell(channels=8, in1_channels=8, in2_channels=16)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 10) of normalised images."""
        stem = self.stem(images)  # 12 x 8 x 8
        cell0 = self.cell0(stem, stem)  # 8 x 8 x 8
        cell1 = self.cell1(stem, cell0)  # 8 x 4 x 4
        cell2 = self.cell2(cell0, cell1)  # 16 x 4 x 4
        cell3 = self.cell3(cell1, cell2)  # 16 x 4 x 4
        logits: torch.Tensor = self.head(cell3)  # 10
        return logits


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
        output = model(torch.rand(1, 3, 8, 8))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"output {tuple(output.shape)}, {parameters:,} parameters")

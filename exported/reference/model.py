"""Image classifier `architecture`, written by dslnas.

- made_by: dslnas 0.1.0
- spec: architecture
- spec_hash: ab6ccf06cfafe60c14d12e4d424a1039a33a6031f9b6d24e59962f01ea6e1d69
- parameters: 1,922
- multiply-adds: 49,568 for one image
- reads: images, float32 (batch, 1, 8, 8), normalised as in training
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
    """Operation `sep_conv(3)`.

    Args:
        channels: Channels of its layers.
        stride: Step of the window.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )


class DilConv(nn.Sequential):
    """Operation `dil_conv(3)`.

    Args:
        channels: Channels of its layers.
        stride: Step of the window.
    """

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(
                channels,
                channels,
                3,
                stride=stride,
                padding=2,
                dilation=2,
                groups=channels,
                bias=False,
            ),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )


class StridedPreprocess(nn.Module):
    """Operation `preprocess` where the image becomes smaller.

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


class TinyCell(nn.Module):
    """Cell `tiny`.

    Args:
        channels: Channels of its layers.
        in1_channels: Channels of the input `in1`.
        in2_channels: Channels of the input `in2`.
    """

    def __init__(self, channels: int, in1_channels: int, in2_channels: int) -> None:
        super().__init__()
        self.in1_preprocess = Preprocess(in1_channels, channels)
        self.in2_preprocess = Preprocess(in2_channels, channels)
        self.n1_in1_sep_conv_3 = SepConv(channels)
        self.n1_in2_max_pool_3 = nn.MaxPool2d(3, stride=1, padding=1)
        self.n2_in2_dil_conv_3 = DilConv(channels)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        n1 = self.n1_in1_sep_conv_3(in1) + self.n1_in2_max_pool_3(in2)
        n2 = n1 + self.n2_in2_dil_conv_3(in2)
        return torch.cat([n1, n2], dim=1)


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
        self.n1_in1_sep_conv_3 = SepConv(channels, stride=2)
        self.n1_in2_max_pool_3 = nn.MaxPool2d(3, stride=2, padding=1)
        self.n2_in2_dil_conv_3 = DilConv(channels, stride=2)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        n1 = self.n1_in1_sep_conv_3(in1) + self.n1_in2_max_pool_3(in2)
        n2 = n1 + self.n2_in2_dil_conv_3(in2)
        return torch.cat([n1, n2], dim=1)


class TinyCellAfterReduction(nn.Module):
    """Cell `tiny`, where its inputs differ in size.

    Args:
        channels: Channels of its layers.
        in2_channels: Channels of the input `in2`.
    """

    def __init__(self, channels: int, in2_channels: int) -> None:
        super().__init__()
        self.in1_preprocess = StridedPreprocess(channels)
        self.in2_preprocess = Preprocess(in2_channels, channels)
        self.n1_in1_sep_conv_3 = SepConv(channels)
        self.n1_in2_max_pool_3 = nn.MaxPool2d(3, stride=1, padding=1)
        self.n2_in2_dil_conv_3 = DilConv(channels)

    def forward(self, in1: torch.Tensor, in2: torch.Tensor) -> torch.Tensor:
        """Return the output of the cell."""
        in1 = self.in1_preprocess(in1)
        in2 = self.in2_preprocess(in2)
        n1 = self.n1_in1_sep_conv_3(in1) + self.n1_in2_max_pool_3(in2)
        n2 = n1 + self.n2_in2_dil_conv_3(in2)
        return torch.cat([n1, n2], dim=1)


class Network(nn.Module):
    """The network: images of 1 x 8 x 8 to 10 logits."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1, bias=False),
            nn.BatchNorm2d(12),
        )
        self.cell0 = TinyCell(channels=4, in1_channels=12, in2_channels=12)
        self.cell1 = ReductionCell(channels=8, in1_channels=12)
        self.cell2 = TinyCellAfterReduction(channels=8, in2_channels=16)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(16, 10),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, 10) of normalised images."""
        stem = self.stem(images)  # 12 x 8 x 8
        cell0 = self.cell0(stem, stem)  # 8 x 8 x 8
        cell1 = self.cell1(stem, cell0)  # 16 x 4 x 4
        cell2 = self.cell2(cell0, cell1)  # 16 x 4 x 4
        logits: torch.Tensor = self.head(cell2)  # 10
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
        output = model(torch.rand(1, 1, 8, 8))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    print(f"output {tuple(output.shape)}, {parameters:,} parameters")

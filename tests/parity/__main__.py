"""Compares the backends on random architectures: `python -m tests.parity --architectures 1000`."""

from __future__ import annotations

import argparse
import sys

import onnx
import onnxruntime
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.backends.test_any_network import NETWORKS
from tests.graph.recurrent import recurrent_spaces
from tests.parity.comparing import differences
from tests.strategies import SpaceText

TOLERANCE = 1e-4
"""Largest relative difference in float32: backends sum in other orders, some through 20 layers."""


def main() -> int:
    """Compare; print each backend's worst difference; return 1 if one is beyond the tolerance."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--architectures", type=int, default=1000, help="how many (1000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all of them (0)")
    chosen = parser.parse_args()
    worst: dict[str, tuple[float, str]] = {}
    done = 0

    @seed(chosen.seed)
    @settings(
        max_examples=chosen.architectures,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(NETWORKS, recurrent_spaces()))
    def compare(space: SpaceText | str) -> None:
        nonlocal done
        for backend, found in differences(space, chosen.seed + done).items():
            if not found <= worst.get(backend, (-1.0, ""))[0]:
                worst[backend] = found, space if isinstance(space, str) else space.text
        done += 1

    compare()
    print(f"{done} architectures; torch {torch.__version__}, onnx {onnx.__version__}, ", end="")
    print(f"ONNX Runtime {onnxruntime.__version__}")
    for backend, (found, _) in worst.items():
        print(f"{backend:30} {found:.1e}")
    beyond = {backend: text for backend, (found, text) in worst.items() if not found <= TOLERANCE}
    for backend, text in beyond.items():
        print(f"\n{backend} computes something else for\n{text}", file=sys.stderr)
    return int(bool(beyond))


if __name__ == "__main__":
    sys.exit(main())

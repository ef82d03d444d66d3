"""Which ONNX Runtime loads a model: the first release that knows its opset and its format.

From the table of versions in ONNX Runtime's documentation and, where that is silent, from trying
the releases.
"""

from __future__ import annotations

from collections.abc import Mapping

from onnx import ModelProto

from dslnas.backends.onnx.versions import nodes_of

FIRST_WITH_OPSET: Mapping[int, str] = {
    11: "1.0",
    12: "1.3",
    13: "1.6",
    14: "1.8",
    15: "1.9",
    16: "1.11",
    17: "1.12",
    18: "1.14",
    19: "1.15",
    20: "1.17",
    21: "1.18",
    22: "1.21",
    23: "1.23",
    24: "1.24",
    25: "1.24",
    26: "1.25",
}
"""By opset the first release that implements it."""

FIRST_WITH_IR: Mapping[int, str] = {
    6: "1.0",
    7: "1.3",
    8: "1.9",
    9: "1.15",
    10: "1.18",
    11: "1.23",
    12: "1.24",
    13: "1.24",
}
"""By version of the format the first release that reads it, and older ones."""


FIRST_WITH_OPERATOR: Mapping[str, str] = {"DequantizeLinear": "1.7"}
"""First releases that compute what an opset has, where earlier ones only read it: in opset 13
every channel got a step of its own."""


def oldest_runtime(model: ModelProto) -> str:
    """Return the oldest release of ONNX Runtime that loads a model, such as `1.12`."""
    (opset,) = (declared.version for declared in model.opset_import)
    ir_version = max(model.ir_version, min(FIRST_WITH_IR))
    operators = {node.op_type for node in nodes_of(model.graph)}
    computed = (first for name, first in FIRST_WITH_OPERATOR.items() if name in operators)
    return max(FIRST_WITH_OPSET[opset], FIRST_WITH_IR[ir_version], *computed, key=release)


def release(version: str) -> tuple[int, int]:
    """Return the numbers of a release, of which 1.18 and 1.18.1 have the same."""
    major, minor, *_ = version.split(".")
    return int(major), int(minor)

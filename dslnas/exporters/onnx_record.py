"""Facts of exported ONNX models, as manifest and reports tell them."""

from __future__ import annotations

from typing import TypeAlias

from dslnas.json_model import JsonModel


class Declared(JsonModel):
    """Versions that a model declares.

    Attributes:
        opset: Its operator set.
        ir_version: Format of its file.
        oldest_runtime: The first release of ONNX Runtime that loads it.
    """

    opset: int
    ir_version: int
    oldest_runtime: str


DeclaredModels: TypeAlias = dict[str, Declared]
"""By name of the file."""


class Times(JsonModel):
    """Milliseconds of a run: the median of several, and their 10th and 90th percentile."""

    median: float
    p10: float
    p90: float


class Latency(JsonModel):
    """How long a model runs in ONNX Runtime on the CPU.

    Attributes:
        processor: Name of the processor.
        threads: How many threads are all of them.
        milliseconds: By batch size and number of threads, such as `batch 1, one thread`.
    """

    processor: str
    threads: int
    milliseconds: dict[str, Times]


def milliseconds(value: float) -> str:
    """Return a number of milliseconds with three digits, or all that are whole."""
    return f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}"

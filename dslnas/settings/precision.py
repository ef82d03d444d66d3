"""How networks compute in a run: how precisely, and how their steps are launched."""

from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["float32", "tf32", "bfloat16", "float64"]
"""Type in which networks train; tf32 and bfloat16 are mixed with float32."""

AnyPrecision: TypeAlias = Literal[Precision, "auto"]
"""A precision, or whichever is best where it is measured."""

Execution: TypeAlias = Literal["eager", "compile", "graphs", "compile+graphs"]
"""How a step is run: primitive by primitive, cells by torch.compile, all of it as a CUDA graph, or
both."""

AnyExecution: TypeAlias = Literal[Execution, "auto"]
"""An execution, or whichever is best where it is measured."""

BatchNorm: TypeAlias = Literal["together", "apart"]
"""Examples from which batch norm takes its statistics where several processes share a batch: those
of all of them, or of each its own."""

"""Precision of the arithmetic of a run."""

from typing import Literal, TypeAlias

Precision: TypeAlias = Literal["float32", "bfloat16", "float64"]
"""Type in which networks train; bfloat16 is mixed with float32."""

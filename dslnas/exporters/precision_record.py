"""Measures of a network in a precision, as manifest and reports tell them."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from dslnas.json_model import MEASUREMENT, JsonModel


class PrecisionRecord(JsonModel):
    """A network in a precision.

    Attributes:
        files: Names of its files; those of a precision that is not delivered are not there.
        bytes: Their size, together.
        validation: The leading metric of the task on the validation part.
        test: The same on the test part.
        lost: How much worse the metric is on the validation part than in float32: in points where
            it is a share, and else as a share of it.
        largest_difference: Largest difference of an output from that in float32, on some inputs of
            the test part.
        latency_ms: Median time of a run on the CPU, by batch size and number of threads.
        refusal: Why it is not delivered; "" where it is.
        warnings: Sentences on what is delivered.
    """

    files: tuple[str, ...]
    bytes: int
    validation: float
    test: float
    lost: float = 0.0
    largest_difference: Annotated[float, MEASUREMENT] = 0.0
    latency_ms: Annotated[dict[str, float], MEASUREMENT] = Field(default_factory=dict)
    refusal: str = ""
    warnings: Annotated[tuple[str, ...], MEASUREMENT] = ()


PrecisionRecords: TypeAlias = dict[str, PrecisionRecord]
"""By precision, float32 first."""

"""GPUs and what lies between them, by published speeds, and a counted step on R of them.

A step of R ranks with n examples each takes

    t(R, n) = t_calls(n) + sum over its messages of t_message(V, R),

`t_calls` as in `calls`, `t_message` as in `wire`: gradients are summed when all are there, so
nothing runs meanwhile. The efficiency is the work of a GPU beside that of one alone with a batch B,

    e(R, n) = (n / t(R, n)) / (B / t(1, B)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from calls import CountedStep
from floor import Speed
from wire import Fabric, Wire, seconds_of

REACHED = {"multiply-adds": 0.3, "bytes": 0.5, "wire": 0.8}
"""Shares of the published peaks that are assumed."""


@dataclass(frozen=True)
class Gpu:
    """A GPU in a machine with others.

    Attributes:
        speed: Multiply-adds and bytes per second that it reaches.
        start: Seconds in which PyTorch starts a call.
        fabric: What lies between it and the others.
    """

    speed: Speed
    start: float
    fabric: Fabric


def reaching(multiply_adds: float, moved: float) -> Speed:
    """Return the speed that is assumed of a GPU with published peaks."""
    return Speed(REACHED["multiply-adds"] * multiply_adds, REACHED["bytes"] * moved)


PEAKS: Mapping[str, tuple[float, str]] = {
    "multiply-adds": (494.7e12 / 2, "494.7 TFLOP/s in TF32, dense"),
    "bytes": (3.35e12, "3.35 TB/s of HBM3"),
    "NVLink": (450e9, "450 GB/s each way, among the 8 of a machine"),
    "InfiniBand": (50e9, "400 Gb/s a GPU, between machines"),
}
"""An H100 SXM as published, per second, in numbers and in words."""

START, HOP_INSIDE, HOP_BETWEEN = 5e-6, 4e-6, 5e-6
H100 = Gpu(
    reaching(PEAKS["multiply-adds"][0], PEAKS["bytes"][0]),
    START,
    Fabric(
        Wire(HOP_INSIDE, REACHED["wire"] * PEAKS["NVLink"][0]),
        Wire(HOP_BETWEEN, REACHED["wire"] * PEAKS["InfiniBand"][0]),
        8,
    ),
)

V100 = reaching(15.7e12 / 2, 900e9)
"""In float32, as PyTorch multiplied on it."""


@dataclass(frozen=True)
class Predicted:
    """A step of one of several ranks, on paper.

    Attributes:
        examples: Of the rank.
        calls: Seconds of what it computes.
        messages: Seconds of what it tells and hears.
        sent: Bytes that it sends.
    """

    examples: float
    calls: float
    messages: float
    sent: float

    @property
    def seconds(self) -> float:
        """Time of the step."""
        return self.calls + self.messages

    def efficiency(self, one: Predicted) -> float:
        """Return e, the examples per second beside those of one GPU alone."""
        return self.examples / self.seconds / (one.examples / one.seconds)


def predicted(step: CountedStep, examples: float, ranks: int, gpu: Gpu = H100) -> Predicted:
    """Return a step of ranks with so many examples each; see the equation above."""
    messages = [*step.messages(examples * ranks, ranks)]
    return Predicted(
        examples,
        step.seconds(examples, gpu.speed, gpu.start),
        seconds_of(messages, gpu.fabric, ranks),
        sum(message.sent(ranks) for message in messages),
    )


def short(number: float) -> str:
    """Return a number with three digits that count, and no exponent."""
    return f"{float(f'{number:.3g}'):g}"


def assumed() -> Iterator[str]:
    """Yield the table of what is assumed of a GPU."""
    yield "| speed of an H100 SXM | published | reached, assumed |"
    yield "| --- | --- | ---: |"
    for name, (peak, words) in PEAKS.items():
        share = REACHED.get(name, REACHED["wire"])
        yield f"| {name} | {words} | {share:.0%}: {short(share * peak / 1e12)} T/s |"
    yield f"| start of a call, `c` | | {1e6 * START:.0f} µs |"
    hops = f"{1e6 * HOP_INSIDE:.0f} and {1e6 * HOP_BETWEEN:.0f} µs"
    yield f"| hop inside of a machine and between machines, `l` | | {hops} |"

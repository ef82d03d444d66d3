"""Do PyTorch and the exported files of a recurrent network compute the same, step by step?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.data.batches import States
from dslnas.diagnostics import InternalError
from dslnas.exporters.parity import disagreement

WHOLE, STEPWISE = "as a whole", "step by step"

CALLS: Mapping[str, tuple[int, ...]] = {WHOLE: (120, 80), STEPWISE: (1,) * 200}
"""Steps of every call by the form of a model; a call starts from the states that the last gave."""

LENGTH = sum(CALLS[WHOLE])
"""Steps of a text."""

BATCHES = (1, 7)

StateArrays: TypeAlias = tuple[np.ndarray, ...]

SequenceRun: TypeAlias = Callable[[np.ndarray, StateArrays | None], tuple[np.ndarray, StateArrays]]
"""From tokens (time, batch) and states (batch, C) each, or None for those before a text, to logits
(time, batch, vocabulary) and the states after the last step."""


# ---- what runs a model --------------------------------------------------------------------------


def sequence_network_run(network: SequenceNetwork) -> SequenceRun:
    """Return what runs a network of dslnas on the CPU."""

    def call(tokens: torch.Tensor, states: States | None) -> tuple[torch.Tensor, States]:
        done = network.run(tokens, states)
        return done.logits, done.states

    return torch_run(call)


def torch_run(
    call: Callable[[torch.Tensor, States | None], tuple[torch.Tensor, States]],
) -> SequenceRun:
    """Return what runs a function of tensors on arrays."""

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        given = None if states is None else tuple(map(torch.from_numpy, states))
        with torch.inference_mode():
            logits, nexts = call(torch.from_numpy(tokens), given)
        return logits.numpy(), tuple(state.numpy() for state in nexts)

    return run


def with_time(step: SequenceRun) -> SequenceRun:
    """Return what runs texts of one token with something that knows no axis of time."""

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        (token,) = tokens
        logits, nexts = step(token, states)
        return logits[None], nexts

    return run


# ---- comparing ----------------------------------------------------------------------------------

_Step: TypeAlias = tuple[np.ndarray, StateArrays]
"""Results of a step: logits (batch, vocabulary), and the states where a call ends, else none."""


def compare_sequences(
    reference: SequenceRun,
    others: Mapping[str, Mapping[str, SequenceRun]],
    streams: Mapping[str, np.ndarray],
    tolerance: float,
) -> dict[str, float]:
    """Return by backend the largest absolute difference of a logit or a state from PyTorch's.

    Each runs over 200 steps, for batches of 1 and 7: as a whole in two calls, and step by step, on
    streams of tokens, int64 (N,), that are read again where they are too short. NAS711 as in
    `compare`.
    """
    largest = dict.fromkeys(others, 0.0)
    for batch in BATCHES:
        for kind, stream in streams.items():
            tokens = np.ascontiguousarray(np.resize(stream, (batch, LENGTH)).T)
            expected = list(_steps(reference, tokens, CALLS[WHOLE]))
            for name, forms in others.items():
                for form, run in forms.items():
                    found = _steps(run, tokens, CALLS[form])
                    title = f"{name}, {form}, and torch"
                    worst = _checked(title, f"{kind} tokens", expected, found, tolerance)
                    largest[name] = max(largest[name], worst)
    return largest


def _steps(run: SequenceRun, tokens: np.ndarray, calls: Sequence[int]) -> Iterator[_Step]:
    """Yield what every step gives; states go from call to call."""
    states: StateArrays | None = None
    start = 0
    for steps in calls:
        logits, states = run(tokens[start : start + steps], states)
        yield from ((row, ()) for row in logits[:-1])
        yield logits[-1], states
        start += steps


def _checked(
    title: str, kind: str, expected: Sequence[_Step], found: Iterable[_Step], tolerance: float
) -> float:
    """Return the largest difference; an error tells where it is.

    Steps are compared one by one as they come: all logits of a large vocabulary would be written
    to memory and read again for each operation.
    """
    worst, where, changed = -1.0, "", 0
    for step, (wanted, given) in enumerate(zip(expected, found, strict=True), 1):
        for name, one, other in _pairs(wanted, given):
            if one.shape != other.shape:
                raise InternalError(f"{title} give shapes {other.shape} and {one.shape}: {name}")
            with np.errstate(invalid="ignore"):
                difference = np.abs(one - other)
            largest = float(difference.max())
            largest = math.inf if math.isnan(largest) else largest
            if largest > worst:
                text, number = np.unravel_index(int(difference.argmax()), difference.shape)
                worst, where = largest, f"{name} after step {step}, number {number} of text {text}"
        changed += int((wanted[0].argmax(-1) != given[0].argmax(-1)).sum())
    if worst > tolerance:
        predictions = len(expected) * len(expected[0][0])
        what = f"{title} differ by {worst:.1e} on {kind}"
        raise disagreement(what, tolerance, where, f"{changed} of {predictions}")
    return worst


def _pairs(wanted: _Step, given: _Step) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield what is to be the same after a step, by its name."""
    (logits, states), (others, nexts) = wanted, given
    yield "logit", logits, others
    if states:
        for number, (one, other) in enumerate(zip(states, nexts, strict=True), 1):
            yield f"state {number}", one, other

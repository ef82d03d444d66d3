"""Do PyTorch and the exported files of a recurrent network compute the same, step by step?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import torch

from dslnas.data.batches import States
from dslnas.diagnostics import InternalError
from dslnas.exporters.agreement import Agreement, Call, Yardstick, disagreement

WHOLE, STEPWISE = "as a whole", "step by step"

Calls: TypeAlias = Mapping[str, tuple[int, ...]]

CALLS: Calls = {WHOLE: (120, 80), STEPWISE: (1,) * 200}
"""Steps of every call by the form of a model; a call starts from the states that the last gave."""

LENGTH = sum(CALLS[WHOLE])
"""Steps of a text."""

BATCHES = (1, 7)

StateArrays: TypeAlias = tuple[np.ndarray, ...]

SequenceRun: TypeAlias = Callable[[np.ndarray, StateArrays | None], tuple[np.ndarray, StateArrays]]
"""From tokens (time, batch) and states (batch, C) each, or None for those before a text, to logits
(time, batch, vocabulary) and the states after the last step."""


# ---- what runs a model --------------------------------------------------------------------------


def sequence_network_run(network: Call) -> SequenceRun:
    """Return what runs a network of dslnas on the CPU; see `off_by_a_bit`."""

    def call(tokens: torch.Tensor, states: States | None) -> tuple[torch.Tensor, States]:
        logits, *nexts = network(tokens, *(states or ()))
        return logits, tuple(nexts)

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
    shaken: SequenceRun,
    others: Mapping[str, Mapping[str, SequenceRun]],
    streams: Mapping[str, np.ndarray],
    tolerance: float,
    calls: Calls | None = None,
) -> dict[str, Agreement]:
    """Return by backend how its logits and states agree with PyTorch's.

    Each runs over the steps of `calls`, for batches of 1 and 7: as a whole in two calls, and step
    by step, on streams of tokens, int64 (N,), that are read again where they are too short.
    `shaken` and NAS711 are as in `compare`.
    """
    calls = CALLS if calls is None else calls
    agreed = dict.fromkeys(others, Agreement())
    for batch in BATCHES:
        for kind, stream in streams.items():
            tokens = np.ascontiguousarray(np.resize(stream, (batch, sum(calls[WHOLE]))).T)
            expected = list(_steps(reference, tokens, calls[WHOLE]))
            yardsticks = _yardsticks(expected, _steps(shaken, tokens, calls[WHOLE]))
            for name, forms in others.items():
                for form, run in forms.items():
                    found = _steps(run, tokens, calls[form])
                    title = f"{name}, {form}, and torch", f"{kind} tokens"
                    agreement = _checked(*title, expected, found, yardsticks, tolerance)
                    agreed[name] = agreed[name].joined(agreement)
    return agreed


def _steps(run: SequenceRun, tokens: np.ndarray, calls: Sequence[int]) -> Iterator[_Step]:
    """Yield what every step gives; states go from call to call."""
    states: StateArrays | None = None
    start = 0
    for steps in calls:
        logits, states = run(tokens[start : start + steps], states)
        yield from ((row, ()) for row in logits[:-1])
        yield logits[-1], states
        start += steps


_Yardsticks: TypeAlias = Mapping[str, Yardstick]
"""By the name of what is compared."""


def _yardsticks(expected: Sequence[_Step], shaken: Iterable[_Step]) -> list[_Yardsticks]:
    """Return what each step is judged by; what rounding makes grows from step to step."""
    spreads, largest = _spreads(expected), dict[str, float]()
    moved: dict[str, float] = {}
    made: list[_Yardsticks] = []
    for wanted, given in zip(expected, shaken, strict=True):
        for name, one, other in _pairs(wanted, given):
            largest[name] = max(largest.get(name, 0.0), float(np.abs(one).max()))
            moved[name] = max(moved.get(name, 0.0), _largest(one, other)[0])
        made.append({n: Yardstick.of(spreads[n], largest[n], moved[n]) for n in moved})
    return made


def _spreads(expected: Sequence[_Step]) -> dict[str, float]:
    """Return the spread of logits over steps and texts, and that of all numbers of a state."""
    count = sum(len(logits) for logits, _ in expected)
    sums = sum(logits.sum(0, dtype=np.float64) for logits, _ in expected)
    squares = sum(np.square(logits, dtype=np.float64).sum(0) for logits, _ in expected)
    variances = np.maximum(squares / count - np.square(sums / count), 0.0)
    found = {"logit": float(np.sqrt(np.mean(variances)))}
    ends = [states for _, states in expected if states]
    for number, states in enumerate(zip(*ends, strict=True), 1):
        found[f"state {number}"] = float(np.std(np.concatenate(states), dtype=np.float64))
    return found


def _largest(one: np.ndarray, other: np.ndarray) -> tuple[float, int]:
    """Return the largest difference, infinite for what is no number, and its place."""
    with np.errstate(invalid="ignore"):
        difference = np.abs(one - other)
    largest = float(difference.max())
    return math.inf if math.isnan(largest) else largest, int(difference.argmax())


def _checked(
    title: str,
    kind: str,
    expected: Sequence[_Step],
    found: Iterable[_Step],
    yardsticks: Sequence[_Yardsticks],
    tolerance: float,
) -> Agreement:
    """Return how results agree; an error tells where they differ most, beside what is allowed.

    Steps are compared one by one as they come: all logits of a large vocabulary would be written
    to memory and read again for each operation.
    """
    agreed, worst, where, changed = Agreement(), Agreement(), "", 0
    excess = 1.0
    steps = zip(expected, found, yardsticks, strict=True)
    for step, (wanted, given, known) in enumerate(steps, 1):
        for name, one, other in _pairs(wanted, given):
            if one.shape != other.shape:
                raise InternalError(f"{title} give shapes {other.shape} and {one.shape}: {name}")
            largest, place = _largest(one, other)
            agreement = known[name].judged(largest)
            agreed = agreed.joined(agreement)
            if largest > excess * known[name].allowed(tolerance):
                excess = largest / (known[name].allowed(tolerance) or 1.0)
                text, number = np.unravel_index(place, one.shape)
                worst = agreement
                where = f"{name} after step {step}, number {number} of text {text}"
        changed += int((wanted[0].argmax(-1) != given[0].argmax(-1)).sum())
    if where:
        predictions = len(expected) * len(expected[0][0])
        what = f"{title} differ on {kind} by {worst}"
        raise disagreement(what, tolerance, where, f"{changed} of {predictions}")
    return agreed


def _pairs(wanted: _Step, given: _Step) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield what is to be the same after a step, by its name."""
    (logits, states), (others, nexts) = wanted, given
    yield "logit", logits, others
    if states:
        for number, (one, other) in enumerate(zip(states, nexts, strict=True), 1):
            yield f"state {number}", one, other

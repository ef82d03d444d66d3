"""Do PyTorch, ONNX Runtime and the generated module compute the same, step by step of a text?"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.diagnostics import InternalError, user_error
from dslnas.exporters.runtimes import load_module, onnx_session

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


def network_run(network: SequenceNetwork) -> SequenceRun:
    """Return what runs a network of dslnas on the CPU."""

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        with torch.inference_mode():
            done = network.run(torch.from_numpy(tokens), _tensors(states))
        return done.logits.numpy(), _arrays(done.states)

    return run


def module_runs(path: Path) -> dict[str, SequenceRun]:
    """Return what runs the two forms of a generated Python module with the weights beside it."""
    module: Any = load_module(path)

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        with torch.inference_mode():
            logits, nexts = module(torch.from_numpy(tokens), _tensors(states))
        return logits.numpy(), _arrays(nexts)

    def step(token: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        with torch.inference_mode():
            logits, nexts = module.step(torch.from_numpy(token), _tensors(states))
        return logits.numpy(), _arrays(nexts)

    return {WHOLE: run, STEPWISE: _with_time(step)}


def onnx_runs(sequence: bytes, step: bytes) -> dict[str, SequenceRun]:
    """Return what runs the two forms of an ONNX model with ONNX Runtime on the CPU."""
    return {WHOLE: onnx_run(sequence), STEPWISE: _with_time(onnx_run(step))}


def onnx_run(model: bytes) -> SequenceRun:
    """Return what runs one ONNX model; that of a single step reads and gives no axis of time."""
    session = onnx_session(model, threads=1)
    tokens_input, *inputs = session.get_inputs()

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        batch = tokens.shape[-1]
        states = states or tuple(np.zeros((batch, i.shape[1]), np.float32) for i in inputs)
        given = {value.name: state for value, state in zip(inputs, states, strict=True)}
        logits, *nexts = session.run(None, {tokens_input.name: tokens, **given})
        return logits, tuple(nexts)

    return run


def _with_time(step: SequenceRun) -> SequenceRun:
    """Return what runs texts of one token with something that knows no axis of time."""

    def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        (token,) = tokens
        logits, nexts = step(token, states)
        return logits[None], nexts

    return run


def _tensors(states: StateArrays | None) -> tuple[torch.Tensor, ...] | None:
    return None if states is None else tuple(torch.from_numpy(state) for state in states)


def _arrays(states: Sequence[torch.Tensor]) -> StateArrays:
    return tuple(state.numpy() for state in states)


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

    Each runs over 200 steps, for batches of 1 and 7: as a whole in two calls, and step by step.

    Args:
        reference: PyTorch, as a whole.
        others: The other backends by name, with their forms, named as in `CALLS`.
        streams: Tokens to compare on, by what they are, such as `random` and `real`: int64 (N,);
            where they are too few they are read again.
        tolerance: The largest difference allowed.

    Raises:
        UserError: NAS711 if a backend differs by more, saying which, where and by how much.
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
        raise user_error(
            "NAS711",
            f"{title} differ by {worst:.1e} on {kind}, allowed {tolerance:.1e}: most at {where}; "
            f"{changed} of {predictions} predictions change",
            where="export",
            help="set `export.tolerance` higher only if such differences do not matter",
        )
    return worst


def _pairs(wanted: _Step, given: _Step) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield what is to be the same after a step, by its name."""
    (logits, states), (others, nexts) = wanted, given
    yield "logit", logits, others
    if states:
        for number, (one, other) in enumerate(zip(states, nexts, strict=True), 1):
            yield f"state {number}", one, other

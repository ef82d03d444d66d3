"""Do PyTorch, ONNX Runtime and the generated module compute the same, step by step of a text?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.diagnostics import InternalError, user_error
from dslnas.export.runtimes import load_module, onnx_session

CALLS = (120, 80)
"""Steps of the two calls of a run; the second one starts from the states that the first gave."""

BATCHES = (1, 7)

States: TypeAlias = tuple[np.ndarray, ...]

SequenceRun: TypeAlias = Callable[[np.ndarray, States | None], tuple[np.ndarray, States]]
"""From tokens (time, batch) and states (batch, C) each, or None for those before a text, to logits
(time, batch, tokens) and the states after the last step."""


# ---- what runs a model --------------------------------------------------------------------------


def network_run(network: SequenceNetwork) -> SequenceRun:
    """Return what runs a network of dslnas on the CPU."""

    def run(tokens: np.ndarray, states: States | None) -> tuple[np.ndarray, States]:
        with torch.inference_mode():
            done = network.run(torch.from_numpy(tokens), _tensors(states))
        return done.logits.numpy(), _arrays(done.states)

    return run


def module_runs(path: Path) -> dict[str, SequenceRun]:
    """Return what runs the two forms of a generated Python module with the weights beside it."""
    module: Any = load_module(path)

    def run(tokens: np.ndarray, states: States | None) -> tuple[np.ndarray, States]:
        with torch.inference_mode():
            logits, nexts = module(torch.from_numpy(tokens), _tensors(states))
        return logits.numpy(), _arrays(nexts)

    def step(token: np.ndarray, states: States | None) -> tuple[np.ndarray, States]:
        with torch.inference_mode():
            logits, nexts = module.step(torch.from_numpy(token), _tensors(states))
        return logits.numpy(), _arrays(nexts)

    return {"as a whole": run, "step by step": _stepwise(step)}


def onnx_runs(sequence: bytes, step: bytes) -> dict[str, SequenceRun]:
    """Return what runs the two forms of an ONNX model with ONNX Runtime on the CPU."""
    return {"as a whole": onnx_run(sequence), "step by step": _stepwise(onnx_run(step))}


def onnx_run(model: bytes) -> SequenceRun:
    """Return what runs one ONNX model; that of a single step reads and gives no axis of time."""
    session = onnx_session(model)
    tokens_input, *inputs = session.get_inputs()

    def run(tokens: np.ndarray, states: States | None) -> tuple[np.ndarray, States]:
        batch = tokens.shape[-1]
        states = states or tuple(np.zeros((batch, i.shape[1]), np.float32) for i in inputs)
        given = {value.name: state for value, state in zip(inputs, states, strict=True)}
        logits, *nexts = session.run(None, {tokens_input.name: tokens, **given})
        return logits, tuple(nexts)

    return run


def _stepwise(step: SequenceRun) -> SequenceRun:
    """Return what runs a text with something that runs single steps."""

    def run(tokens: np.ndarray, states: States | None) -> tuple[np.ndarray, States]:
        logits = []
        for token in tokens:
            one, states = step(token, states)
            logits.append(one)
        assert states is not None, "there is a token"
        return np.stack(logits), states

    return run


def _tensors(states: States | None) -> tuple[torch.Tensor, ...] | None:
    return None if states is None else tuple(torch.from_numpy(state) for state in states)


def _arrays(states: Sequence[torch.Tensor]) -> States:
    return tuple(state.numpy() for state in states)


# ---- comparing ----------------------------------------------------------------------------------


def compare_sequences(
    reference: SequenceRun,
    others: Mapping[str, Mapping[str, SequenceRun]],
    streams: Mapping[str, np.ndarray],
    tolerance: float,
) -> dict[str, float]:
    """Return by backend the largest absolute difference of a logit or a state from PyTorch's.

    Each runs over 200 steps in two calls, for batches of 1 and 7, all of its forms.

    Args:
        reference: PyTorch.
        others: The other backends by name, with their forms.
        streams: Tokens to compare on, by what they are, such as `random` and `real`: int64 (N,);
            where they are too few they are read again.
        tolerance: The largest difference allowed.

    Raises:
        UserError: NAS711 if a backend differs by more, saying which, where and by how much.
    """
    largest = dict.fromkeys(others, 0.0)
    for batch in BATCHES:
        for kind, stream in streams.items():
            tokens = np.ascontiguousarray(np.resize(stream, (batch, sum(CALLS))).T)
            expected = list(_calls(reference, tokens))
            for name, forms in others.items():
                for form, run in forms.items():
                    found = list(_calls(run, tokens))
                    title = f"{name}, {form}, and torch"
                    worst = _checked(title, f"{kind} tokens", expected, found, tolerance)
                    largest[name] = max(largest[name], worst)
    return largest


def _calls(run: SequenceRun, tokens: np.ndarray) -> Iterator[tuple[np.ndarray, States]]:
    """Yield what each call gives; states go from one to the next."""
    states: States | None = None
    start = 0
    for steps in CALLS:
        logits, states = run(tokens[start : start + steps], states)
        yield logits, states
        start += steps


def _checked(
    title: str,
    kind: str,
    expected: Sequence[tuple[np.ndarray, States]],
    found: Sequence[tuple[np.ndarray, States]],
    tolerance: float,
) -> float:
    """Return the largest difference; an error tells where it is."""
    wanted = np.concatenate([logits for logits, _ in expected])
    given = np.concatenate([logits for logits, _ in found])
    values = {"logit": (wanted, given)}
    step = 0
    for (logits, states), (_, others) in zip(expected, found, strict=True):
        step += len(logits)
        for number, pair in enumerate(zip(states, others, strict=True), 1):
            values[f"state {number} after step {step}"] = pair
    worst, where = 0.0, ""
    for name, (one, other) in values.items():
        if one.shape != other.shape:
            raise InternalError(f"{title} give shapes {other.shape} and {one.shape}: {name}")
        difference = np.nan_to_num(np.abs(one - other), nan=np.inf)
        if not where or difference.max() > worst:
            worst = float(difference.max())
            place = np.unravel_index(int(difference.argmax()), difference.shape)
            where = _place(name, [int(index) for index in place])
    if worst > tolerance:
        changed = int((wanted.argmax(-1) != given.argmax(-1)).sum())
        raise user_error(
            "NAS711",
            f"{title} differ by {worst:.1e} on {kind}, allowed {tolerance:.1e}: most at {where}; "
            f"{changed} of {wanted[..., 0].size} predictions change",
            where="export",
            help="set `export.tolerance` higher only if such differences do not matter",
        )
    return worst


def _place(name: str, place: Sequence[int]) -> str:
    *time, text, number = place
    step = f" after step {time[0] + 1}" if time else ""
    return f"{name}{step}, number {number} of text {text}"

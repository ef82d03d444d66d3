"""Export of recurrent networks: what is written, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors import safe_open

from dslnas.backends.torch.sequence import SequenceNetwork
from dslnas.diagnostics import InternalError, UserError
from dslnas.exporters import checks, sequence_parity
from dslnas.exporters.checks import calls_compared
from dslnas.exporters.export import Exported, export
from dslnas.exporters.python import PythonExporter
from dslnas.exporters.sequence_parity import (
    CALLS,
    LENGTH,
    STEPWISE,
    WHOLE,
    SequenceRun,
    StateArrays,
    compare_sequences,
    sequence_network_run,
)
from dslnas.exporters.written import Written
from dslnas.settings.sections import ExportSettings
from tests.backends.recurrent_networks import NETWORKS
from tests.exporters.brief import check_briefly
from tests.exporters.exported_text import WORD_TOKENS, language_model, words

ALL = {
    "model.onnx",
    "model_step.onnx",
    "model.py",
    "model.safetensors",
    "vocabulary.json",
    "sample.py",
}
TOKENS = np.arange(60).reshape(20, 3) % 10


def exported(folder: Path, network: SequenceNetwork, *formats: str) -> Exported:
    settings = ExportSettings.model_validate({"formats": formats}) if formats else ExportSettings()
    return export(
        network, folder, settings, name="novel", metadata={"spec_hash": "0a"}, facts=words(),
        real={"token": TOKENS},
    )  # fmt: skip


# A published cell, and what nobody would write. All networks are compared in fewer steps by the
# tests of the backends.
LONG = ("odd",)
OTHERS = [pytest.param(name, marks=pytest.mark.slow) for name in NETWORKS if name not in LONG]


@pytest.fixture
def _brief_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)


@pytest.mark.parametrize("name", [*LONG, *OTHERS])
@pytest.mark.sample(0)
def test_all_forms_agree_over_200_steps_in_two_calls(tmp_path: Path, name: str) -> None:
    made = exported(tmp_path, language_model(name))
    assert made.agreements.keys() == {"onnx", "python"}
    # a share of what rounding alone changes, where outputs vary by less than that
    assert max(one.relative for one in made.agreements.values()) < 0.1
    assert made.latency is not None
    assert {"batch 1, one thread", "batch 8, all threads"} <= set(made.latency.milliseconds)
    assert set(made.files) == ALL == {path.name for path in tmp_path.iterdir()}


def test_a_large_network_is_compared_over_fewer_steps_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, told = language_model(), list[str]()
    monkeypatch.setattr(checks, "WORK", 8 * 20 * network.graph.flops())
    monkeypatch.setattr(checks, "LEAST", 5)
    given = network, tmp_path, ExportSettings()
    export(*given, name="novel", metadata={}, facts=words(), tell=told.append)
    assert any(line.startswith("Compared with PyTorch on 20 steps of random") for line in told)
    assert calls_compared(network.graph) == {WHOLE: (12, 8), STEPWISE: (1,) * 20}
    monkeypatch.setattr(checks, "WORK", 1)
    assert sum(calls_compared(network.graph)[WHOLE]) == 5


@pytest.mark.usefixtures("_brief_checks")
def test_formats_decide_what_is_written(tmp_path: Path) -> None:
    network = language_model()
    python = exported(tmp_path / "python", network, "python")
    assert set(python.files) == {"model.py", "model.safetensors", "vocabulary.json"}
    assert python.agreements.keys() == {"python"}
    onnx_only = exported(tmp_path / "onnx", network, "onnx")
    assert set(onnx_only.files) == ALL - {"model.py"}
    assert onnx_only.agreements.keys() == {"onnx"}


@pytest.mark.usefixtures("_brief_checks")
def test_without_a_text_there_is_no_vocabulary(tmp_path: Path) -> None:
    made = export(language_model(), tmp_path, ExportSettings(), name="novel", metadata={})
    assert set(made.files) == ALL - {"vocabulary.json", "sample.py"}


@pytest.mark.usefixtures("_brief_checks")
def test_vocabulary_lists_the_tokens_by_their_numbers(tmp_path: Path) -> None:
    exported(tmp_path, language_model())
    content = json.loads((tmp_path / "vocabulary.json").read_text(encoding="utf-8"))
    assert content == {"level": "word", "tokens": list(WORD_TOKENS)}


@pytest.mark.usefixtures("_brief_checks")
def test_files_say_what_they_read(tmp_path: Path) -> None:
    exported(tmp_path, language_model())
    facts = {"spec_hash": "0a", "level": "word", "vocabulary_size": "10"}
    for name in ("model.onnx", "model_step.onnx"):
        properties = onnx.load(tmp_path / name).metadata_props
        assert {entry.key: entry.value for entry in properties} == facts
    with safe_open(tmp_path / "model.safetensors", "np") as file:
        assert json.loads(file.metadata()["dslnas"]) == facts
    module = (tmp_path / "model.py").read_text(encoding="utf-8")
    assert all(f"- {key}: {value}\n" in module for key, value in facts.items())


@pytest.mark.usefixtures("_brief_checks")
def test_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        exported(tmp_path / folder, language_model("stacked"))
    for name in ALL:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_vocabulary_of_another_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 tokens for 10 logits"):
        export(
            language_model(), tmp_path, ExportSettings(), name="x", metadata={},
            facts=words(("<unk>", "a", "b")),
        )  # fmt: skip


# ---- backends that differ -----------------------------------------------------------------------


def message(
    change: Callable[[np.ndarray, StateArrays], tuple[np.ndarray, StateArrays]], form: str = WHOLE
) -> str:
    """Return the message about a backend whose results are changed."""
    reference = sequence_network_run(language_model())

    def other(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        logits, nexts = reference(tokens, states)
        return change(logits.copy(), nexts)

    tokens = {"random": np.arange(1400) % 10}
    with pytest.raises(UserError) as raised:
        compare_sequences(reference, reference, {"onnx": {form: other}}, tokens, 1e-4)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "NAS711"
    return diagnostic.message


def test_wrong_logit_is_named_with_its_place() -> None:
    def change(logits: np.ndarray, states: StateArrays) -> tuple[np.ndarray, StateArrays]:
        if len(logits) == 80:
            logits[3, 0, 5] += 0.01
        return logits, states

    found = message(change)
    assert found.startswith(
        "onnx, as a whole, and torch differ on random tokens by 1.0e-02, 5.2e-01 of the spread of "
        "its outputs, allowed 1.0e-04: most at logit after step 124, number 5 of text 0; "
    )
    assert found.endswith(" of 200 predictions change")


@pytest.mark.parametrize(("form", "last"), [(WHOLE, 2), (STEPWISE, 200)])
def test_wrong_state_is_named(form: str, last: int) -> None:
    calls = count(1)

    def change(logits: np.ndarray, states: StateArrays) -> tuple[np.ndarray, StateArrays]:
        h, c = states
        return logits, (h, c + 0.5 * (next(calls) == last))

    assert "most at state 2 after step 200, number " in message(change, form)


def test_wrong_step_is_named_with_its_place() -> None:
    calls = count(1)

    def change(logits: np.ndarray, states: StateArrays) -> tuple[np.ndarray, StateArrays]:
        assert len(logits) == 1
        logits[0, 0, 5] += 0.01 * (next(calls) == 124)
        return logits, states

    found = message(change, STEPWISE)
    assert found.startswith("onnx, step by step, and torch differ on random tokens by 1.0e-02, ")
    assert "most at logit after step 124, number 5 of text 0; " in found


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_differs(value: float) -> None:
    def change(logits: np.ndarray, states: StateArrays) -> tuple[np.ndarray, StateArrays]:
        logits[0, 0, 0] = value
        return logits, states

    assert "differ on random tokens by inf" in message(change)


def test_other_shapes_are_a_mistake_of_dslnas() -> None:
    reference = sequence_network_run(language_model())

    def other(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
        logits, nexts = reference(tokens, states)
        return logits[..., :3], nexts

    with pytest.raises(InternalError, match="give shapes"):
        compare_sequences(reference, reference, {"onnx": {WHOLE: other}}, {"random": TOKENS}, 1e-4)


@pytest.mark.parametrize("form", CALLS)
def test_states_are_carried_from_call_to_call(tmp_path: Path, form: str) -> None:
    exported(tmp_path, language_model(), "python")
    reference = sequence_network_run(language_model())

    def forgetful(run: SequenceRun) -> SequenceRun:
        return lambda tokens, states: run(tokens, None)

    runs = PythonExporter().sequence_runs(Written(tmp_path))
    forms = {form: forgetful(runs[form])}
    with pytest.raises(UserError, match="NAS711"):
        compare_sequences(reference, reference, {"python": forms}, {"real": TOKENS}, 1e-4)


def test_difference_leaves_the_weights_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(network: SequenceNetwork) -> SequenceRun:
        run = sequence_network_run(network)

        def other(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
            logits, nexts = run(tokens, states)
            return logits + 1, nexts

        return other

    monkeypatch.setattr("dslnas.exporters.checks.sequence_network_run", wrong)
    with pytest.raises(UserError, match="NAS711"):
        exported(tmp_path, language_model())
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_small_errors_that_a_network_lets_grow_are_allowed_where_they_have_grown() -> None:
    """The shaken network drifts away from the tenth step on; so may another, and not before."""
    reference = sequence_network_run(language_model())
    tokens = {"random": np.arange(1400) % 10}

    def drifting(first: int) -> SequenceRun:
        done = 0

        def run(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
            nonlocal done
            logits, nexts = reference(tokens, states)
            steps = np.arange(done, done + len(logits))
            done += len(logits)
            return logits + 0.1 * (steps % LENGTH >= first)[:, None, None], nexts

        return run

    def compared(first: int) -> None:
        compare_sequences(reference, drifting(10), {"onnx": {WHOLE: drifting(first)}}, tokens, 1e-4)

    compared(10)
    compared(50)
    with pytest.raises(UserError, match="most at logit after step 10, "):
        compared(9)


def test_texts_and_calls_are_those_that_the_report_speaks_of() -> None:
    assert [len(calls) for calls in CALLS.values()] == [2, 200]
    assert {sum(calls) for calls in CALLS.values()} == {200}
    assert sequence_parity.BATCHES == (1, 7)


def test_comparison_leaves_torch_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []

    def watched(network: SequenceNetwork) -> SequenceRun:
        run = sequence_network_run(network)

        def other(tokens: np.ndarray, states: StateArrays | None) -> tuple[np.ndarray, StateArrays]:
            used.append(torch.get_num_threads())
            return run(tokens, states)

        return other

    monkeypatch.setattr("dslnas.exporters.checks.sequence_network_run", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        exported(tmp_path, language_model(), "python")
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert set(used) == {1}
    assert not torch.is_inference_mode_enabled()

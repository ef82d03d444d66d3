"""The functions that `dslnas` offers to notebooks: stage by stage, from folder to folder."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import dslnas
from dslnas.app.compiled import CompiledArchitecture
from tests.exporters.brief import check_briefly
from tests.measurements import without_measurements
from tests.small import SMALL

TELEMETRY = "ORT_DISABLE_TELEMETRY"
FILES = ("architecture.nas", "model.safetensors", "model.onnx", "model.py", "spec.nas")


@pytest.fixture(autouse=True)
def _brief_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


@pytest.mark.sample(0)
def test_every_stage_can_be_gone_on_with_from_the_folder(spec: Path, tmp_path: Path) -> None:
    whole, staged = tmp_path / "whole", tmp_path / "staged"
    run = dslnas.search(dslnas.compile_spec(spec), whole)
    statuses = [run.manifest.status, dslnas.train(run).manifest.status]
    assert dslnas.export(run).files == run.results.files
    assert [*statuses, run.manifest.status] == ["searched", "trained", "finished"]

    dslnas.search(dslnas.compile_spec(str(spec)), str(staged))
    dslnas.train(dslnas.load_run(staged))
    dslnas.export(dslnas.load_run(str(staged)))
    again = dslnas.load_run(staged)
    assert without_measurements(again.manifest) == without_measurements(run.manifest)
    for name in FILES:
        assert (whole / name).read_bytes() == (staged / name).read_bytes(), name
    assert not (staged / "checkpoint.safetensors").exists()


@pytest.mark.sample(0)
def test_a_finished_run_is_left_as_it_is(spec: Path, tmp_path: Path) -> None:
    run = dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    dslnas.export(dslnas.train(run))
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    loaded = dslnas.load_run(run.path)
    assert dslnas.train(loaded).manifest == run.manifest
    dslnas.export(loaded)
    assert before == {path.name: path.read_bytes() for path in run.path.iterdir()}


def test_a_run_that_is_only_searched_has_no_network_yet(spec: Path, tmp_path: Path) -> None:
    run = dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    for use in (run.network, lambda: dslnas.export(run)):
        with pytest.raises(dslnas.UserError, match=r"is not trained yet\n.*`dslnas.train\(run\)`"):
            use()
    assert run.manifest.status == "searched"


def test_what_a_notebook_shows_of_a_spec_is_a_line(spec: Path) -> None:
    compiled = dslnas.compile_spec(spec)
    assert repr(compiled) == f"<CompiledSearch '{spec.stem}': darts on digits>"
    lstm = dslnas.compile_spec("specs/text_lstm.nas")
    assert isinstance(lstm, CompiledArchitecture)
    assert repr(lstm) == "<CompiledArchitecture 'text_lstm': text>"
    assert repr(lstm.architecture) == "<Architecture of lstm: 1 in all, C = 128>"


def test_a_spec_can_be_handed_to_another_process(spec: Path) -> None:
    spec.write_text("use papers.darts\nop twice(f) = f -> f\ndata digits\nsearch darts\n")
    compiled = dslnas.compile_spec(spec)
    there = pickle.loads(pickle.dumps(compiled))
    assert (there.hash, there.text) == (compiled.hash, compiled.text)


def test_a_search_of_a_spec_without_choices_is_refused(tmp_path: Path) -> None:
    text = (
        "use std.cnn\n"
        "cell one { inputs 1; preprocess preprocess; node n1 = sep_conv(3)(in1) }\n"
        "network { cells one }\n"
        "data digits\n"
    )
    spec = tmp_path / "made.nas"
    spec.write_text(text)
    dslnas.compile_spec(spec)
    spec.write_text(f"{text}search gdas {{ epochs 3 }}\n")
    with pytest.raises(dslnas.UserError) as refused:
        dslnas.compile_spec(spec)
    assert str(refused.value) == (
        f"{spec}:5:1: error[NAS309]: `search gdas` has nothing to search: every choice is made\n"
        "  |\n"
        "5 | search gdas { epochs 3 }\n"
        "  | ^^^^^^^^^^^\n"
        "  = help: leave `search` out, or let a cell choose: `{skip_connect, relu}(in1)`"
    )


def test_what_a_spec_is_no_good_for_is_said(spec: Path, tmp_path: Path) -> None:
    compiled = dslnas.compile_spec(spec)
    with pytest.raises(dslnas.UserError) as choices:
        dslnas.train(compiled, tmp_path / "run")
    assert str(choices.value) == (
        f"{spec}: error[NAS310]: cannot be trained: it still has choices\n"
        f"  = help: `dslnas compile {spec} --search`, or `dslnas.search(spec)` in Python, "
        "makes them"
    )
    spec.write_text(SMALL.replace("search darts {\n    epochs  1\n}", ""))
    with pytest.raises(dslnas.UserError, match=r"NAS505.*spec names no search method"):
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    with pytest.raises(dslnas.UserError, match="NAS023"):
        dslnas.load_run(tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (dslnas.search, "the path 'runs/a.nas' was given"),
        (dslnas.search, "`dslnas.compile_spec('runs/a.nas')`"),
        (dslnas.train, "`dslnas.load_run('runs/a.nas')`"),
        (dslnas.train, "`dslnas.compile_spec('runs/a.nas')`"),
        (dslnas.export, "`dslnas.load_run('runs/a.nas')`"),
    ],
)
def test_a_path_instead_of_what_is_in_it_is_answered_with_the_call_that_reads_it(
    call: Callable[[object], object], message: str
) -> None:
    with pytest.raises(TypeError) as caught:
        call("runs/a.nas")
    assert message in str(caught.value)


def test_a_spec_is_no_run_and_a_run_no_spec(spec: Path, tmp_path: Path) -> None:
    compiled: Any = dslnas.compile_spec(spec)
    with pytest.raises(TypeError, match=r"as `dslnas.train\(...\)`.* a CompiledSearch was given"):
        dslnas.export(compiled)
    run: Any = dslnas.search(compiled, tmp_path / "run")
    with pytest.raises(TypeError, match=r"takes a compiled spec.* a Run was given"):
        dslnas.search(run)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seed": "1"}, "`seed` takes a whole number from 0 to .*; '1' was given"),
        ({"seed": 1.5}, "`seed` takes .*; 1.5 was given"),
        ({"seed": -1}, "`seed` takes .*; -1 was given"),
        ({"seed": True}, "`seed` takes .*; True was given"),
        ({"precision": "float16"}, "`precision` takes 'float32' or .*; 'float16' was given"),
        ({"precision": ["float32"]}, "`precision` takes"),
        ({"passes": ["foo"]}, r"`passes` takes text: .*; \['foo'\] was given"),
        ({"device": 0}, "`device` takes text"),
        ({"execution": "fast"}, "`execution` takes 'eager' or 'compile' or 'graphs'"),
        ({"resume": 1}, "`resume` takes True or False"),
        ({"report": "loud"}, "`report` takes a function"),
        ({"sed": 1}, "has no option `sed`: did you mean `seed`?"),
        ({"baseline": True}, "has no option `baseline`"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_made(
    spec: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"passes": "share_eqal"}, "passes: error[NAS806]: unknown pass `share_eqal`\n"),
        (
            {"passes": "all, share_equal"},
            "passes: error[NAS806]: `all` among the names of passes\n",
        ),
        ({"device": "tpu"}, "device: error[NAS012]: device `tpu` is not available\n"),
    ],
)
def test_options_have_the_same_name_in_python_as_in_a_command(
    spec: Path, tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(dslnas.UserError) as refused:
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run", **options)
    assert str(refused.value).startswith(message)
    assert "--" not in str(refused.value)
    assert not (tmp_path / "run").exists()


def test_a_folder_that_is_no_good_is_told_with_the_python_for_another(
    spec: Path, tmp_path: Path
) -> None:
    compiled = dslnas.compile_spec(spec)
    with pytest.raises(dslnas.UserError) as full:
        dslnas.search(compiled, tmp_path)
    assert str(full.value) == (
        f"{tmp_path}: error[NAS022]: folder is not empty\n"
        "  = help: choose another with `--out DIR` (in Python `out='DIR'`), or remove it"
    )
    with pytest.raises(dslnas.UserError) as missing:
        dslnas.search(compiled, tmp_path, resume=True)
    assert str(missing.value) == (
        f"{tmp_path}: error[NAS023]: is not a run folder: it has no readable manifest.json\n"
        "  = help: leave out `--resume` (in Python `resume=True`) to begin one"
    )
    with pytest.raises(dslnas.UserError) as file:
        dslnas.search(compiled, spec / "run")
    assert str(file.value) == (
        f"{spec / 'run'}: error[NAS021]: cannot be written: not a directory\n"
        "  = help: choose another place with `--out PATH` (in Python `out='PATH'`)"
    )


@pytest.mark.parametrize("overrides", ["search.epochs=2", [2], 5])
def test_overrides_are_a_list_of_texts(spec: Path, overrides: object) -> None:
    with pytest.raises(TypeError, match="`overrides` takes a list of texts"):
        dslnas.compile_spec(spec, cast("list[str]", overrides))


def test_a_run_is_trained_with_its_own_folder_and_options(spec: Path, tmp_path: Path) -> None:
    run = dslnas.search(dslnas.compile_spec(spec), tmp_path / "run")
    with pytest.raises(TypeError, match="leave out `out`, `seed`"):
        dslnas.train(run, tmp_path / "other", seed=1)
    assert run.manifest.status == "searched"
    assert not (tmp_path / "other").exists()
    assert repr(run) == f"<Run {str(run.path)!r}: searched>"


def test_an_interrupted_stage_is_said_and_reported(spec: Path, tmp_path: Path) -> None:
    seen: list[object] = []

    def stop(record: object) -> None:
        seen.append(record)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        dslnas.search(dslnas.compile_spec(spec), tmp_path / "run", report=stop)
    assert len(seen) == 1
    interrupted = dslnas.load_run(tmp_path / "run")
    assert interrupted.manifest.status == "interrupted"
    with pytest.raises(dslnas.UserError, match=r"`dslnas.search\(spec, .*resume=True\)` in Python"):
        interrupted.network()


def test_a_folder_of_repeats_is_no_run_but_holds_some(tmp_path: Path) -> None:
    (tmp_path / "seed-3").mkdir()
    for file in (tmp_path / "summary.json", tmp_path / "seed-3" / "manifest.json"):
        file.touch()
    with pytest.raises(dslnas.UserError, match=rf"NAS023.*several runs\n.*{tmp_path}/seed-3`"):
        dslnas.load_run(tmp_path)


def test_all_names_are_there_and_importing_them_imports_little() -> None:
    program = (
        "import sys, dslnas\n"
        "assert {*dslnas.__all__, '__doc__'} <= set(dir(dslnas))\n"
        "heavy = {'torch', 'onnx', 'sklearn', 'pydantic', 'networkx'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert all(callable(getattr(dslnas, name)) for name in dslnas.__all__)\n"
        "assert not {'torch', 'onnx', 'sklearn'} & set(sys.modules)\n"
        "import dslnas.exporters.export, dslnas.training.search, dslnas.training.train\n"
        "assert all(callable(getattr(dslnas, name)) for name in dslnas.__all__)\n"
        "assert not hasattr(dslnas, 'nothing')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("own", "told"), [(None, "1"), ("0", "0")])
def test_onnx_runtime_is_told_to_send_nothing_unless_somebody_says_it(
    own: str | None, told: str
) -> None:
    environment = {name: text for name, text in os.environ.items() if name != TELEMETRY}
    asked = f"import os, dslnas; print(os.environ[{TELEMETRY!r}])"
    environment |= {} if own is None else {TELEMETRY: own}
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout == f"{told}\n"

"""Whole runs on text from the command line."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from dslnas.cli.main import run
from tests.cli.outcome import Interrupt, assert_same, manifest_in, search, search_briefly
from tests.small_text import SMALL_TEXT

MODELS = ("model.onnx", "model_step.onnx", "model.py", "model.safetensors", "vocabulary.json")
FILES = {
    *MODELS,
    "alphas.safetensors",
    "architecture.nas",
    "manifest.json",
    "metrics.jsonl",
    "report.html",
    "sample.py",
    "spec.nas",
}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL_TEXT)
    return path


@dataclass(frozen=True)
class Done:
    """A run of `SMALL_TEXT`: its folder, to which nobody may write, and what was printed."""

    folder: Path
    out: str
    err: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    spec = tmp_path_factory.mktemp("done") / "small.nas"
    spec.write_text(SMALL_TEXT)
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        search_briefly(spec, spec.parent / "run")
    return Done(spec.parent / "run", out.getvalue(), err.getvalue())


def test_a_text_model_has_no_page(done: Done, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(done.folder), "--web"]) == 1
    assert "error[NAS716]: is a model of no pictures" in capsys.readouterr().err


def test_a_run_says_perplexities_everywhere(done: Done) -> None:
    out = done.folder
    assert {path.name for path in out.iterdir()} == FILES
    manifest = manifest_in(out)
    results: dict[str, Any] = manifest["results"]
    assert 1 < results["test_perplexity"] < 60
    assert 0 < results["test_bits_per_character"] < 8
    assert results["unknown_tokens"].keys() == {"weights", "architecture", "validation", "test"}
    assert results["unknown_tokens"]["weights"] == 0
    vocabulary = json.loads((out / "vocabulary.json").read_text())
    assert len(vocabulary["tokens"]) == results["vocabulary"]
    assert manifest["facts"] == {"level": "char"}
    metrics = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [m["stage"] for m in metrics] == ["search", "check", "retrain", "retrain", "retrain"]
    best = min(metrics[2:], key=lambda m: m["validation_loss"])
    assert best["validation_perplexity"] == results["validation_perplexity"]
    assert best["epoch"] == results["retrain_epoch"]
    assert done.err.count("validation perplexity ") == 4  # one of the search, three of the training
    assert f"  test perplexity       {results['test_perplexity']:.2f} " in done.out
    assert "bits a character" in done.out
    assert "unknown tokens: " in done.out
    assert "image" not in done.out + done.err


@pytest.mark.sample(0)
def test_an_interrupted_training_goes_on_bit_for_bit(
    spec: Path, done: Done, tmp_path: Path, interrupt: Interrupt
) -> None:
    whole, out = done.folder, tmp_path / "out"
    interrupt("retrain", 2)
    assert search(spec, out) == 130
    assert (out / "checkpoint.safetensors").exists()
    interrupt("retrain", 0)
    assert search(spec, out, "--resume") == 0
    assert_same(whole, out)


@pytest.mark.sample(0)
def test_a_run_is_exported_again_without_its_text(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("to be or not to be that is the question\n" * 120)
    spec.write_text(SMALL_TEXT.replace("subset  1%", 'path    "mine.txt"'))
    out, again = tmp_path / "run", tmp_path / "again"
    assert search(spec, out, "--set", "export.tolerance=0.000000000001") == 1
    assert "error[NAS711]" in capsys.readouterr().err
    (tmp_path / "mine.txt").unlink()
    repair = ["--set", "export.tolerance=1e-4"]
    assert run(["export", str(out), "--out", str(again), *repair]) == 0
    assert {path.name for path in again.iterdir()} == {*MODELS, "sample.py"}
    assert manifest_in(out)["facts"] == {"level": "word"}
    vocabulary = out / "vocabulary.json"
    assert vocabulary.read_bytes() == (again / "vocabulary.json").read_bytes()
    for content, message in (
        (b"{}", "error[NAS027]: damaged: `level`: is missing"),
        (b'{"level": "word", "tokens": ["a"]}', "error[NAS024]: has 1 tokens, the network "),
        (None, "error[NAS024]: does not exist"),
    ):
        vocabulary.unlink() if content is None else vocabulary.write_bytes(content)
        assert run(["export", str(out), "--out", str(again)]) == 1
        assert f"{vocabulary}: {message}" in capsys.readouterr().err


@pytest.mark.sample(0)
def test_repeats_are_compared_by_perplexity(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    fewer = ("--set", "evaluate.epochs=1")
    assert search(spec, out, "--repeats", "2", "--no-baseline", *fewer) == 0
    printed = capsys.readouterr().out
    summary = json.loads((out / "summary.json").read_text())["search"]
    runs = summary["runs"]
    assert (
        summary["best_by_validation_perplexity"]
        == min(runs, key=lambda r: r["validation_perplexity"])["seed"]
    )
    mean = sum(r["test_perplexity"] for r in runs) / 2
    assert summary["mean"]["test_perplexity"] == pytest.approx(mean)
    assert "seed   test ppl   validation ppl   bits/char   parameters" in printed
    assert f"mean {mean:10.2f} " in printed
    assert "ppl: perplexity, lower is better." in printed


def test_an_lstm_is_trained_by_the_same_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = tmp_path / "lstm.nas"
    spec.write_text(
        "use rnn.lstm\ndata text { subset 1%; batch 8; steps 10 }\n"
        "evaluate { channels 8; epochs 1; batch 8; weights sgd(lr = 5, clip = 0.25) }\n"
    )
    assert run(["export", str(spec), "--out", str(tmp_path / "run")]) == 0
    assert "test perplexity" in capsys.readouterr().out
    assert manifest_in(tmp_path / "run")["results"]["params"] > 8 * 4 * 16

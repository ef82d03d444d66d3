"""Targets that read the folder of a run: what a run left there, and somebody may have changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load
from safetensors.torch import save as save_tensors

from dslnas.app.compile import compile_source
from dslnas.app.compiled import CompiledArchitecture, CompiledSpace
from dslnas.app.report import write_report
from dslnas.app.status import status_of
from dslnas.backends.python.module import PythonModule
from dslnas.backends.torch.sequence import make_network
from dslnas.exporters.weights import WEIGHTS
from dslnas.graph.graph import PrimitiveGraph
from dslnas.runs.checkpoint import (
    HEADER,
    PROGRESS,
    content_hash,
    search_checkpoint,
    training_checkpoint,
)
from dslnas.runs.folder import ARCHITECTURE, CHECKPOINTS, METRICS, SPEC
from dslnas.runs.manifest import MANIFEST, SUMMARY, read_run_manifest
from dslnas.runs.network import load_network
from dslnas.runs.pulse import PULSE, Heart
from dslnas.runs.repeats import RepeatsFolder
from dslnas.runs.resume import reopen
from dslnas.runs.summary import Sample
from dslnas.runs.sweep_table import SWEEP, check_sweep_folder
from dslnas.source import SourceFile
from dslnas.tasks.labelled import PREDICTIONS
from dslnas.tasks.task import Measurement
from dslnas.training.keeping import Saved
from dslnas.training.records import StepRecord
from dslnas.training.search import SearchProgress
from dslnas.training.training_state import Progress
from tests.fuzz.target import Target
from tests.loading import IMAGES
from tests.report.made_runs import one_hot, searched, trained, write_run
from tests.runs.test_summary import on_images
from tests.small import SMALL

RESULTS = {"test_accuracy": 0.9, "validation_accuracy": 0.8, "params": 12_345, "flops": 2_000_000}
FIXED = """use std.cnn
cell one { inputs 1; node n1 = relu(in1) + conv(1)(in1); output sum(n1) }
network { stem conv(1, out = C); cells one; channels 2; head global_avg_pool -> linear(classes) }
data digits
"""
"""A network with few weights."""


def made_run(folder: Path) -> Path:
    """Return the folder of a run with all its files, made up where it is not there yet."""
    run = folder / "run"
    if run.exists():
        return run
    compiled = compile_source(SourceFile("small.nas", SMALL))
    assert isinstance(compiled, CompiledSpace)
    chosen = {name: [1] * len(table.rows) for name, table in compiled.space.tables.items()}
    scores = one_hot(compiled.space, chosen)
    lines = [
        searched(n, 2, chosen=chosen, scores=scores, skip_share={"normal": 0.5}) for n in (1, 2)
    ]
    write_run(
        run,
        [*lines, trained(1, 1)],
        RESULTS,
        spec=compiled.text,
        architecture="# From a test.\n" + FIXED,
        status="interrupted",
        spec_hash=compiled.hash,
    )
    Heart(run).hear(StepRecord("search", 2, 2, 1, 4))
    checkpoint = training_checkpoint(run, compiled.hash, 0)
    progress = Progress(measured=(Measurement(0.5, {"accuracy": 0.75}),), best=1)
    checkpoint.write(Saved(progress, {"network/w": torch.ones(2, 3)}))
    (run / PREDICTIONS).write_text(_PREDICTIONS, encoding="utf-8")
    return run


_PREDICTIONS = "row,label,predicted,zero,one\n0,zero,one,0.25,0.75\n1,one,one,0.125,0.875\n"


def reader(name: str) -> Callable[[bytes, Path], None]:
    """Return what looks at a run of which one file is the input."""

    def read(content: bytes, folder: Path) -> None:
        run = made_run(folder)
        (run / name).write_bytes(content)
        status_of(run)
        write_report(run, folder / "report.html")

    return read


def _content(name: str) -> Callable[[], Sequence[bytes]]:
    def seeds() -> Sequence[bytes]:
        with TemporaryDirectory() as folder:
            return [(made_run(Path(folder)) / name).read_bytes()]

    return seeds


def read_resumed(name: str) -> Callable[[bytes, Path], None]:
    """Return what goes on with a run of which one file is the input."""

    def read(content: bytes, folder: Path) -> None:
        run = made_run(folder)
        (run / name).write_bytes(_with_its_hash(content) if name == TRAINING else content)
        before = read_run_manifest(run)
        reopen(run, before, before, (run / SPEC).read_text(encoding="utf-8"))

    return read


def read_checkpoint(content: bytes, folder: Path) -> None:
    """Read the checkpoint of a search with the hash that its content would have."""
    checkpoint = search_checkpoint(folder, "hash", 0)
    checkpoint.path.write_bytes(_with_its_hash(content))
    checkpoint.check([searched(1, 2)], 2)


def _with_its_hash(content: bytes) -> bytes:
    """Return a checkpoint with the hash that its content would have; as it is if it has none."""
    try:
        state = load(content)
        texts = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])["__metadata__"]
        header = json.loads(texts[HEADER])
        header["content_hash"] = content_hash(texts[PROGRESS], state)
        return save_tensors(state, {**texts, HEADER: json.dumps(header)})
    except (SafetensorError, ValueError, LookupError, TypeError, AttributeError):
        return content


def _checkpoints() -> Sequence[bytes]:
    with TemporaryDirectory() as folder:
        checkpoint = search_checkpoint(Path(folder), "hash", 0)
        state = {"weights/w": torch.ones(2, 3), "steps": torch.tensor(3), "h": torch.ones(4).half()}
        checkpoint.write(Saved(SearchProgress(steps=3, losses={"train": 0.5}), state))
        return [checkpoint.path.read_bytes()]


def read_summary(content: bytes, folder: Path) -> None:
    """Read the summary of repeated runs."""
    (folder / SUMMARY).write_bytes(content)
    RepeatsFolder(folder, "f00").check()


def read_sweep(content: bytes, folder: Path) -> None:
    """Read the table of a sweep."""
    (folder / SWEEP).write_bytes(content)
    check_sweep_folder(folder, "small", ("search",))


def _summaries() -> Sequence[bytes]:
    facts = {"spec": "small", "spec_hash": "f00", "data": "digits", "status": "finished"}
    told = {"seeds": [0, 1], "search": _sample(), "baseline": _sample(), "errors": []}
    return [json.dumps({**facts, **told}).encode()]


def _sweeps() -> Sequence[bytes]:
    one = {
        "folder": "darts",
        "values": {"search": "darts"},
        "spec_hash": "f00",
        "sample": _sample(),
    }
    facts = {"spec": "small", "status": "finished", "seeds": [0], "errors": []}
    told = {"varied": {"search": ["darts", "nasp"]}, "combinations": [one]}
    return [json.dumps({**facts, **told}).encode()]


def _sample() -> object:
    runs = [on_images(seed, test, 0.5) for seed, test in enumerate((0.2, 0.4))]
    return Sample.of("darts", runs, IMAGES).model_dump()


@cache
def _graph() -> PrimitiveGraph:
    compiled = compile_source(SourceFile("fixed.nas", FIXED))
    assert isinstance(compiled, CompiledArchitecture)
    return compiled.graph


def read_weights(content: bytes, folder: Path) -> None:
    """Load the weights of a small network."""
    (folder / WEIGHTS).write_bytes(content)
    load_network(_graph(), folder)


def _weights() -> Sequence[bytes]:
    names = PythonModule(_graph()).weight_names
    network = make_network(_graph(), torch.Generator())
    arrays = {names[key]: np.ascontiguousarray(a) for key, a in network.arrays().items()}
    return [save(arrays, {"dslnas": "{}"})]


TRAINING = CHECKPOINTS["retrain"][0]

_WORDS = (b"null", b"true", b'"\\ud800"', b"[]", b"{}", b"1e400", b'"\\u0000"')
"""Values of JSON that are seldom met."""


def targets() -> Iterator[Target]:
    """Yield the targets of this module."""
    for name, file in (
        ("manifest", MANIFEST),
        ("metrics", METRICS),
        ("architecture", ARCHITECTURE),
        ("run-spec", SPEC),
        ("pulse", PULSE),
        ("predictions", PREDICTIONS),
    ):
        yield Target(name, reader(file), _content(file), _WORDS, is_text=True)
    yield Target(
        "resumed-manifest", read_resumed(MANIFEST), _content(MANIFEST), _WORDS, is_text=True
    )
    yield Target("resumed-metrics", read_resumed(METRICS), _content(METRICS), _WORDS, is_text=True)
    yield Target("resumed-training", read_resumed(TRAINING), _content(TRAINING))
    yield Target("summary", read_summary, _summaries, _WORDS, is_text=True)
    yield Target("sweep", read_sweep, _sweeps, _WORDS, is_text=True)
    yield Target("checkpoint", read_checkpoint, _checkpoints)
    yield Target("weights", read_weights, _weights)

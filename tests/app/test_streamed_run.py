"""A run on pictures that stay in their files ends in what one ends in that holds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file

import dslnas
from dslnas.state import hash_of
from tests.exporters.brief import check_briefly
from tests.small import SMALL

DATA = """data images {
    path   "photos"
    size   8
    batch  8
    augment flip
    stream STREAM
    workers 0
}
"""


def test_results_are_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_briefly(monkeypatch)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    for label, name in enumerate(("dark", "bright")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(30):
            noise = generator.integers(60 * label, 60 * label + 130, (9, 11, 3), np.uint8)
            Image.fromarray(noise).save(tmp_path / "photos" / name / f"{number}.jpg")
    before, _, after = SMALL.partition("data digits {\n    subset  10%\n    batch   32\n}\n")
    found = []
    for stream in ("never", "always"):
        spec = tmp_path / f"{stream}.nas"
        spec.write_text(before + DATA.replace("STREAM", stream) + after)
        run = dslnas.search(dslnas.compile_spec(spec), tmp_path / stream)
        dslnas.train(run)
        files = [(run.path / name).read_bytes() for name in ("predictions.csv", "mistakes.png")]
        found.append((run.cells, hash_of(load_file(run.path / "model.safetensors").items()), files))
    assert found[0] == found[1]

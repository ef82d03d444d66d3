"""Spaces of `specs/` are searched, trained and exported, and three runtimes agree on the result."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import dslnas
from tests.exporters.brief import check_briefly

SPECS = Path(__file__).resolve().parents[2] / "specs"
TEXT = (SPECS.parent / "docs" / "spaces.md").read_text(encoding="utf-8")
SPACES = (
    "activity_signals",
    "diabetes_regression",
    "digits_convnext",
    "digits_darts_attention",
    "digits_hierarchical",
    "digits_mobilenet",
    "digits_resnet",
    "digits_vit",
    "ratings_sif",
)
BRIEF = (
    "search.epochs=2",
    "data.batch=16",
    "derive.against=0",
    "evaluate.epochs=1",
    "evaluate.batch=16",
    "evaluate.channels=4",
    "network.channels=4",
)
EPOCHS = {"diabetes_regression": 4}
"""Epochs of the final training, where one is too few: the rate rises for three."""


def brief(space: str, folder: Path) -> list[str]:
    """Return overrides by which a space is searched and trained on few examples."""
    if space == "digits_resnet":  # chooses its channels
        return [*(one for one in BRIEF if "channels" not in one), "data.subset=8%"]
    if space != "activity_signals":
        return [*BRIEF, "data.subset=8%", f"evaluate.epochs={EPOCHS.get(space, 1)}"]
    drawn = np.random.default_rng(0)
    kinds = np.arange(120) % 6
    signals = drawn.standard_normal((120, 9, 128)).astype(np.float32) + kinds[:, None, None]
    np.savez(folder / "signals.npz", x=signals, y=kinds)
    return [*BRIEF, f"data.path={folder / 'signals.npz'}", "data.split=0.4, 0.2, 0.2, 0.2"]


# A convolutional space with choices around its cells; the others are slow.
SHORT = ("digits_mobilenet",)
RUNS = [s if s in SHORT else pytest.param(s, marks=pytest.mark.slow) for s in SPACES]


@pytest.mark.parametrize("space", RUNS)
def test_a_space_is_searched_trained_and_exported_alike_to_three_runtimes(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_briefly(monkeypatch)
    spec = dslnas.compile_spec(SPECS / f"{space}.nas", brief(space, tmp_path))
    run = dslnas.train(dslnas.search(spec, tmp_path / "run"))
    dslnas.export(run)
    trained = ["retrain"] * EPOCHS.get(space, 1)
    assert [m.stage for m in run.metrics] == ["search", "search", *trained]
    assert set(run.results.largest_difference) == {"onnx", "python"}


@pytest.mark.parametrize("name", re.findall(r"\(\.\./specs/(\w+)\.nas\)", TEXT))
def test_the_recipe_that_makes_a_space_small_fits_every_space_that_is_named(
    name: str, tmp_path: Path
) -> None:
    recipe = re.findall(r"--set (\S+=\S+)", TEXT)
    assert len(recipe) == 5
    if name == "ptb_small_darts":  # its vocabulary is that of its data, which are nobody's to ship
        for part in ("train", "valid", "test"):
            (tmp_path / f"{part}.txt").write_text("a few words of a text\n" * 20_000)
        recipe.append(f"data.path={tmp_path}")
    dslnas.compile_spec(SPECS / f"{name}.nas", recipe)


@pytest.mark.parametrize("space", SPACES)
def test_a_space_takes_less_than_60_lines(space: str) -> None:
    assert len((SPECS / f"{space}.nas").read_text().splitlines()) < 60

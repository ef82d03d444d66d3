"""Random programs for Hypothesis from first to last: space, data, search, training and export."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from dslnas.settings.gradient import GradientSettings
from dslnas.settings.labelled import METRICS_OF
from dslnas.settings.search import SEARCH
from tests.choosing_spaces import choosing_spaces
from tests.graph.recurrent import recurrent_spaces
from tests.spaces import space_of
from tests.strategies import SHARING, SpaceText, rating_spaces, row_spaces, spaces, valued_spaces

EXAMPLES = 24
MOST_CHANNELS = 4
FEW = {
    "enas": "units 8; updates 1; samples 2; candidates 2",
    "nao": "pool 6; fresh 2; parents 2; units 4; fits 1",
    "evolution": "population 3; tournament 2; cycles 2",
    "random": "samples 3",
    "random_search": "each 1",
    "pc_darts": "partial 2",
}
"""Settings that make them quick, and parts that any channels have."""
SELDOM_FIT = {"pc_darts", "darts_minus"}
"""Methods that many of these spaces are not for: `check` says so."""
METHODS = sorted({*SEARCH} - SELDOM_FIT)
FOLLOW_GRADIENTS = [m for m in METHODS if issubclass(SEARCH[m], GradientSettings)]
SCHEDULES = ("0.02", "cosine(0.02)", "linear(0.02, 0.001)", "steps(0.02, 1)", "exponential(0.02)")
OPTIMISERS = ("sgd", "adam", "adamw", "rmsprop", "adagrad")
CHANGES = (
    *("resized_crop", "crop(1)", "flip", "cutout(2)", "rotate(10)", "colour", "erase", "mixup"),
)
TASKS = sorted(METRICS_OF)
_EPOCHS = st.sampled_from((1, 1, 2))


@dataclass(frozen=True)
class WholeProgram:
    """A random program, and the data that it names.

    Attributes:
        text: Its space, and all else that it says.
        shape: Shape of an example; empty where the data are no arrays.
        task: Kind of task, `text` or `ratings`.
        outputs: Classes, labels or numbers.
        overrides: More settings, in the form of `--set`.
    """

    text: str
    shape: tuple[int, ...]
    task: str
    outputs: int
    overrides: tuple[str, ...]

    @property
    def is_searched(self) -> bool:
        """Whether it has choices for a search to make."""
        return "\nsearch " in self.text

    def write(self, folder: Path) -> Path:
        """Write the program and its data into a folder; return the program's path."""
        random = np.random.default_rng(0)
        if self.task == "text":
            (folder / "a.txt").write_text("abcdefgij\n" * 40, encoding="utf-8")
        elif self.shape:
            inputs = random.standard_normal((EXAMPLES, *self.shape)).astype(np.float32)
            targets = self._targets(random)
            if len(self.shape) == 1:
                rows = np.concatenate([inputs, targets.reshape(EXAMPLES, -1)], 1)
                names = ",".join(f"c{n}" for n in range(rows.shape[1]))
                np.savetxt(folder / "a.csv", rows, "%.4f", ",", header=names, comments="")
            else:
                np.savez(folder / "a.npz", x=inputs, y=targets)
        path = folder / "a.nas"
        path.write_text(self.text, encoding="utf-8")
        return path

    def _targets(self, random: np.random.Generator) -> np.ndarray:
        numbers = np.arange(EXAMPLES)
        if self.task == "classification":
            return numbers % self.outputs
        if self.task == "multilabel":
            return (numbers[:, None] // (1 + np.arange(self.outputs))) % 2
        return random.standard_normal((EXAMPLES, self.outputs))


def _has_few_channels(found: SpaceText) -> bool:
    """Whether an array of images says by its sizes which axis is that of the channels."""
    return min(found.shape[1:]) > MOST_CHANNELS


def _without_auxiliary(found: SpaceText) -> SpaceText:
    return replace(found, text=found.text.replace("auxiliary 0.4", "auxiliary 0"))


def _bounded(text: str) -> SpaceText:
    """Return a recurrent space whose states stay small however long a text is."""
    text = re.sub(r"\n *normalise [^\n]*", "", text)
    return SpaceText(text.replace("keep all", "normalise tanh\n    keep all"), (), 10)


_SPACES: dict[str, st.SearchStrategy[SpaceText]] = {
    "images": st.one_of(spaces().filter(_has_few_channels), valued_spaces(), choosing_spaces()),
    "signals": spaces(of_signals=True).map(_without_auxiliary),
    "rows": row_spaces(),
    "ratings": rating_spaces(),
    "text": recurrent_spaces().map(_bounded),
}


@st.composite
def whole_programs(draw: st.DrawFn) -> WholeProgram:
    """Draw a program of any task that `check` accepts, but for what a method is not for."""
    kind = draw(st.sampled_from(("images", "images", "signals", "rows", "ratings", "text")))
    found = draw(_SPACES[kind])
    task = draw(st.sampled_from(TASKS)) if found.shape else kind
    space = found.text.replace(SHARING, "")
    sections, overrides = [space, _data(draw, kind, task, found)], ["evaluate.batch=4"]
    if _has_choices(found):
        search = _search(draw, "searched(" in space, shares=space != found.text)
        sections += [search, "derive { against 0 }"]
    overrides += [f"evaluate.epochs={draw(_EPOCHS)}", f"evaluate.weights={_steps(draw)}"]
    more = ["evaluate.ema=0.5", "evaluate.accumulate=2", "evaluate.epoch=best"]
    more += ["evaluate.label_smoothing=0.1"] if task == "classification" else []
    more += ["evaluate.drop_path=0.3"] if kind in ("images", "signals") else []
    more += ["evaluate.augment=flip, cutout(3)"] if kind == "images" else []
    more += ["export.precision=int8, float16"]
    overrides += sorted(draw(st.sets(st.sampled_from(more), max_size=3)))
    text = "\n".join(sections) + "\n"
    return WholeProgram(text, found.shape, task, found.classes, tuple(overrides))


def _has_choices(found: SpaceText) -> bool:
    if not found.shape:
        return "{" in found.text
    return bool(space_of(found.text, found.shape, classes=found.classes).tables)


def _steps(draw: st.DrawFn) -> str:
    """Draw an optimiser with a schedule of its rate, which may warm up."""
    rate = draw(st.sampled_from(SCHEDULES))
    return f"{draw(st.sampled_from(OPTIMISERS))}(lr = {rate})"


def _search(draw: st.DrawFn, by_gradients: bool, *, shares: bool) -> str:
    method = draw(st.sampled_from(FOLLOW_GRADIENTS if by_gradients else METHODS))
    settings = [f"epochs {draw(_EPOCHS)}", f"weights {_steps(draw)}"]
    settings += [FEW[method]] if method in FEW else []
    settings += ["sharing slices"] if shares else []
    return f"search {method} {{ {'; '.join(settings)} }}"


def _data(draw: st.DrawFn, kind: str, task: str, found: SpaceText) -> str:
    settings = []
    if kind == "text":
        settings = ['path "a.txt"', "batch 2", "steps 3", "split 50%, 20%, 15%, 15%"]
        return f"data text {{ level char; {'; '.join(settings)} }}"
    if kind == "ratings":
        interaction = draw(st.sampled_from(("plus", "multiply", "max", "min")))
        settings = ["users 6", "items 5", "ratings 29", "batch 4", f"interaction {interaction}"]
        return f"data simulated_ratings {{ {'; '.join(settings)} }}"
    settings = [f"task {task}", "batch 4", "split 40%, 20%, 20%, 20%"]
    settings += draw(st.sampled_from(([], [f"metric {draw(st.sampled_from(METRICS_OF[task]))}"])))
    if task != "regression":
        settings += draw(st.sampled_from(([], ["balance weights"])))
    if kind == "images":
        changes = draw(st.lists(st.sampled_from(CHANGES), max_size=2, unique=True))
        settings += [f"augment {', '.join(changes)}"] if changes else []
    if kind == "rows":
        first = found.shape[0]
        names = (f'"c{first + n}"' for n in range(1 if task == "classification" else found.classes))
        return f'data table {{ path "a.csv"; target {", ".join(names)}; {"; ".join(settings)} }}'
    source = "npz" if kind == "images" else "signals"
    return f'data {source} {{ path "a.npz"; {"; ".join(settings)} }}'

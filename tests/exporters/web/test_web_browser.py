"""The page in a browser says what `predict.py` says of the same pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from dslnas.app.compile import compile_spec, without_choices
from dslnas.backends.torch.network import TorchNetwork
from dslnas.data.facts import LabelledFacts
from dslnas.data.preprocessing import CHANNELS, ORIENTATION, Preprocessing
from dslnas.diagnostics import UserError
from dslnas.exporters.export import export
from dslnas.exporters.predict import Predictor, load
from dslnas.exporters.web.page import write_page
from dslnas.exporters.web.runtime import Runtime, find_runtime
from dslnas.settings.sections import ExportSettings
from tests.browser import Page, chromium, opened
from tests.exporters.brief import check_briefly

pytestmark = pytest.mark.slow

SPEC = """
use std.cnn
cell a {{
    inputs      1
    preprocess  preprocess
    node n1 = conv(3)(in1)
    output      n1
}}
network {{ input {}; classes 4; cells a }}
data images
evaluate {{ channels 4; repeat 0 }}
"""
NAMES = ("</script>", "<b>bold</b>", "日本", "it's")
TOLERANCE = 1e-5
"""Both compute in float32; measured are 1e-6 and less."""

ROWS = "[...document.querySelectorAll('tr')].map((row) => [row.dataset.name, +row.dataset.value])"


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    try:
        return find_runtime()
    except UserError as error:
        pytest.skip(f"there is no runtime: {error}")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium")
    with opened(program, tmp_path_factory.mktemp("profile")) as page:
        yield page


def made(folder: Path, how: Preprocessing, goal: str, runtime: Runtime) -> Path:
    """Export a network with large random weights, so that pictures differ, and its page."""
    spec = folder / "spec.nas"
    folder.mkdir(exist_ok=True)
    spec.write_text(SPEC.format(" x ".join(map(str, (how.channels, how.height, how.width)))))
    compiled = without_choices(compile_spec(spec, with_data=False), "exported")
    network = TorchNetwork(compiled.graph, torch.Generator().manual_seed(1)).eval()
    for weight in network.parameters():
        weight.data *= 3
    numbers = ((0.0,) * 4, (2.0,) * 4) if goal == "regression" else ((), ())
    facts = LabelledFacts(NAMES, how.mean, how.std, *numbers, preprocessing=how, goal=goal)
    with pytest.MonkeyPatch.context() as patch:
        check_briefly(patch)
        export(network, folder, ExportSettings(), name="x", metadata={}, facts=facts)
    write_page(folder, runtime)
    return folder


def photo(height: int, width: int, channels: int, seed: int) -> Image.Image:
    """Return a picture of smooth colours, as photos are."""
    dice = np.random.default_rng(seed)
    noise = dice.integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return pictures of odd sizes, as PNG, JPEG, WebP and GIF, some turned by EXIF."""
    folder = tmp_path_factory.mktemp("photos")
    turned = Image.Exif()
    turned[ORIENTATION] = 6
    photo(61, 37, 3, 1).save(folder / "a.png")
    photo(40, 95, 3, 2).save(folder / "b.jpg", quality=92)
    photo(200, 301, 3, 3).save(folder / "c.jpg", quality=80, exif=turned)
    photo(33, 33, 3, 4).save(folder / "d.webp", lossless=True)
    photo(20, 21, 3, 5).convert("L").save(folder / "e.png")
    photo(50, 20, 3, 6).convert("P").save(folder / "f.gif")
    return sorted(folder.iterdir())


def said_of(page: Page, file: Path) -> dict[str, float]:
    """Return what the page says of a file."""
    page.value("document.getElementById('values').replaceChildren()")
    page.choose("#file", file)
    page.wait(f"{ROWS}.length > 0")
    return dict(page.value(ROWS))


def difference(folder: Path, file: Path, said: dict[str, float]) -> float:
    expected = Predictor(load(folder / "model.onnx")).predict(file).values
    assert said.keys() == expected.keys()
    return max(abs(said[name] - expected[name]) for name in expected)


def opened_page(browser: Page, folder: Path) -> Page:
    browser.said.clear()
    browser.open(folder / "web.html")
    browser.wait("document.getElementById('state').textContent === ''")
    return browser


@pytest.mark.parametrize(
    ("how", "goal"),
    [
        (
            Preprocessing(
                "RGB", 16, 16, "crop", (0.4, 0.5, 0.6), (0.2, 0.3, 0.25), shorter_side=20
            ),
            "classification",
        ),
        (Preprocessing("L", 12, 16, "pad", (0.3,), (0.2,)), "multilabel"),
        (Preprocessing("RGB", 16, 16, "stretch", (0.5,) * 3, (0.5,) * 3), "regression"),
    ],
)
def test_a_page_says_what_the_program_says(
    tmp_path: Path,
    browser: Page,
    photos: list[Path],
    runtime: Runtime,
    how: Preprocessing,
    goal: str,
) -> None:
    folder = made(tmp_path, how, goal, runtime)
    page = opened_page(browser, folder)
    found = {file.name: difference(folder, file, said_of(page, file)) for file in photos}
    assert max(found.values()) < TOLERANCE, found
    asked = [text for text in page.said if not text.startswith("asked for blob:null/")]
    assert asked == [f"asked for {(folder / 'web.html').as_uri()[:80]}"]


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_what_is_transparent_is_laid_on_the_background(
    tmp_path: Path, browser: Page, runtime: Runtime, mode: str
) -> None:
    numbers = (0.5,) * CHANNELS[mode]
    how = Preprocessing(mode, 16, 16, "stretch", numbers, numbers, background="orange")
    folder = made(tmp_path / "model", how, "classification", runtime)
    dice = np.random.default_rng(7)
    file = tmp_path / "a.png"
    Image.fromarray(dice.integers(0, 256, (31, 47, 4), np.uint8)).save(file)
    page = opened_page(browser, folder)
    assert difference(folder, file, said_of(page, file)) < TOLERANCE


def test_what_is_drawn_is_labelled_and_what_is_no_picture_is_told(
    tmp_path: Path, browser: Page, runtime: Runtime
) -> None:
    how = Preprocessing("L", 16, 16, "stretch", (0.3,), (0.2,), polarity="light on dark")
    folder = made(tmp_path / "model", how, "classification", runtime)
    page = opened_page(browser, folder)
    place = "document.getElementById('pad').getBoundingClientRect()"
    left, top = page.value(f"{place}.left"), page.value(f"{place}.top")
    page.draw(*((left + 140, top + 20 + 12 * step) for step in range(20)))
    page.wait(f"{ROWS}.length > 0")
    ink = drawn(page)
    assert 0.03 < ink.mean() / 255 < 0.2
    assert ink[150, 140] == 255
    expected = Predictor(load(folder / "model.onnx")).outputs_of(ink[:, :, None])
    assert (
        max(abs(dict(page.value(ROWS))[name] - v) for name, v in zip(NAMES, expected, strict=True))
        < TOLERANCE
    )
    (tmp_path / "notes.txt").write_text("no picture")
    page.choose("#file", tmp_path / "notes.txt")
    page.wait("document.getElementById('state').textContent.includes('notes.txt is no picture')")
    assert page.value(ROWS) == []


def drawn(page: Page) -> NDArray[np.uint8]:
    """Return the ink of the pad, 280 x 280."""
    pixels = page.value(
        "[...document.getElementById('pad').getContext('2d').getImageData(0, 0, 280, 280).data]"
        ".filter((value, place) => place % 4 === 0)"
    )
    return np.array(pixels, np.uint8).reshape(280, 280)

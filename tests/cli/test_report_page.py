"""Pages on runs: every number on them is one of the run's files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from dslnas.app import report as module
from dslnas.cli.main import run
from dslnas.runs.folder import REPORT
from dslnas.runs.manifest import MANIFEST
from tests.browser import Page, chromium, opened
from tests.cli.outcome import Interrupt, manifest_in, search
from tests.small import SMALL

_SCALES = {"%": 0.01, "k": 1e3, "M": 1e6, "G": 1e9, "min": 60.0, "h": 3600.0}
SHOWN = re.compile(
    r"(?P<number>-?[\d,]+(?:\.(?P<digits>\d+))?(?:e(?P<power>-?\d+))?) ?(?P<unit>\S*)"
)


def at(folder: Path, source: str) -> Any:
    """Return what a file of a run has at a place."""
    name, _, pointer = source.partition("#")
    text = (folder / name).read_text()
    found = [json.loads(x) for x in text.splitlines()] if name.endswith("l") else json.loads(text)
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found


class Numbers(HTMLParser):
    """Collects every number of a page that says where it is from: its source, value and text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, float, str]] = []
        self._open: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        source, value = facts.get("data-from"), facts.get("value") or facts.get("data-value")
        if source and value:
            self.found.append((source, float(value), ""))

    def handle_data(self, data: str) -> None:
        if self.found and not self.found[-1][2] and data.strip():
            self.found[-1] = (*self.found[-1][:2], data.strip())


def assert_shown(text: str, value: float) -> None:
    """Assert that a text is a value, rounded to its last digit, with a unit or a name before it."""
    shown = SHOWN.fullmatch(text.rpartition(": ")[2])
    assert shown is not None, text
    scale = _SCALES.get(shown["unit"], 1.0)
    number = float(shown["number"].replace(",", ""))
    last = 10.0 ** (int(shown["power"] or 0) - len(shown["digits"] or ""))
    if not shown["digits"] and not shown["power"]:
        last = max(1.0, 10.0 ** (len(shown["number"].strip("-")) - 3))
    assert abs(number * scale - value) <= 0.51 * last * scale, (text, value)


def assert_numbers(folder: Path) -> None:
    """Assert that all numbers of the page of a run are those of its files."""
    numbers = Numbers(folder / REPORT).found
    assert len(numbers) > 100
    for source, value, text in numbers:
        assert at(folder, source) == value, source
        assert_shown(text, value)


def test_every_number_of_a_report_is_one_of_the_runs_files(finished: Path) -> None:
    assert (finished / REPORT).exists()
    assert_numbers(finished)
    sources = {source.split("#")[0] for source, _, _ in Numbers(finished / REPORT).found}
    assert sources == {"manifest.json", "metrics.jsonl"}


def test_a_report_needs_nothing_but_itself(finished: Path) -> None:
    page = (finished / REPORT).read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]*", page)
    assert "@import" not in page
    assert len(page) < 2_000_000


def test_a_report_is_written_where_one_wants_it(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["report", str(finished), "-o", str(tmp_path / "mine.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'mine.html'}\n"
    assert (tmp_path / "mine.html").read_bytes() == (finished / REPORT).read_bytes()


def test_an_interrupted_run_has_a_report_of_what_is_there(
    tmp_path: Path, interrupt: Interrupt
) -> None:
    (tmp_path / "small.nas").write_text(SMALL)
    interrupt("retrain", 1)
    assert search(tmp_path / "small.nas", tmp_path / "run") != 0
    assert not (tmp_path / "run" / REPORT).exists()
    assert run(["report", str(tmp_path / "run")]) == 0
    page = (tmp_path / "run" / REPORT).read_text(encoding="utf-8")
    assert "The run was interrupted." in page
    assert 'id="cells"' in page
    assert 'id="deployment"' not in page


def test_a_run_does_not_fail_with_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("no room")

    monkeypatch.setattr(module, "write_page", fail)
    (tmp_path / "small.nas").write_text(SMALL)
    assert search(tmp_path / "small.nas", tmp_path / "run") == 0
    assert manifest_in(tmp_path / "run")["status"] == "finished"
    told = (
        "The report could not be written (ZeroDivisionError('no room')); "
        f"`dslnas report {tmp_path / 'run'}` tries again"
    )
    assert told in capsys.readouterr().err.splitlines()


def test_what_is_no_run_has_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"{tmp_path}: error[NAS023]: is not a run folder: it has no readable manifest.json\n"
        "  = help: give the folder of a run\n"
    )


DAMAGED = {
    "metrics.jsonl": ("{}\n", "metrics.jsonl:1: damaged: `stage`: is missing"),
    "mistakes.png": ("no", "mistakes.png: damaged: not the pictures of a run"),
    "predictions.csv": ("a,b\n1\n", "predictions.csv: damaged: row 2 has 1 columns, the first 2"),
    "architecture.nas": ("cell {", "architecture.nas:1:6: expected a name after `cell`, found `{`"),
    "spec.nas": ("cell {", "spec.nas:1:6: expected a name after `cell`, found `{`"),
}


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("report", set(DAMAGED)),
        ("show", {"architecture.nas", "spec.nas"}),
        ("compare", {"metrics.jsonl", "architecture.nas", "spec.nas"}),
        ("status", {"metrics.jsonl"}),
    ],
)
def test_damaged_files_are_left_out_and_told_in_a_line_each_where_they_are_needed(
    finished: Path, capsys: pytest.CaptureFixture[str], command: str, files: set[str]
) -> None:
    for file, (content, _) in DAMAGED.items():
        (finished / file).write_text(content)
    capsys.readouterr()
    assert run([command, str(finished), *[str(finished)] * (command == "compare")]) == 0
    lines = "".join(capsys.readouterr()).splitlines()
    told = {line.strip() for line in lines if line.strip().startswith("left out: ")}
    assert told == {f"left out: {finished}/{DAMAGED[file][1]}" for file in files}
    if command == "report":
        assert (finished / REPORT).read_text(encoding="utf-8").count("left out: ") == len(files)


def test_a_damaged_manifest_is_an_error(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (finished / MANIFEST).write_text('{"status": "done"}')
    for command in (["report"], ["show"], ["compare", str(finished)], ["status"]):
        capsys.readouterr()
        assert run([*command, str(finished)]) == 1
        assert f"{finished / MANIFEST}: error[NAS027]: damaged: " in capsys.readouterr().err


def test_one_file_is_not_for_several_runs(finished: Path, tmp_path: Path) -> None:
    assert run(["report", str(finished), str(finished), "-o", str(tmp_path / "x.html")]) == 2


# ---- as a person would see it -------------------------------------------------------------------

LOOK = """(() => {
  const wide = document.documentElement;
  const unnamed = [...document.querySelectorAll("svg, img, input, section")].filter(e =>
    !e.getAttribute("aria-label") && !e.getAttribute("alt") && !e.querySelector("title, h2")
    && !(e.id && document.querySelector(`label[for=${e.id}]`)));
  return [wide.scrollWidth <= wide.clientWidth, unnamed.map(e => e.outerHTML.slice(0, 80)),
          [...document.querySelectorAll("[data-from]")].map(e =>
            [e.dataset.from, Number(e.value ?? e.dataset.value), e.textContent])];
})()"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Page]:
    found = chromium()
    if found is None:
        pytest.skip("there is no Chromium")
    with opened(found, tmp_path / "profile") as page:
        yield page


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_report_is_read_at_any_width(finished: Path, browser: Page, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[feature])
    for width in (360, 800, 1440):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.call("Emulation.setDeviceMetricsOverride", **size)
        browser.said.clear()
        browser.open(finished / REPORT)
        fits, unnamed, numbers = browser.value(LOOK)
        assert fits
        assert not unnamed
        assert len(numbers) > 100
        assert all(at(finished, source) == value for source, value, _ in numbers)
        for _, value, text in numbers:
            assert_shown(text, value)
        said = [text for text in browser.said if not text.startswith("asked for data:")]
        assert said == [f"asked for {(finished / REPORT).resolve().as_uri()[:80]}"]
    dark = browser.value("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")


@pytest.mark.slow
def test_the_slider_shows_the_cells_of_an_epoch(whole: Path, tmp_path: Path, browser: Page) -> None:
    browser.open(whole / REPORT)
    shown = "[...document.querySelectorAll('.phase')].filter(p => !p.hidden)"
    epochs = int(browser.value("document.querySelector('.time input').max"))
    for epoch in range(1, epochs + 1):
        browser.value(
            "(() => {const i = document.querySelector('.time input');"
            f"i.value = {epoch}; i.dispatchEvent(new Event('input'))}})()"
        )
        assert browser.value(f"{shown}.length") == 1
        assert str(epoch) in browser.value(f"{shown}[0].dataset.epochs").split()
        assert browser.value("document.querySelector('.time output').value") == (
            f"epoch {epoch} of {epochs}"
        )

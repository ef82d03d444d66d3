"""A first spec for data: it is right, it says what was answered, and nothing is lost."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslnas.app.compile import compile_spec
from dslnas.app.new import EFFORTS, Answers, has_many_numbers, spec_text
from dslnas.cli.main import run
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.settings.data import DATA
from dslnas.source import SourceFile


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder, which holds data of several kinds."""
    drawn = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{a + b:.4f},{int(a > 0)}" for a, b in drawn.normal(size=(200, 2))]
    (tmp_path / "rows.csv").write_text("\n".join(["first,second one,sum,class", *rows]))
    signals, labels = drawn.normal(size=(60, 3, 32)), np.arange(60) % 3
    np.savez(
        tmp_path / "signals.npz", x_train=signals, y_train=labels, x_test=signals, y_test=labels
    )
    for name in ("cats", 'dogs "and" wolves'):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for place in range(9):
            pixels = drawn.integers(0, 255, (20, 24 + place, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{place}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "source", "reads", "classes"),
    [
        (["--data", "photos", "--size", "16"], "images", (3, 16, 16), 2),
        (["--data", "rows.csv"], "table", (3,), 2),
        (["--data", "rows.csv", "--target", "sum"], "table", (3,), 1),
        (["--data", "signals.npz", "--source", "signals"], "signals", (3, 32), 3),
        (["--data", "signals.npz", "--task", "regression"], "npz", (1, 3, 32), 1),
        (["--data", "digits", "--task", "multilabel"], "digits", (1, 8, 8), 7),
        (["--data", "diabetes", "--effort", "thorough"], "diabetes", (10,), 1),
        (["--data", "text", "--method", "nasp"], "text", None, 67),
        (["--data", "simulated_ratings"], "simulated_ratings", None, 1),
        ([], "digits", (1, 8, 8), 10),
    ],
    ids=lambda value: "-".join(value).replace("--", "") if isinstance(value, list) else "",
)
@pytest.mark.sample(5)
def test_a_spec_is_right_for_the_data(
    options: list[str], source: str, reads: tuple[int, ...] | None, classes: int, folder: Path
) -> None:
    path = folder / "below" / "mine.nas"
    assert run(["new", str(path), *options]) == 0
    spec = compile_spec(path)
    assert (spec.program.data.source, spec.network.classes) == (source, classes)
    assert reads is None or spec.network.example == reads
    text = path.read_text()
    assert format_program(parse(SourceFile("mine", text))) == text


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("source", [name for name, model in DATA.items() if not model.has_files])
@pytest.mark.sample(4)
def test_every_effort_makes_a_spec_that_is_right(source: str, effort: str, folder: Path) -> None:
    assert run(["new", "mine.nas", "--data", source, "--effort", effort]) == 0
    assert run(["check", "mine.nas"]) == 0


def test_what_is_left_open_is_asked_in_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = StringIO("rows.csv\ntable\nsum\nregression\nquick\n")
    given.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdin", given)
    assert run(["new", "mine.nas"]) == 0
    printed = capsys.readouterr().out
    assert "Column to predict (first, second one, sum, class) [class]" in printed
    assert "Task (classification, multilabel, regression) [regression]" in printed
    data = compile_spec(folder / "mine.nas").program.data
    assert (data.goal, data.target) == ("regression", ("sum",))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--data", "nowhere"], "nowhere: error[NAS601]: path does not exist"),
        (["--data", "cifar10"], "`cifar10` are data of a path"),
        (["--data", "rows.csv", "--target", "third"], "`third` is none of first, second one"),
        (["--data", "rows.csv", "--size", "32"], "--size means nothing for data `table`"),
        (["--data", "text", "--task", "regression"], "--task means nothing for data `text`"),
        (["--data", "signals.npz", "--source", "text"], "--source: `text` is none of npz, signals"),
        (["--data", ""], "--data is empty"),
        (["--method", "dart"], "did you mean `darts`?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_answers_that_do_not_fit_are_told_and_nothing_is_written(
    options: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "mine.nas", *options]) in (1, 2)
    assert message in capsys.readouterr().err
    assert not (folder / "mine.nas").exists()


def test_a_file_that_is_there_stays(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine.nas").write_text("mine")
    assert run(["new", "mine.nas"]) == 1
    assert "NAS022" in capsys.readouterr().err
    assert (folder / "mine.nas").read_text() == "mine"


def test_a_spec_for_damaged_data_is_written_so_that_it_can_be_mended(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos" / "cats" / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run(["new", "mine.nas", "--data", "photos"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("mine.nas is written, and does not run yet: mend it, or remove it\n")
    assert "skip damaged" in told
    mended = ["data.skip=damaged", "data.batch=8", "evaluate.batch=8"]
    assert run(["check", "mine.nas", *(word for one in mended for word in ("--set", one))]) == 0


def test_an_epoch_has_steps_to_learn_by(folder: Path) -> None:
    assert run(["new", "rows.nas", "--data", "rows.csv"]) == 0
    assert compile_spec(folder / "rows.nas").program.data.batch == 16  # 160 rows train
    assert run(["new", "photos.nas", "--data", "photos"]) == 0
    assert compile_spec(folder / "photos.nas").program.data.batch == 8  # 14 pictures train


def test_a_short_text_is_enough_for_a_small_batch(folder: Path) -> None:
    (folder / "story.txt").write_text("the cat sat on the mat .\n" * 700)
    assert run(["new", "story.nas", "--data", "story.txt"]) == 0
    assert compile_spec(folder / "story.nas").program.data.batch == 8


def test_columns_of_texts_are_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{n % 7},{'red' if n % 3 else ''},{n % 2}" for n in range(100)]
    (folder / "flowers.csv").write_text("\n".join(["length,colour,kind", *rows]))
    assert run(["new", "flowers.nas", "--data", "flowers.csv"]) == 0
    assert "left out: column `colour`, which holds texts" in capsys.readouterr().out
    assert compile_spec(folder / "flowers.nas").network.example == (1,)


def test_a_name_that_no_spec_can_write_is_told_before_one_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "photos").rename(folder / 'my "best"')
    assert run(["new", "mine.nas", "--data", 'my "best"']) == 1
    assert 'a path with a `"`, or' in capsys.readouterr().err
    assert not (folder / "mine.nas").exists()


def test_the_help_begins_with_the_first_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    examples = [line for line in capsys.readouterr().out.splitlines() if "  dslnas " in line]
    assert examples[0].startswith("  dslnas new spec.nas")


def test_fractions_and_many_numbers_are_predicted_as_numbers() -> None:
    assert has_many_numbers(["0.5", "1"])
    assert has_many_numbers([str(number) for number in range(21)])
    assert not has_many_numbers(["0", "1", "2"])
    assert not has_many_numbers(["low", "0.5"])


def test_a_path_starts_at_the_folder_of_the_spec(tmp_path: Path) -> None:
    text = spec_text(Answers("images", str(tmp_path / "photos")), tmp_path, 8)
    assert f'path   "{tmp_path / "photos"}"' in text
    assert 'path   "../photos"' in spec_text(Answers("images", "photos"), Path("specs"), 8)

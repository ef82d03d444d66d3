"""`dslnas sweep`: every combination of some values, in one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dslnas.app.sweep import folder_names
from dslnas.cli.main import run
from dslnas.diagnostics import UserError, user_error
from dslnas.language.link.overrides import parse_variation
from dslnas.runs.repeats import RepeatsFolder
from dslnas.runs.summary import Summary
from tests.cli.fake_training import Fake
from tests.small import SMALL

METHODS, EPOCHS = "search=darts,nasp", "search.epochs=1,2"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def sweep(spec: Path, out: Path, *arguments: str) -> int:
    vary = ["--vary", METHODS, "--vary", EPOCHS]
    return run(["sweep", str(spec), *vary, "--out", str(out), *arguments])


def table_in(out: Path) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((out / "sweep.json").read_text())
    return table


NAMES = [f"search-{m}-epochs-{n}" for m in ("darts", "nasp") for n in (1, 2)]


@pytest.mark.usefixtures("fake")
def test_every_combination_is_a_run_and_a_row(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert sweep(spec, out, "--seed", "1") == 0
    assert sorted(path.name for path in out.iterdir()) == [*NAMES, "sweep.json"]
    table = """\
small, 4 combinations, seed 1

  search   search.epochs     test   validation   parameters   multiply-adds   searched   trained
  darts    1               51.00%       51.00%          100           2,000        3 s       2 s
  darts    2               51.00%       51.00%          100           2,000        3 s       2 s
  nasp     1               51.00%       51.00%          100           2,000        3 s       2 s
  nasp     2               51.00%       51.00%          100           2,000        3 s       2 s

Best by validation accuracy: search-darts-epochs-1
"""
    printed = capsys.readouterr()
    assert table in printed.out
    assert f"Run 4 of 4: {NAMES[3]}: nasp, seed 1\n" in printed.err
    found = table_in(out)
    assert found["status"] == "finished"
    for one in found["combinations"]:
        manifest = json.loads((out / one["folder"] / "manifest.json").read_text())
        assert manifest["spec_hash"] == one["spec_hash"]
        assert manifest["method"] == one["values"]["search"]
        assert str(manifest["settings"]["search"]["epochs"]) == one["values"]["search.epochs"]
    assert run(["status", str(out)]) == 0
    assert all(str(out / name) in capsys.readouterr().out for name in NAMES[:1])
    assert run(["compare", str(out)]) == 0
    assert "search.epochs" in capsys.readouterr().out


def test_repeated_combinations_are_folders_of_repeated_runs(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert sweep(spec, out, "--repeats", "2", "--json") == 0
    table = json.loads(capsys.readouterr().out)
    assert table == table_in(out)
    assert [one["sample"]["n"] for one in table["combinations"]] == [2] * 4
    assert fake.seeds == [0, 1] * 4
    first = ["compile", str(spec), "--search", "--set", "search.epochs=1", "--out"]
    assert run([*first, str(out / NAMES[0]), "--repeats", "2", "--no-baseline"]) == 0
    assert fake.seeds == [0, 1] * 4
    assert sweep(spec, out, "--repeats", "2") == 0
    assert "50.50% ± 0.71%" in capsys.readouterr().out


@pytest.mark.usefixtures("fake")
def test_the_table_is_there_before_folders_by_which_another_process_would_take_it_for_another(
    spec: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, found = tmp_path / "out", list[bool]()

    def write(folder: RepeatsFolder, summary: Summary) -> None:
        found.append((out / "sweep.json").exists())

    monkeypatch.setattr(RepeatsFolder, "write", write)
    sweep(spec, out, "--repeats", "2", "--run-index", "0")
    assert found
    assert all(found)


def test_a_sweep_goes_on_with_what_is_missing_and_takes_more_values(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    fake.errors[0] = KeyboardInterrupt()
    assert sweep(spec, out) == 130
    assert f"--out {out} --resume\n" in capsys.readouterr().err
    assert table_in(out)["status"] == "interrupted"
    fake.errors[0] = user_error("NAS701", "training loss is nan", where="search")
    assert sweep(spec, out, "--resume") == 1
    assert table_in(out)["status"] == "failed"
    assert table_in(out)["errors"][0] == f"{NAMES[0]}: search: NAS701: training loss is nan"
    fake.errors.clear()
    assert sweep(spec, out, "--run-index", "2", "--resume") == 0
    assert (table_in(out)["status"], fake.seeds) == ("failed", [0])
    assert sweep(spec, out, "--resume") == 0
    assert (table_in(out)["status"], fake.seeds) == ("finished", [0] * 4)
    more = ["--vary", f"{METHODS},gdas", "--vary", EPOCHS, "--out", str(out), "--resume"]
    assert run(["sweep", str(spec), *more]) == 0
    assert len(table_in(out)["combinations"]) == len(fake.seeds) == 6


def test_combinations_that_are_wrong_are_told_before_anything_runs(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    vary = ["sweep", str(spec), "--vary", "search=darts,milenas", "--vary", "search.lambda=1,2"]
    assert run([*vary, "--out", str(out)]) == 1
    printed = capsys.readouterr().err
    assert (
        "error[NAS501]: with search=darts search.lambda=1 and 1 more: unknown setting `lambda`"
        in printed
    )
    assert printed.count("error[") == 1
    assert printed.startswith("--vary:1:")
    assert (out.exists(), fake.seeds) == (False, [])
    assert run([*vary, "--out", str(out), "--leave-out"]) == 0
    assert len(fake.seeds) == 2
    printed = capsys.readouterr().err
    assert (
        "Left out, with search=darts search.lambda=1 and 1 more: unknown setting `lambda`"
        in printed
    )


@pytest.mark.usefixtures("fake")
def test_folders_of_something_else_are_left_alone(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    one = ["sweep", str(spec), "--out", str(out), "--vary"]
    assert run([*one, "search.epochs=1"]) == 0
    assert run([*one, "search=darts"]) == 1
    message = "error[NAS025]: is of another sweep: it varies `search.epochs`, not `search`"
    assert f"{out}: {message}" in capsys.readouterr().err
    (out / "sweep.json").unlink()
    assert run([*one, "search.epochs=1"]) == 1
    assert "error[NAS022]: folder is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Missing option '--vary'"),
        (["--vary", "search=a", "--vary", "search=b"], "--vary search is given twice"),
        (["--vary", "search=a,b,a"], "--vary search has the value a twice"),
        (["--vary", "search=a", "--run-index", "0"], "--run-index needs --out"),
        (["--vary", "search=a", "--run-index", "1", "--out", "x"], "--run-index goes from 0 to 0"),
        (["--vary", "search=a,b", "--repeats", "501"], "1,002 runs are too many"),
        (["--vary", "search=a,b", "--repeats", "2", "--seed", str(2**63 - 1)], "seeds go up to"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    spec: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert run(["sweep", str(spec), *options]) == 2
    assert message in capsys.readouterr().err


def test_values_may_be_calls_and_paths() -> None:
    many = "cell.normal.choose = {skip_connect, max_pool(3)}, few"
    assert parse_variation(many) == ("cell.normal.choose", ("{skip_connect, max_pool(3)}", "few"))
    assert parse_variation("data.path=a b/c,d") == ("data.path", ("a b/c", "d"))
    for wrong in ("search", "search=", "=1,2"):
        with pytest.raises(UserError, match="NAS011"):
            parse_variation(wrong)


def test_folders_have_names_that_tell_values_and_are_not_the_same() -> None:
    values = [{"search.epochs": "1", "evaluate.epochs": "2"}, {"a.b": "x(1)"}, {"a.b": "x[1]"}]
    assert folder_names(values) == ["search.epochs-1-evaluate.epochs-2", "b-x_1_", "b-x_1_~2"]

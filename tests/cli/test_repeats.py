"""`--repeats`: runs beside each other, going on after an interruption, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from dslnas.cli.main import run
from dslnas.diagnostics import user_error
from dslnas.runs.hold import holding
from tests.cli.fake_training import RESULTS, Fake
from tests.small import SMALL


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def repeat(spec: Path, out: Path, *arguments: str, n: int = 3) -> int:
    command = ["compile", str(spec), "--search", "--repeats", str(n), "--out", str(out)]
    return run([*command, *arguments])


def summary_in(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return summary


def names_in(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


@pytest.mark.sample(0)
def test_repeats_are_whole_runs_with_a_random_architecture_beside_each(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out, "--seed", "1", "--json", n=2) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    summary = json.loads(printed.out)
    assert summary == summary_in(out)
    assert (summary["status"], summary["seeds"]) == ("finished", [1, 2])
    assert names_in(out) == ["random-seed-1", "random-seed-2", "seed-1", "seed-2", "summary.json"]
    for part, method in (("search", "darts"), ("baseline", "random_architecture")):
        found = summary[part]
        manifests = [
            json.loads((out / r["folder"] / "manifest.json").read_text()) for r in found["runs"]
        ]
        assert [m["seed"] for m in manifests] == [1, 2]
        assert {m["method"] for m in manifests} == {found["method"]} == {method}
        assert {m["spec_hash"] for m in manifests} == {summary["spec_hash"]}
        for key in ("test_accuracy", "validation_accuracy", "params", "flops"):
            values = [m["results"][key] for m in manifests]
            assert [r[key] for r in found["runs"]] == values
            assert found["mean"][key] == pytest.approx(fmean(values))
            assert found["deviation"][key] == pytest.approx(stdev(values))
        for r in found["runs"]:
            assert r["cells"].keys() == {"normal", "reduction"}
            assert (out / r["folder"] / "model.onnx").exists()
            assert run(["check", str(out / r["folder"] / "architecture.nas")]) == 0
    assert manifests[0]["settings"]["search"] is None
    alone = tmp_path / "alone"
    assert run(["compile", str(spec), "--search", "--seed", "2", "--out", str(alone)]) == 0
    for name in ("alphas.safetensors", "architecture.nas", "model.safetensors"):
        assert (alone / name).read_bytes() == (out / "seed-2" / name).read_bytes(), name


@pytest.mark.usefixtures("fake")
def test_tables_for_people(spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out) == 0
    printed = capsys.readouterr()
    table = """\
darts
  seed     test   validation   parameters   multiply-adds   search   training
     0   50.00%       50.00%          100           2,000      3 s        2 s
     1   51.00%       51.00%          100           2,000      3 s        2 s
     2   52.00%       52.00%          100           2,000      3 s        2 s
  mean   51.00%       51.00%          100           2,000      3 s        2 s
    sd    1.00%        1.00%            0               0      0 s        0 s
  3 runs, 1 different architecture; best by validation accuracy: seed 2
"""
    assert f"small on digits, seeds 0 to 2\n\n{table}" in printed.out
    assert "random architectures (drawn from the same space, trained alike)\n" in printed.out
    assert "better than the random architecture of the same seed in 0 of 3 seeds" in printed.out
    assert summary_in(out)["paired"]["equal"] == 3
    assert "  seed 1   normal: n1 = skip_connect(in1)\n" in printed.out
    assert f"Files in {out}:\n  summary.json " in printed.out
    assert printed.err.startswith("Run 1 of 6: darts, seed 0\nRun 2 of 6: random_architecture")


def test_doubts_are_told_with_the_run(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.doubts = ("It is no better than a guess.",)
    assert repeat(spec, tmp_path / "out", "--no-baseline", n=2) == 0
    assert capsys.readouterr().err == (
        "Run 1 of 2: darts, seed 0\n  It is no better than a guess.\n"
        "Run 2 of 2: darts, seed 1\n  It is no better than a guess.\n"
    )


def test_without_baseline_only_the_search_runs(spec: Path, tmp_path: Path, fake: Fake) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out, "--no-baseline") == 0
    assert names_in(out) == ["seed-0", "seed-1", "seed-2", "summary.json"]
    assert fake.seeds == [0, 1, 2]
    assert "baseline" not in summary_in(out)


def test_default_folder_names_the_seeds(
    spec: Path, tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run(["compile", str(spec), "--search", "--repeats", "2", "--seed", "5"]) == 0
    assert names_in(tmp_path / "exported") == ["small-darts-seeds5-6", "small-darts-seeds5-6-2"]
    assert fake.seeds == [5, 5, 6, 6] * 2


def test_finished_runs_are_kept_and_more_can_be_added(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out, n=2) == 0
    fake.seeds.clear()
    assert repeat(spec, out) == 0
    assert fake.seeds == [2, 2]
    assert capsys.readouterr().err.count("finished before, kept") == 4
    assert summary_in(out)["search"]["n"] == 3


def test_an_interruption_keeps_what_is_finished_and_the_same_command_goes_on(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    fake.errors[1] = KeyboardInterrupt()
    assert repeat(spec, out) == 130
    printed = capsys.readouterr()
    assert f"--repeats 3 --out {out} --resume\n" in printed.err
    assert "only 1 of 3 runs finished" in printed.out
    summary = summary_in(out)
    assert (summary["status"], summary["search"]["n"]) == ("interrupted", 1)
    assert summary["search"]["deviation"]["test_accuracy"] is None
    fake.errors.clear()
    assert repeat(spec, out) == 0
    assert (summary_in(out)["status"], summary_in(out)["search"]["n"]) == ("finished", 3)
    manifest = json.loads((out / "seed-1-unfinished" / "manifest.json").read_text())
    assert manifest["status"] == "interrupted"


def test_a_seed_that_diverges_does_not_end_the_others(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    message = "training loss is nan in epoch 1, step 2"
    fake.errors[1] = user_error("NAS701", message, where="search")
    assert repeat(spec, out) == 1
    assert fake.seeds == [0, 0, 1, 2, 2]
    printed = capsys.readouterr()
    assert f"{out / 'seed-1'}: search: error[NAS701]: training loss is nan" in printed.err
    summary = summary_in(out)
    assert (summary["status"], summary["search"]["n"], summary["baseline"]["n"]) == ("failed", 2, 3)
    assert "NAS701: training loss is nan in epoch 1, step 2" in summary["errors"][0]


def test_a_mistake_that_all_runs_share_ends_them(spec: Path, tmp_path: Path, fake: Fake) -> None:
    fake.errors[1] = user_error("NAS021", "cannot be written: disk full")
    assert repeat(spec, tmp_path / "out") == 1
    assert fake.seeds == [0, 0]
    assert summary_in(tmp_path / "out")["status"] == "failed"


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"seed": 7}, "error[NAS025]: is of another run: seed is `7`, not `0`"),
        ({"spec_hash": "f00"}, "is of another run: spec_hash is `f00`, not `"),
        ({"method": "nasp"}, "is of another run: method is `nasp`, not `darts`"),
        ({"device": "cuda:0"}, "is of another run: device is `cuda:0`, not `cpu`"),
        (
            {"status": "running"},
            "is still running, or was killed\n  = help: if it runs no more, the same command with "
            "`--resume` goes on with it",
        ),
        ({"results": {}}, "error[NAS027]: damaged: a finished run has results.flops"),
        ({"results": RESULTS}, "damaged: `results`: has no `validation_accuracy`"),
    ],
)
def test_other_runs_in_the_place_of_one_are_refused_before_anything_runs(
    spec: Path,
    tmp_path: Path,
    fake: Fake,
    capsys: pytest.CaptureFixture[str],
    entries: dict[str, object],
    message: str,
) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out, n=1) == 0
    fake.seeds.clear()
    path = out / "seed-0" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    assert repeat(spec, out) == 1
    error = capsys.readouterr().err
    assert f"\n{out / 'seed-0'}" in error
    assert message in error
    assert fake.seeds == []


@pytest.mark.usefixtures("fake")
def test_folders_of_something_else_are_left_alone(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, out = tmp_path / "mine", tmp_path / "out"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    assert repeat(spec, mine) == 1
    assert f"{mine}: error[NAS022]: folder is not empty" in capsys.readouterr().err
    assert names_in(mine) == ["thesis.txt"]
    assert repeat(spec, out, n=1) == 0
    assert repeat(spec, out, "--set", "search.epochs=9") == 1
    assert "summary.json: error[NAS025]: is of another spec" in capsys.readouterr().err
    for content, message in (("mine", "is not JSON: "), ("{}", "`spec`: is missing")):
        (out / "summary.json").write_text(content)
        assert repeat(spec, out) == 1
        assert f"summary.json: error[NAS027]: damaged: {message}" in capsys.readouterr().err
        assert (out / "summary.json").read_text() == content


def test_jobs_of_an_array_make_one_run_each_and_the_last_the_summary(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    together, out = tmp_path / "together", tmp_path / "out"
    assert repeat(spec, together) == 0
    expected = summary_in(together)
    fake.seeds.clear()
    for index, status in ((2, "running"), (0, "running"), (1, "finished")):
        assert repeat(spec, out, "--repeat-index", str(index), "--resume") == 0
        assert summary_in(out)["status"] == status
    assert fake.seeds == [2, 2, 0, 0, 1, 1]
    assert summary_in(out) == expected
    assert names_in(out) == names_in(together)
    assert "only 2 of 3 runs finished" in capsys.readouterr().out


def test_a_run_that_is_still_running_is_refused_unless_another_process_holds_it(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert repeat(spec, out, "--repeat-index", "0", "--no-baseline", n=2) == 0
    path = out / "seed-0" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "status": "running"}))
    with holding(out / "seed-0") as is_ours:
        assert is_ours
        assert repeat(spec, out, "--no-baseline", n=2) == 0
    assert "another process is at it" in capsys.readouterr().err
    assert fake.seeds == [0, 1]
    assert repeat(spec, out, "--no-baseline", n=2) == 1
    assert "is still running, or was killed" in capsys.readouterr().err


def test_a_summary_that_another_process_begins_to_write_is_no_strange_file(
    spec: Path, tmp_path: Path, fake: Fake
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".summary.json.f00.part").write_text("{")
    assert repeat(spec, out, n=1) == 0
    assert fake.seeds == [0, 0]


def test_a_job_leaves_runs_of_others_alone_and_keeps_what_they_told(
    spec: Path, tmp_path: Path, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    fake.errors[0] = user_error("NAS701", "training loss is nan", where="search")
    assert repeat(spec, out, "--repeat-index", "0", "--no-baseline", n=2) == 1
    with holding(out / "seed-0") as is_ours:
        assert is_ours
        assert repeat(spec, out, "--no-baseline", "--resume", n=2) == 0
    assert fake.seeds == [1]
    printed = capsys.readouterr()
    assert "darts, seed 0\n  another process is at it, which goes on\n" in printed.err
    assert repeat(spec, out, "--repeat-index", "1", "--no-baseline", n=2) == 0
    summary = summary_in(out)
    assert (summary["status"], summary["search"]["n"]) == ("running", 1)
    fake.errors.clear()
    assert repeat(spec, out, "--no-baseline", "--resume", n=2) == 0
    assert (summary_in(out)["status"], summary_in(out)["errors"]) == ("finished", [])
    assert names_in(out) == ["seed-0", "seed-1", "summary.json"]


def test_what_another_job_failed_with_stays_in_the_summary(
    spec: Path, tmp_path: Path, fake: Fake
) -> None:
    out = tmp_path / "out"
    fake.errors[0] = user_error("NAS701", "training loss is nan", where="search")
    assert repeat(spec, out, "--repeat-index", "0", "--no-baseline", n=2) == 1
    assert repeat(spec, out, "--repeat-index", "1", "--no-baseline", n=2) == 0
    summary = summary_in(out)
    assert summary["errors"] == ["seed-0: search: NAS701: training loss is nan"]
    assert (summary["status"], summary["search"]["n"]) == ("failed", 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--repeats", "2"], "--repeats needs --search"),
        (["--search", "--repeat-index", "0"], "--repeat-index needs --repeats"),
        (["--search", "--repeats", "2", "--repeat-index", "0"], "--repeat-index needs --out"),
        (
            ["--search", "--repeats", "2", "--repeat-index", "2", "--out", "x"],
            "--repeat-index goes from 0 to 1: 2 runs in all",
        ),
        (["--search", "--no-baseline"], "--baseline needs --repeats"),
        (["--search", "--repeats", "0"], "0 is not in the range 1<=x<=1000"),
        (["--search", "--repeats", "2", "--seed", str(2**63 - 1)], "seeds go up to"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    spec: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert run(["compile", str(spec), *options]) == 2
    assert message in capsys.readouterr().err

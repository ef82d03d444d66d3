"""Commands that train nothing: check, fmt, show, compile; exit codes and messages."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dslnas.cli.main import run
from dslnas.cli.render.defaults import defaults_text
from dslnas.language.link.sources import library_names
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.source import SourceFile
from tests.kinds_of_specs import KINDS_OF_SPECS, SPECS
from tests.small import SMALL

ROOT = Path(__file__).resolve().parents[2]
DISTINCT = {"nas_bench_201": "6,595"}
"""How many cells differ, by spec."""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "small.nas"
    path.write_text(SMALL)
    return path


def test_every_spec_is_formatted_and_says_what_it_shows() -> None:
    assert all(path.read_text().startswith("# ") for path in SPECS)
    assert run(["fmt", "--check", *map(str, SPECS)]) == 0


@pytest.mark.parametrize("path", KINDS_OF_SPECS)
@pytest.mark.sample(5)
def test_every_kind_of_spec_compiles(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compile", str(path)]) == 0
    printed = capsys.readouterr().out
    assert ("architectures" in printed) != (": no search on " in printed)
    assert DISTINCT.get(path.stem, "") in printed


def test_check_reports_all_mistakes_of_all_files_and_exits_with_1(
    tmp_path: Path, spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.nas"
    bad.write_text("use papers.darts\nsearch dart { epochs 0 }\nexport { formats onx }\n")
    assert run(["check", str(spec), str(bad)]) == 1
    printed = capsys.readouterr()
    assert printed.out == f"{spec}: ok\n"
    assert printed.err.count("error[") == 2
    assert f"{bad}:2:8: error[NAS505]: unknown search method `dart`" in printed.err
    assert "did you mean `darts`?" in printed.err


def test_check_says_what_a_run_needs_beside_the_spec(
    spec: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text("use papers.darts\ndata cifar10\nsearch darts\n")
    assert run(["check", str(spec)]) == 0
    needed = "to run it, say where `data cifar10` lies: `--set data.path=DIR`"
    assert capsys.readouterr().out == f"{spec}: ok; {needed}\n"
    spec.write_text("use papers.darts_rnn\ndata text\nsearch darts\n")
    assert run(["check", str(spec)]) == 0
    assert capsys.readouterr().out == f"{spec}: ok\n"


def test_check_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.nas"
    bad.write_text("use papers.darts\nsearch dart\n")
    assert run(["check", str(bad), "--json"]) == 1
    (checked,) = json.loads(capsys.readouterr().out)["specs"]
    (mistake,) = checked["mistakes"]
    assert (mistake["code"], mistake["place"]["start"]["line"]) == ("NAS505", 2)


def test_missing_file_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "nowhere.nas"]) == 1
    assert capsys.readouterr().err == "nowhere.nas: error[NAS001]: file does not exist\n"


def test_a_folder_is_no_spec_but_may_hold_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = []
    for name, help_ in (
        ("", ""),
        ("mine.nas", "  = help: known are `mine.nas`\n"),
        ("spec.nas", f"  = help: the spec of this run is `{tmp_path}/spec.nas`\n"),
    ):
        if name:
            (tmp_path / name).touch()
        assert run(["check", str(tmp_path)]) == 1
        lines.append(f"{tmp_path}: error[NAS001]: is a folder, not a spec\n{help_}")
    assert capsys.readouterr().err == "".join(lines)


@pytest.mark.parametrize(
    "arguments", [[], ["search"], ["check"], ["compile", "a.nas", "--sed", "3"], ["show"]]
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_unknown_device_says_what_is_there(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "run")]
    assert run(["compile", str(spec), "--search", "--device", "tpu", *out]) == 1
    assert "device: error[NAS012]: device `tpu` is not available" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_missing_data_is_a_message_before_anything_is_written(
    spec: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec.write_text("use papers.darts\ndata cifar10\nsearch darts\n")
    out = tmp_path / "run"
    assert run(["compile", str(spec), "--search", "--out", str(out)]) == 1
    assert "error[NAS605]" in capsys.readouterr().err
    assert not out.exists()


def test_searching_an_architecture_is_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    architecture = ROOT / "exported" / "reference" / "architecture.nas"
    assert run(["compile", str(architecture), "--search"]) == 1
    assert "nothing to search: every choice is made" in capsys.readouterr().err


def test_exporting_a_space_is_a_message(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", str(spec)]) == 1
    assert "it still has choices" in capsys.readouterr().err


def test_exporting_a_folder_that_is_no_run_is_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["export", str(tmp_path)]) == 1
    assert "is not a run folder" in capsys.readouterr().err


def test_show_for_machines_has_the_sizes(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", str(ROOT / "specs" / "cifar10_darts.nas"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["params"] == 1_930_618
    assert facts["architectures"] == (1 * 3 * 6 * 10 * 7**8) ** 2
    assert [len(cell["edges"]) for cell in facts["cells"]] == [14, 14]
    assert run(["show", str(spec), "--set", "cell.normal.nodes=1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [len(cell["edges"]) for cell in facts["cells"]] == [2, 2]


def test_defaults_are_a_formatted_program() -> None:
    text = defaults_text()
    assert format_program(parse(SourceFile("defaults", text))) == text
    assert "sgd(lr = cosine(start = 0.025, end = 0.001)" in text


def test_fmt_changes_the_file_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ugly = tmp_path / "ugly.nas"
    ugly.write_text("data   digits{batch 3   # few\n}\n")
    assert run(["fmt", "--check", str(ugly)]) == 1
    assert run(["fmt", str(ugly)]) == 0
    assert ugly.read_text() == "data digits {\n    batch  3  # few\n}\n"
    assert run(["fmt", str(ugly)]) == 0
    assert capsys.readouterr().out == f"{ugly}: not formatted\n{ugly}: formatted\n"


HEAVY = ("torch", "onnx", "onnxruntime", "sklearn")


def in_one_process(commands: list[list[str]], folder: Path) -> list[tuple[int, str, list[str]]]:
    """Run commands one after the other, and return codes, errors and heavy imports so far."""
    program = (
        "import io, json, sys\n"
        "from contextlib import redirect_stderr, redirect_stdout\n"
        "from dslnas.cli.main import run\n"
        "found = []\n"
        f"for command in {commands!r}:\n"
        "    errors = io.StringIO()\n"
        "    with redirect_stderr(errors), redirect_stdout(io.StringIO()):\n"
        "        code = run(command)\n"
        f"    heavy = sorted({{*{HEAVY!r}}} & set(sys.modules))\n"
        "    found.append((code, errors.getvalue(), heavy))\n"
        "print(json.dumps(found))\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return [(code, errors, heavy) for code, errors, heavy in json.loads(done.stdout)]


def test_commands_without_training_import_neither_torch_nor_onnx(tmp_path: Path) -> None:
    spec = str(ROOT / "specs" / "digits_darts.nas")
    commands = [[*words, spec] for words in (["check"], ["fmt", "--check"], ["show"], ["compile"])]
    for command, found in zip(commands, in_one_process(commands, tmp_path), strict=True):
        assert found == (0, "", []), command


def test_what_is_refused_at_once_is_refused_before_torch_is_imported(tmp_path: Path) -> None:
    (tmp_path / "small.nas").write_text(SMALL)
    search = ["compile", "small.nas", "--search"]
    commands = [
        [*search, "--passes", "nothing"],
        [*search, "--out", "."],
        [*search, "--out", ".", "--repeats", "2"],
        [*search, "--out", ".", "--resume"],
        ["compile", "nowhere.nas", "--search"],
        ["export", "nowhere.nas"],
        ["export", "small.nas"],
        ["estimate", "nowhere.nas"],
    ]
    outcomes = in_one_process(commands, tmp_path)
    for command, (code, errors, heavy) in zip(commands, outcomes, strict=True):
        assert (code, heavy) == (1, []), command
        assert "error[NAS" in errors, command


SETTLED = """use std.cnn
cell mixed {
    inputs  1
    node n1 = {sep_conv(3), conv(3)}(in1)
    node n2 = {conv(1), none}(n1)
}
network { cells mixed }
data digits
"""


def test_a_choice_with_one_outcome_is_told_but_no_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "settled.nas"
    path.write_text(SETTLED)
    note = f"""{path}:5:15: note: choice of cell `mixed` has one outcome, `conv(1)`: without \
`none allowed` a derived edge is never `none`
  |
5 |     node n2 = {{conv(1), none}}(n1)
  |               ^^^^^^^^^^^^^^^^^^^
"""
    assert run(["check", str(path)]) == 0
    assert capsys.readouterr() == (f"{path}: ok\n", note)
    for command in ("show", "compile"):
        assert run([command, str(path)]) == 0
        assert capsys.readouterr().out.endswith(note)


def give_stdin(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("check", "<stdin>: ok\n"),
        ("show", "stdin: darts on"),
        ("compile", "stdin: darts on"),
        ("fmt", "use std.cnn\n\nops few = none, skip_connect"),
    ],
)
def test_a_spec_may_come_from_stdin(
    command: str,
    start: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    give_stdin(monkeypatch, SMALL)
    assert run([command, "-"]) == 0
    assert capsys.readouterr().out.startswith(start)


@pytest.mark.parametrize("command", ["check", "show", "compile"])
def test_a_spec_from_stdin_uses_files_of_the_folder_that_the_command_runs_in(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "small.nas").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    give_stdin(monkeypatch, 'use "parts/small.nas"\nsearch darts { epochs 2 }\n')
    assert run([command, "-"]) == 0
    give_stdin(monkeypatch, 'use "parts/smal.nas"\n')
    assert run([command, "-"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("<stdin>:1:1: error[NAS201]: used file `parts/smal.nas` does not exist")
    assert "did you mean `small.nas`?" in error


def test_a_mistake_in_a_spec_from_stdin_has_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("check", "show", "compile"):
        give_stdin(monkeypatch, "use papers.dart\n")
        assert run([command, "-"]) == 1
        assert "<stdin>:1:1: error[NAS201]" in capsys.readouterr().err
    give_stdin(monkeypatch, "let\n")
    assert run(["fmt", "-"]) == 1
    assert "<stdin>:1:4: error[NAS104]" in capsys.readouterr().err


def test_the_library_is_listed_with_what_its_files_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "--library"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert tuple(line.split()[0] for line in lines) == library_names()
    assert all(len(line.split()) > 3 for line in lines)
    assert "cnn.darts_v2                 The second-order cells of DARTS" in lines

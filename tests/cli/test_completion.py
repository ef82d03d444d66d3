"""Completions in shells, the nearest command to a misspelt one, and what is installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from dslnas.cli.commands.completion import PLACES
from dslnas.cli.main import COMMANDS, run
from dslnas.cli.options import COMPLETE
from dslnas.settings.search import SEARCH


def completions(
    words: list[str], patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """Return how the last word may go on, as Bash shows it."""
    patch.setenv(COMPLETE, "bash_complete")
    patch.setenv("COMP_WORDS", " ".join(["dslnas", *words]))
    patch.setenv("COMP_CWORD", str(len(words)))
    with pytest.raises(SystemExit):
        run([])
    printed = capsys.readouterr().out.splitlines()
    return [line.partition(",")[2] for line in printed if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["expl"], ["explain"]),
        (["compile", "a.nas", "--set", "search.epoc"], ["search.epochs="]),
        (["compile", "a.nas", "--set", "search", "=", "darts_"], ["darts_minus"]),
        (["compile", "a.nas", "--set", "data", "=", "digi"], ["digits"]),
        (["compile", "a.nas", "--set", "nothing", "=", "x"], []),
        (["explain", "nas201"], ["NAS201"]),
        (["train", "cnn.darts_v"], ["cnn.darts_v1", "cnn.darts_v2"]),
        (["convert", "cnn.darts_v2", "--to", "gen"], ["genotype"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_word_goes_on_as_commands_settings_codes_and_architectures_are_called(
    words: list[str],
    expected: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert completions(words, monkeypatch, capsys) == expected


def test_every_method_follows_search(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["compile", "a.nas", "--set", "search", "="]
    assert completions(words, monkeypatch, capsys) == list(SEARCH)


@pytest.mark.parametrize("shell", PLACES)
def test_a_script_is_written_where_the_shell_looks_for_it(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("BASH_COMPLETION_USER_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "ZDOTDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert run(["completion", "--install"]) == 0
    path = PLACES[shell]()
    assert path.is_relative_to(tmp_path)
    assert path.read_text() == script
    assert str(path) in capsys.readouterr().out


def test_a_home_that_cannot_be_written_to_is_told_with_what_to_do_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BASH_COMPLETION_USER_DIR", str(tmp_path / "file"))
    assert run(["completion", "bash", "--install"]) == 1
    told = "put what `dslnas completion bash` prints where bash looks for it"
    assert told in capsys.readouterr().err


def test_a_shell_that_is_not_known_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    assert run(["completion", "--install"]) == 2
    assert "`dslnas completion bash`" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_bash_completes_what_stands_behind_an_equals_sign(tmp_path: Path) -> None:
    program = tmp_path / "dslnas"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m dslnas "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(dslnas completion bash)"\n'
        "COMP_WORDS=(dslnas compile a.nas --set search = nas); COMP_CWORD=6\n"
        '_dslnas_completion dslnas; echo "${COMPREPLY[*]}"\n'
    )
    found = subprocess.run(
        ["bash", "-c", script], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert found.stdout == "nasp\n", found.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_a_misspelt_command_is_told_the_nearest(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([f"{name}x"]) == 2
    assert f"No such command '{name}x'; did you mean `{name}`?" in capsys.readouterr().err


def test_the_version_tells_what_is_installed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["dslnas", version("dslnas")]
    assert ["torch", version("torch")] in [line.split() for line in printed]

"""Paths that nothing can lie at: every command refuses them, whatever it takes them for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from dslnas.cli.main import cli, run
from tests.small import SMALL

LONG, LOOP = "a" * 300, "loop"

ODD = [
    *(LONG, f"{LONG}.nas", f"{LONG}.svg", "a/" * 2500, f"{'a/' * 2500}a.nas"),
    *("a\0b", "a\0b.nas", "spec.nas/x", "spec.nas/x.nas", "spec.nas/x.svg"),
    *(LOOP, f"{LOOP}.nas", f"{LOOP}.svg", f"{LOOP}/x", f"{LOOP}/x.nas"),
]

NEEDED = {"sweep": ("--vary", "search.epochs=1,2")}
"""Options without which a command takes no path."""

MORE = {"compile": ((), ("--search",), ("--search", "--repeats", "2"))}
"""Options by which a command takes a path for something else."""


@pytest.fixture
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spec.nas").write_text(SMALL)
    for name in (LOOP, f"{LOOP}.nas", f"{LOOP}.svg"):
        (tmp_path / name).symlink_to(name)
    monkeypatch.chdir(tmp_path)


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command


def takes_text(parameter: click.Parameter) -> bool:
    """Whether a parameter is a path, or a text that may be one."""
    return isinstance(parameter.type, click.Path) or parameter.type is click.STRING


def lines_with(
    name: str, command: click.Command, parameter: click.Parameter, odd: str, usual: str
) -> Iterator[Sequence[str]]:
    """Yield command lines in which a parameter is odd, and the others that are needed usual."""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    given = [odd if each is parameter else usual for each in arguments if each.required]
    if isinstance(parameter, click.Option):
        given += [parameter.opts[-1], odd]
    elif not parameter.required:
        given.append(odd)
    for more in MORE.get(name, ((),)):
        yield [name, *given, *NEEDED.get(name, ()), *more]


def check_refused(line: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = run([*line])
    told = "".join(capsys.readouterr())
    assert code in (1, 2), (line, told)
    is_told = re.search(
        r'error\[NAS|"code": "NAS|^error: ', told, re.MULTILINE
    )  # last: predict.py's
    assert code == 2 or is_told, (line, told)
    assert "Traceback" not in told, (line, told)


@pytest.mark.usefixtures("_here")
def test_every_command_refuses_a_name_that_is_too_long(capsys: pytest.CaptureFixture[str]) -> None:
    for name, command in commands():
        for parameter in filter(takes_text, command.params):
            if isinstance(parameter, click.Argument):
                for line in lines_with(name, command, parameter, LONG, "spec.nas"):
                    check_refused(line, capsys)


@pytest.mark.slow
@pytest.mark.usefixtures("_here")
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_every_command_refuses_paths_that_nothing_can_lie_at(
    finished: Path, odd: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, command in commands():
        for parameter in filter(takes_text, command.params):
            for usual in ("spec.nas", str(finished)):
                for line in lines_with(name, command, parameter, odd, usual):
                    check_refused(line, capsys)

"""The matrix says of every row whether it passed, and its lowest versions are those allowed."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.matrix import __main__, environment, running
from tests.matrix.environment import ROOT
from tests.matrix.interpreters import LOOKED, interpreter
from tests.matrix.outcomes import SKIPPED, StepError
from tests.matrix.rows import EXTRAS, LOWEST, PINNED, ROWS, Environment, Row

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(name: str) -> dict[str, str]:
    """Return the version that a file of constraints pins, by package."""
    found = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(encoding="utf-8"), re.M)
    return {canonicalize_name(package): version for package, version in found}


def requirements() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in EXTRAS for text in extras[extra])]
    return list(map(Requirement, texts))


@pytest.mark.parametrize("name", [PINNED, LOWEST, "constraints-hashed.txt"])
def test_a_file_of_constraints_pins_what_is_allowed(name: str) -> None:
    pinned = pins(name)
    optional = {"pyarrow"} if name == PINNED else set()  # no test of the default run needs it
    for wanted in requirements():
        if wanted.name not in optional:
            assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), wanted


def test_the_lowest_versions_are_the_bounds() -> None:
    pinned = pins(LOWEST)
    for wanted in requirements():
        (bound,) = (re.sub(r"[^\d.]", "", str(part)) for part in wanted.specifier)
        found = pinned[canonicalize_name(wanted.name)]
        assert f"{found}.".startswith(f"{bound}."), f"{wanted}: make constraints"


def test_hashed_versions_are_the_pinned_ones() -> None:
    hashed, pinned = pins("constraints-hashed.txt"), pins(PINNED)
    assert {name: v for name, v in hashed.items() if pinned.get(name, v) != v} == {}
    text = (ROOT / "constraints-hashed.txt").read_text(encoding="utf-8")
    requirements = re.findall(r"^\S+==.*(?:\n    .*)*", text, re.M)
    assert len(requirements) == len(hashed)
    assert all("--hash=sha256:" in requirement for requirement in requirements)


def test_rows_name_tests_that_are_there() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert all((ROOT / test).exists() for test in row.tests)
        assert row.environment.constraints in ("", PINNED, LOWEST)


def test_a_python_is_found_by_its_version_or_not_at_all() -> None:
    version = "{}.{}".format(*sys.version_info[:2])
    assert interpreter(version) is not None
    assert interpreter("3.1") is None


PLAIN = Row("one", tests=("a",), tasks=())


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Make environments without a call of anything."""
    monkeypatch.setattr(running, "LOGS", ROOT / "build" / "matrix" / tmp_path.name)
    monkeypatch.setattr(environment, "run", run)
    monkeypatch.setattr(environment, "interpreter", lambda version, user: version or None)
    return monkeypatch


def run(step: str, command: list[str], *_: object) -> None:
    """Take a command for one that fails if its last word says so."""
    if command[-1] == "broken":
        raise StepError(f"{step} ended with 1")


def test_rows_pass_fail_or_are_skipped_each_with_its_reason(
    rows: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    without = Row("without Python", Environment(""), tests=("a",))
    given = [PLAIN, Row("two", tests=("broken",), tasks=()), without]
    rows.setattr(__main__, "ROWS", given)
    rows.setattr(sys, "argv", ["matrix"])
    assert __main__.main() == 1
    told = capsys.readouterr().out
    assert told.endswith("1 pass, 1 FAIL, 1 skip\n")
    assert re.search(r"^two +FAIL +0 s +pytest ended with 1; its words are in ", told, re.M)
    assert re.search(rf"^without Python +skip .* {re.escape(LOOKED)}$", told, re.M)
    rows.setattr(sys, "argv", ["matrix", "one", "without Python"])
    assert __main__.main() == 0


def test_unknown_locales_are_skipped(rows: pytest.MonkeyPatch) -> None:
    (outcome,) = running.run_rows([Row("far", locale="xx_XX.UTF-8", tests=())])
    assert outcome.status == SKIPPED
    assert outcome.reason == "`locale -a` has no xx_XX.UTF-8"

"""Whatever `check` accepts goes through search, training and every export."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import Phase, given, reject, settings

import dslnas
from dslnas import files
from dslnas.app.compiled import Compiled
from dslnas.app.run import Run
from dslnas.diagnostics import UserError
from tests.examples import examples
from tests.exporters.brief import check_briefly
from tests.whole_programs import WholeProgram, whole_programs

DEAD, DIVERGED = {"NAS704"}, {"NAS701"}
"""Fixed cells may give zeros alone, as `check` says; layers may square what others squared."""


@pytest.fixture(autouse=True, scope="module")
def _briefly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "sync", lambda path: None)
        check_briefly(patch, (2, 2))  # states that are drawn at random may grow with every step
        yield


def carry_through(program: WholeProgram) -> None:
    """Run a program from its text to its exports, and read the architecture that it leaves."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with rejecting(DEAD):
            spec = dslnas.compile_spec(program.write(folder), program.overrides)
        with rejecting(DIVERGED):
            run = trained(program, spec, folder / "run")
        found = dslnas.export(run)
        assert set(found.differences) == {"onnx", "python"}


@contextmanager
def rejecting(codes: set[str]) -> Iterator[None]:
    """Do without a program that ends in nothing but mistakes of some codes."""
    try:
        yield
    except UserError as error:
        if not {mistake.code for mistake in error.diagnostics} <= codes:
            raise
        reject()


def trained(program: WholeProgram, spec: Compiled, out: Path) -> Run:
    """Search if there are choices, read the architecture that is found, and train."""
    if not program.is_searched:
        return dslnas.train(spec, out)
    run = dslnas.search(spec, out)
    dslnas.compile_spec(run.path / "architecture.nas", with_data=False)
    return dslnas.train(run)


# To make a program smaller takes minutes; it is shown as it was drawn.
PHASES = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]


@settings(max_examples=examples(8), phases=PHASES)
@given(whole_programs())
def test_any_program_is_searched_trained_and_exported(program: WholeProgram) -> None:
    carry_through(program)


@pytest.mark.slow
@settings(max_examples=300, phases=PHASES)
@given(whole_programs())
def test_hundreds_of_programs_are_searched_trained_and_exported(program: WholeProgram) -> None:
    carry_through(program)

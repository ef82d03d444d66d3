"""Loops of our own in runs: compiled ahead, and left out of what is short."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslnas.app.compile import compile_spec
from dslnas.app.compiled import CompiledSearch
from dslnas.app.own_loops import SHORT, compile_loops, loops_for, search_work, training_work
from dslnas.app.run import Notice, silent
from dslnas.backends.torch.kernels import availability, compilation
from dslnas.backends.torch.kernels.availability import available, has_loops
from dslnas.backends.torch.kernels.compilation import KERNELS, Work
from dslnas.diagnostics import UserError
from dslnas.graph.lower.network import build_derived_graph
from dslnas.training.baseline import random_architecture

LITTLE, MUCH = Work(flops=10**9, calls=1000), Work(flops=10**14, calls=10**6)


@pytest.mark.parametrize(
    ("work", "device", "passes", "runs", "told"),
    [
        (LITTLE, "cpu", ("mix",), False, (SHORT,)),
        (MUCH, "cpu", ("mix",), True, ()),
        (None, "cpu", ("mix",), True, ()),
        (LITTLE, "cpu", (), True, ()),
        (LITTLE, "cuda:0", ("mix",), True, ()),
    ],
    ids=["little", "much", "unknown", "without passes", "on a GPU"],
)
def test_only_long_work_has_loops(
    work: Work | None,
    device: str,
    passes: tuple[str, ...],
    runs: bool,
    told: tuple[Notice, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compilation, "is_installed", lambda: True)
    with loops_for(work, device, passes, silent) as notices:
        assert [has_loops(kernel) for kernel in KERNELS] == [runs and available()] * len(KERNELS)
    assert notices == told
    assert has_loops("mix") == available()


def test_loops_are_not_missed_where_cells_are_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "is_installed", lambda: True)
    with loops_for(LITTLE, "cpu", ("mix",), silent, compiles=True) as notices:
        assert not has_loops("mix")
    assert notices == ()


def test_nothing_is_told_where_there_are_no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "is_installed", lambda: False)
    with loops_for(LITTLE, "cpu", ("mix",), silent) as notices:
        assert not has_loops("mix")
    assert notices == ()


def test_digits_are_short_and_cifar_is_long() -> None:
    for name, batches, is_long in (("digits_darts", 10, False), ("cifar10_darts", 390, True)):
        spec = compile_spec(f"specs/{name}.nas", with_data=False)
        assert isinstance(spec, CompiledSearch)
        assert search_work(spec, batches).is_worth_compiling == is_long
        found = build_derived_graph(random_architecture(spec.space, spec.program.derivation, 0))
        assert training_work(found, spec.program, 2 * batches).is_worth_compiling == is_long


def test_what_is_missing_to_compile_loops_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "why_unavailable", lambda: "No module named 'numba'")
    with pytest.raises(UserError) as raised:
        compile_loops()
    (wrong,) = raised.value.diagnostics
    assert wrong.code == "NAS013"
    assert wrong.message == "loops cannot be compiled: No module named 'numba'"


@pytest.mark.skipif(not available(), reason="numba is not installed")
def test_loops_that_cannot_be_kept_are_not_said_to_be_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dslnas.backends.torch.kernels import kept_loops

    (tmp_path / "file").touch()
    monkeypatch.setattr(kept_loops, "FOLDER", tmp_path / "file" / "loops")
    monkeypatch.setattr(compilation, "compile_all", lambda dtype: pytest.fail("it compiles"))
    with pytest.raises(UserError) as raised:
        compile_loops()
    (wrong,) = raised.value.diagnostics
    assert (wrong.code, wrong.where) == ("NAS021", str(tmp_path / "file" / "loops"))
    assert wrong.help == "let NUMBA_CACHE_DIR, or XDG_CACHE_HOME, name another folder"

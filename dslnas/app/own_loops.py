"""Loops of our own for the CPU: compiled ahead, told of in a run, and left out of a short one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from dslnas.app.run import Listener, Notice, silent
from dslnas.diagnostics import user_error
from dslnas.files import cannot_write

if TYPE_CHECKING:
    from dslnas.app.compiled import CompiledSearch
    from dslnas.backends.torch.kernels.compilation import Work
    from dslnas.graph.graph import PrimitiveGraph
    from dslnas.language.check.checked import CheckedProgram

LoopPrecision: TypeAlias = Literal["float32", "float64"]
"""Precision that loops are compiled for."""

SHORT = Notice("So short that it runs without the compiled loops of the extra `fast`")

GRADIENTS = 2
"""Gradients that a step of a search takes: of the weights, and of the architecture."""


def compile_loops(
    precisions: Sequence[LoopPrecision] = ("float32",), report: Listener = silent
) -> tuple[int, Path]:
    """Compile all loops for this processor; return how many are ready, and where they are kept.

    Raises:
        UserError: NAS013 if numba is of no use, NAS021 if nothing can be kept.
    """
    import torch

    from dslnas.backends.torch.kernels import compilation
    from dslnas.backends.torch.kernels.availability import why_unavailable

    reason = why_unavailable()
    if reason is not None:
        raise user_error(
            "NAS013",
            f"loops cannot be compiled: {reason}",
            where="dslnas loops",
            help="pip install numba, the extra `fast` of dslnas; NUMBA_DISABLE_JIT must not be set",
        )
    from dslnas.backends.torch.kernels.kept_loops import FOLDER, check_writable

    try:
        check_writable()
    except OSError as error:
        help = "let NUMBA_CACHE_DIR, or XDG_CACHE_HOME, name another folder"
        raise cannot_write(FOLDER, error, help) from None
    with compilation.telling_of_compilation(lambda text: report(Notice(text))):
        counts = [compilation.compile_all(getattr(torch, name)) for name in precisions]
    return sum(counts), FOLDER


@contextmanager
def loops_for(
    work: Work | None,
    device: str,
    passes: Collection[str],
    report: Listener,
    *,
    compiles: bool = False,
) -> Iterator[tuple[Notice, ...]]:
    """Run work with loops of our own if it is worth compiling them; give what is told before it.

    The choice depends on the work alone: equal runs have equal bits, whatever is compiled already.
    Work of which nobody knows how much it is counts as worth it. Compiling is reported, also that
    of cells by torch.compile: where it `compiles` them, loops are not missed.
    """
    from dslnas.backends.torch.kernels import compilation
    from dslnas.backends.torch.kernels.availability import without_loops
    from dslnas.backends.torch.torch_compile import telling_of_compiled_cells

    def tell(text: str) -> None:
        report(Notice(text))

    with telling_of_compiled_cells(tell):
        if not device.startswith("cpu") or not passes:
            yield ()
        elif work is None or work.is_worth_compiling:
            with compilation.telling_of_compilation(tell):
                yield ()
        else:
            with without_loops(*compilation.KERNELS):
                yield (SHORT,) if compilation.is_installed() and not compiles else ()


def search_work(spec: CompiledSearch, batches: int) -> Work:
    """Return the work of the search that a spec asks for, with so many batches in an epoch."""
    from dslnas.backends.torch.kernels.compilation import work_of
    from dslnas.tasks.catalogue import task_of

    data = spec.program.data
    runs = GRADIENTS * spec.search.epochs * batches
    return work_of(spec.graph, data.batch, task_of(data).steps(data), runs)


def training_work(graph: PrimitiveGraph, program: CheckedProgram, batches: int) -> Work:
    """Return the work of training a network as a program says, with so many batches in an epoch."""
    from dslnas.backends.torch.kernels.compilation import work_of
    from dslnas.tasks.catalogue import task_of

    settings, steps = program.evaluate, task_of(program.data).steps(program.data)
    return work_of(graph, settings.batch, steps, settings.epochs * batches)

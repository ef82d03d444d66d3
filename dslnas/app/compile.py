"""The first half of the pipeline: text -> program -> checked program -> search space -> graph.

Shapes are checked without the graph, which is made when something needs it. A stage is imported
when a program comes to it, so that syntax errors are told at once, and none imports torch or onnx.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from os.path import exists, isdir, isfile
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.compiled import Compiled, CompiledArchitecture, CompiledSearch, CompiledSpace
from dslnas.diagnostics import Note, UserError, command, user_error
from dslnas.language.link.link import LinkedProgram, link
from dslnas.language.link.overrides import parse_overrides
from dslnas.language.link.sources import (
    STDIN_NAME,
    check_line_ends,
    find_source,
    near_files,
)

if TYPE_CHECKING:
    from dslnas.language.check.checked import CheckedProgram
    from dslnas.ops.primitive import Example
    from dslnas.source import SourceFile
    from dslnas.space.architecture import Architecture


def compile_spec(
    path: Path | str,
    overrides: Sequence[str] = (),
    *,
    data: str | None = None,
    with_data: bool = True,
) -> CompiledSpace | CompiledArchitecture:
    """Compile a spec.

    Args:
        path: The `.nas` file, or the name of one in the library, such as `cnn.darts_v2`; `-` is the
            standard input.
        overrides: Arguments of `--set`, such as `search.epochs=5`.
        data: Other data than those of the spec: a path, the name of a source, or a spec with data.
        with_data: Whether the data are looked at even where the spec says what the network reads.

    Returns:
        A `CompiledSearch` if there are choices and a method, a `CompiledArchitecture` if there are
        no choices.

    Raises:
        UserError: Whatever is wrong with the spec, the overrides or the data.
        TypeError: The overrides are one text, or no texts.
    """
    _check_overrides(overrides)
    return compile_source(spec_source(path), overrides, data=data, with_data=with_data)


def compile_source(
    source: SourceFile,
    overrides: Sequence[str] = (),
    *,
    data: str | None = None,
    with_data: bool = True,
) -> CompiledSpace | CompiledArchitecture:
    """Compile a spec that is read already; see `compile_spec`."""
    check_line_ends(source)
    name, linked = _link(source, overrides, data)
    spec = compile_linked(name, linked, with_data=with_data)
    check_has_choices(spec)
    return spec


def spec_source(path: Path | str) -> SourceFile:
    """Read a spec; see `compile_spec`.

    Raises:
        UserError: It is a folder, or no text that can be read.
    """
    path = Path(path)
    if isdir(path):
        raise _no_spec(path)
    return find_source(path, pipes=not _is_pipe_in_run(path))


def _is_pipe_in_run(path: Path) -> bool:
    """Whether something in the folder of a run is no file; elsewhere a shell may have put it."""
    if isfile(path) or not exists(path):
        return False
    from dslnas.runs.manifest import MANIFEST

    return exists(path.parent / MANIFEST)


def link_spec(
    path: Path | str, overrides: Sequence[str] = (), data: str | None = None
) -> tuple[str, LinkedProgram]:
    """Return the name of a spec, and the program with the files it uses; see `compile_spec`."""
    _check_overrides(overrides)
    return _link(spec_source(path), overrides, data)


def _link(
    source: SourceFile, overrides: Sequence[str], data: str | None
) -> tuple[str, LinkedProgram]:
    linked = link(source, parse_overrides(overrides), None if data is None else _on_data(data))
    if source.library:
        return source.name, linked
    return STDIN_NAME if source.path is None else source.path.stem, linked


def _on_data(given: str) -> Callable[[LinkedProgram], None]:
    from dslnas.app.other_data import on_data

    return on_data(given)


def check_has_choices(spec: Compiled) -> None:
    """Raise NAS309 for the search of a spec in which every choice is made."""
    if isinstance(spec, CompiledArchitecture) and spec.method is not None:
        raise user_error(
            "NAS309",
            f"`search {spec.method}` has nothing to search: every choice is made",
            span=spec.program.spans["search"],
            help="leave `search` out, or let a cell choose: `{skip_connect, relu}(in1)`",
        )


def compile_linked(
    name: str, linked: LinkedProgram, *, with_data: bool
) -> CompiledSpace | CompiledArchitecture:
    """Compile a program that is linked; see `compile_spec`."""
    from dslnas.language.check.check import check
    from dslnas.tasks.catalogue import TASK_SETTINGS

    return compile_checked(name, linked, check(linked, TASK_SETTINGS), with_data=with_data)


def compile_checked(
    name: str, linked: LinkedProgram, program: CheckedProgram, *, with_data: bool
) -> CompiledSpace | CompiledArchitecture:
    """Compile a program whose names and values are right; see `compile_spec`."""
    from dslnas.app.data import pointing_at
    from dslnas.tasks.catalogue import task_of
    from dslnas.tasks.example import example_of

    nowhere = replace(program, data=program.data.replace(path=""))
    with pointing_at(program):
        is_said = task_of(nowhere.data).describe(nowhere.data, nowhere.network) is not None
        known = example_of(nowhere if is_said and not with_data else program)
    if known.has_test is not None:
        own = program.data.divided(has_test=known.has_test, has_validation=known.has_validation)
        program = replace(program, data=own)
    compiled = compile_program(name, linked, program, known.shape, known.classes)
    if with_data:
        searching = isinstance(compiled, CompiledSearch)
        with pointing_at(program):
            task_of(program.data).check_sizes(
                known, program.data, program.evaluate, searching=searching
            )
    place = next((program.spans[p] for p in ("data.path", "data") if p in program.spans), None)
    remarks = tuple(Note(text, place) for text in known.notes) if place is not None else ()
    return replace(compiled, remarks=remarks)


def _no_spec(folder: Path) -> UserError:
    """Return the error for a folder where a spec is wanted, with the spec that is in it."""
    from dslnas.runs.folder import ARCHITECTURE, SPEC

    help_ = near_files(folder / "spec.nas")
    if exists(folder / SPEC):
        help_ = f"the spec of this run is `{folder / SPEC}`"
        if exists(folder / ARCHITECTURE):
            help_ += f", the architecture that it found `{folder / ARCHITECTURE}`"
    return user_error("NAS001", "is a folder, not a spec", where=str(folder), help=help_)


def _check_overrides(overrides: object) -> None:
    """Check that overrides are several texts: one alone would be read letter by letter."""
    if isinstance(overrides, str):
        raise TypeError(f"`overrides` takes a list of texts: write [{overrides!r}]")
    if not isinstance(overrides, Sequence) or not all(isinstance(one, str) for one in overrides):
        raise TypeError(
            "`overrides` takes a list of texts, such as ['search.epochs=5']; "
            f"{overrides!r} was given"
        )


def with_search(spec: Compiled) -> CompiledSearch:
    """Return a spec that has something to search, and a method; else raise NAS309 or NAS505."""
    if isinstance(spec, CompiledSearch):
        return spec
    file = spec.linked.source.name
    if isinstance(spec, CompiledArchitecture):
        raise user_error(
            "NAS309",
            "nothing to search: every choice is made",
            where=file,
            help=f"`{command('train', file)}` trains and exports an architecture",
        )
    raise user_error(
        "NAS505",
        "spec names no search method",
        where=file,
        help="add `search darts` to it, or pass `--set search=darts`",
    )


def without_choices(spec: Compiled, done: str, in_python: str = "") -> CompiledArchitecture:
    """Return a spec in which every choice is made, to be `done`; else raise NAS310.

    `in_python` is the call that makes them there.
    """
    if isinstance(spec, CompiledArchitecture):
        return spec
    file = spec.linked.source.name
    ways = f"`{command('compile', file, '--search')}`"
    if in_python:
        ways += f", or `{in_python}` in Python,"
    raise user_error(
        "NAS310",
        f"cannot be {done}: it still has choices",
        where=file,
        help=f"{ways} makes them",
    )


def compile_program(
    name: str, linked: LinkedProgram, program: CheckedProgram, example: Example, classes: int
) -> CompiledSpace | CompiledArchitecture:
    """Compile a program that is linked and checked, for examples of a shape and so many classes.

    Raises:
        UserError: Mistakes of lowering; NAS4xx where shapes do not fit or a network is too large.
    """
    from dslnas.graph.analysis.alive import check_alive, has_fixed_zeros
    from dslnas.graph.analysis.memory import check_memory
    from dslnas.graph.analysis.size import check_final, check_search
    from dslnas.space.architecture import Architecture
    from dslnas.space.lower import lower

    space = lower(program, example, classes)
    final = check_final(space)
    check_memory(final if isinstance(space, Architecture) else check_search(space))
    if has_fixed_zeros(space):
        check_alive(space, name)
    if isinstance(space, Architecture):
        return CompiledArchitecture(name, linked, program, space.network, space)
    if program.search is None:
        return CompiledSpace(name, linked, program, space.network, space)
    return CompiledSearch(name, linked, program, space.network, space, program.search)


def architecture_text(compiled: Compiled, architecture: Architecture, origin: str) -> str:
    """Return an architecture that a spec has as a program; `origin`: its first comment."""
    from dslnas.language.print.expanded_spec import effective_text
    from dslnas.runs.architecture import SPEC_HASH
    from dslnas.space.text import cell_text

    network = architecture.network
    return effective_text(
        compiled.linked,
        compiled.program,
        network.example,
        network.classes,
        title=(origin, f"{SPEC_HASH}{compiled.hash}"),
        cells={name: cell_text(cell) for name, cell in architecture.cells.items()},
        layout=network.layout,
        channels=network.channels,
    )

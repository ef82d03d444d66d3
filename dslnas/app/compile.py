"""The first half of the pipeline: text -> program -> checked program -> search space -> graph.

Shapes are checked without the graph, which is made when something needs it. Nothing here imports
torch or onnx, and no more than a check needs, so that `dslnas check` answers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.graph.analysis.memory import check_memory
from dslnas.graph.analysis.size import check_final, check_search
from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import LinkedProgram, link, read_source
from dslnas.language.link.overrides import parse_overrides
from dslnas.space.lower import lower
from dslnas.space.network import SearchSpace
from dslnas.tasks.catalogue import TASK_SETTINGS
from dslnas.tasks.example import example_of

if TYPE_CHECKING:
    from dslnas.graph.graph import PrimitiveGraph


@dataclass(frozen=True)
class Compiled:
    """Everything that is known of a spec before a tensor is made.

    Attributes:
        name: Of the file, without its ending.
        linked: The program with the files it uses.
        program: The same, checked.
        space: Cells and networks as DAGs.
    """

    name: str
    linked: LinkedProgram
    program: CheckedProgram
    space: SearchSpace

    @cached_property
    def graph(self) -> PrimitiveGraph:
        """Of the supernet; of the network that is trained, where nothing is left to choose."""
        from dslnas.graph.lower.network import build_derived_graph, build_supernet_graph

        build = build_derived_graph if self.space.is_architecture else build_supernet_graph
        return build(self.space)

    @cached_property
    def text(self) -> str:
        """The effective program."""
        return self._text(with_path=True)

    @cached_property
    def hash(self) -> str:
        """The name of the effective program."""
        from dslnas.language.print.expanded_spec import spec_hash

        return spec_hash(self._text(with_path=False))

    def _text(self, *, with_path: bool) -> str:
        from dslnas.language.print.expanded_spec import effective_text

        network = self.space.network
        return effective_text(
            self.linked, self.program, network.input, network.classes, with_path=with_path
        )


def compile_spec(
    path: Path | str, overrides: Sequence[str] = (), *, with_data: bool = True
) -> Compiled:
    """Compile a spec.

    Args:
        path: The `.nas` file.
        overrides: Arguments of `--set`, such as `search.epochs=5`.
        with_data: Whether the data are looked at; else the spec says what the network reads.

    Raises:
        UserError: Whatever is wrong with the spec, the overrides or the data's path.
    """
    path = Path(path)
    linked = link(read_source(path), parse_overrides(overrides))
    program = check(linked, TASK_SETTINGS)
    nowhere = replace(program, data=program.data.replace(path=""))
    example, classes = example_of(program if with_data else nowhere)
    space = lower(program, example, classes)
    if space.is_architecture:
        check_memory(check_final(space))
    else:
        check_memory(check_search(space))
        check_final(space)
    return Compiled(path.stem, linked, program, space)


def architecture_text(compiled: Compiled, architecture: SearchSpace, origin: str) -> str:
    """Return an architecture as a program of its own: it can be edited, retrained, exported."""
    from dslnas.language.print.expanded_spec import effective_text
    from dslnas.space.text import cell_text

    cells = {name: cell_text(architecture.cells[name]) for name in architecture.final.layout}
    title = (origin, f"Spec hash: {compiled.hash}")
    network = architecture.network
    return effective_text(
        compiled.linked,
        compiled.program,
        network.input,
        network.classes,
        title=title,
        cells=cells,
    )

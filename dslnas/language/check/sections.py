"""The sections of a program: names, settings, and what they say together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import expanduser  # pathlib's raises for an unknown user
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from dslnas.diagnostics import Diagnostics, suggestion
from dslnas.language.check.bind_settings import build, check_once
from dslnas.language.check.cell import Cell
from dslnas.language.check.checked import CheckedInput, CheckedNetwork
from dslnas.language.check.constants import Scope
from dslnas.language.check.counts import check_counts
from dslnas.language.check.limits import check_limits
from dslnas.language.check.network_inputs import are_named, named_inputs
from dslnas.language.check.operations import NETWORK_NAMES, check_body
from dslnas.language.link.link import LinkedProgram, head_span
from dslnas.language.link.overrides import COMMAND_LINE
from dslnas.language.syntax import ast
from dslnas.ops.primitive import Shape
from dslnas.settings.data import DATA, DataSettings
from dslnas.settings.model import Section
from dslnas.settings.rule import Derivation, Rule
from dslnas.settings.search import SEARCH, SearchSettings
from dslnas.settings.sections import (
    DERIVE_EXPRESSIONS,
    NETWORK_EXPRESSIONS,
    DeriveSettings,
    NetworkSettings,
)
from dslnas.settings.task import TaskSettings
from dslnas.source import Span

_Section = TypeVar("_Section", bound=Section)


class Sections:
    """Checks the sections of a program.

    Attributes:
        checked: Sections that were checked, by their word.
        spans: Where settings are written, by path.
    """

    def __init__(
        self, linked: LinkedProgram, constants: Scope, task: TaskSettings, diagnostics: Diagnostics
    ) -> None:
        self._linked = linked
        self._constants = constants
        self._task = task
        self._diagnostics = diagnostics
        self.checked: dict[str, Section] = {}
        self.spans: dict[str, Span] = {}

    def plain(
        self, model: type[_Section], expressions: Mapping[str, str] = MappingProxyType({})
    ) -> _Section:
        """Check a section that has no name of its own; `expressions` are checked elsewhere."""
        section = self._linked.sections.get(model.kind)
        if section is not None and section.name is not None:
            self._diagnostics.add(
                "NAS505",
                f"`{model.kind}` has no name, found `{section.name.text}`",
                section.name.span,
                help=f"write `{model.kind} {{ ... }}`",
            )
        settings = section.settings if section else ()
        check_once([s for s in settings if s.key.text in expressions], self._diagnostics)
        plain = [s for s in settings if s.key.text not in expressions]
        return self._build(model, plain, f"`{model.kind}`", tuple(expressions))

    def data(self) -> DataSettings:
        """Check the data section; without one, the data are those that the task has at hand."""
        section = self._linked.sections.get("data")
        source = self._named(section, DATA)
        # The settings of an unknown source cannot be checked.
        is_known = section is None or section.name is None or source is not None
        settings = section.settings if section is not None and is_known else ()
        source = source or self._task.source
        data = self._build(DATA[source], settings, f"`data {source}`")
        if sum(data.split) > 1 + 1e-9:
            self._diagnostics.add(
                "NAS506",
                f"shares of `split` add up to {sum(data.split):.0%}, more than 100%",
                self.spans.get("data.split"),
                help="make them smaller",
            )
        if not data.path:
            return data
        if not data.has_files:
            known = [name for name, model in DATA.items() if model.has_files]
            self._diagnostics.add(
                "NAS508",
                f"`data {source}` takes no path",
                self.spans["data.path"],
                help=f"name the kind of data that lie there: {suggestion('', known)}",
            )
            return data
        return data.replace(path=self._path(data.path))

    def search(self) -> SearchSettings | None:
        """Check the search section, if there is one."""
        section = self._linked.sections.get("search")
        if section is None:
            return None
        method = self._named(section, SEARCH)
        if method is None:
            if section.name is None:
                self._diagnostics.add(
                    "NAS505",
                    "`search` needs the name of a method",
                    head_span(section),
                    help=f"write `search {next(iter(SEARCH))}`; {suggestion('', SEARCH)}",
                )
            return None
        elsewhere = {
            key: f"`search {name}`"
            for name, model in reversed(SEARCH.items())  # the first that has it is the best known
            for key in model.settings()
        }
        where = f"`search {method}`"
        return self._build(SEARCH[method], section.settings, where, elsewhere=elsewhere)

    def network(self, cells: Mapping[str, Cell]) -> CheckedNetwork | None:
        """Check the network section: plain settings, and expressions for their names."""
        section = self._linked.sections.get("network")
        if section is None or not any(s.key.text == "cells" for s in section.settings):
            self._diagnostics.add(
                "NAS303",
                "network has no cells",
                self._place_of(section),
                help="write `network { cells normal * 2 }`, or `use papers.darts`",
            )
            return None
        given = {s.key.text: s for s in section.settings}
        expressions = NETWORK_EXPRESSIONS | ({"input": ""} if are_named(given) else {})
        settings = self.plain(NetworkSettings, expressions)
        missing = [key for key in ("stem", "head") if key not in given]
        if missing:
            self._diagnostics.add(
                "NAS303",
                f"network has no {' and no '.join(missing)}",
                self._place_of(section),
                help=f"give {' and '.join(f'`{k}`' for k in missing)}; `use std.cnn` brings them",
            )
            return None
        inputs = self._inputs(given, settings.input, cells)
        for key in ("head", "auxiliary"):
            if key in given:
                self._one_value(given[key])
                self._body(given[key].values[0])
        return CheckedNetwork(
            inputs,
            settings.classes,
            settings.channels,
            settings.repeat,
            given["head"].values[0],
            given["auxiliary"].values[0] if "auxiliary" in given else None,
            self._layout(given["cells"], cells),
            span=given["cells"].span,
        )

    def _inputs(
        self,
        given: Mapping[str, ast.Setting],
        shape: Shape | None,
        cells: Mapping[str, Cell],
    ) -> tuple[CheckedInput, ...]:
        """Check what the network reads, and the stems; `shape` is that of an only input."""
        if not are_named(given):
            self._one_value(given["stem"])
            stem = given["stem"].values[0]
            inputs: tuple[CheckedInput, ...] = (CheckedInput("", shape, stem, stem.span),)
        else:
            inputs = named_inputs(given, self._constants, self._diagnostics)
            if "input" in given:
                self.spans["network.input"] = given["input"].span
            if inputs and any(cell.is_recurrent for cell in cells.values()):
                self._diagnostics.add(
                    "NAS314",
                    "recurrent cells read one sequence, and inputs of the network have names",
                    inputs[0].span,
                    help="give `stem` one value, without a name, and leave out `input`",
                )
        for stem_of in inputs:
            self._body(stem_of.stem)
        return inputs

    def derivation(self, cells: Mapping[str, Cell]) -> Derivation:
        """Check the derive section: plain settings, and comparisons."""
        settings = self.plain(DeriveSettings, DERIVE_EXPRESSIONS)
        section = self._linked.sections.get("derive")
        given = {s.key.text: s for s in section.settings} if section else {}
        linked, constants, diagnostics = self._linked, self._constants, self._diagnostics
        counts = check_counts(given.get("count"), linked, constants, cells, diagnostics)
        self.spans |= {f"derive.count.{count.operation}": span for count, span in counts.items()}
        limits = check_limits(given.get("require"), constants, diagnostics)
        return Derivation(rule=Rule(tuple(counts)), limits=limits, **vars(settings))

    def usual(self, model: type[_Section]) -> _Section:
        """Return a section in which nothing is written."""
        return model.model_validate(self._task.defaults_of(model))

    # ---- parts ----------------------------------------------------------------------------------

    def _build(
        self,
        model: type[_Section],
        settings: Sequence[ast.Setting],
        where: str,
        more_keys: Sequence[str] = (),
        elsewhere: Mapping[str, str] = MappingProxyType({}),
    ) -> _Section:
        check_once(settings, self._diagnostics)
        for setting in settings:
            first, last = setting.values[0].span, setting.values[-1].span
            self.spans[f"{model.kind}.{setting.key.text}"] = first.to(last)
        section = build(
            model,
            settings,
            self._constants,
            where,
            self._diagnostics,
            more_keys=more_keys,
            elsewhere=elsewhere,
            defaults=self._task.defaults_of(model),
        )
        self.checked[model.kind] = section
        return section

    def _place_of(self, section: ast.Section | None) -> Span:
        """Return where to point for what a section lacks: the library is not the user's to mend."""
        if section is not None and not section.span.source.library:
            return head_span(section)
        source = self._linked.source
        end = len(source.text.rstrip())
        return Span(source, max(0, end - 1), max(1, end))

    def _named(self, section: ast.Section | None, known: Mapping[str, object]) -> str | None:
        """Return the section's name if it is a known one."""
        if section is None or section.name is None:
            return None
        if section.name.text in known:
            return section.name.text
        what = "search method" if section.kind == "search" else "data source"
        self._diagnostics.add(
            "NAS505",
            f"unknown {what} `{section.name.text}`",
            section.name.span,
            help=suggestion(section.name.text, known),
        )
        return None

    def _body(self, expression: ast.Expression) -> None:
        scope = {**self._constants, **dict.fromkeys(NETWORK_NAMES, 1)}
        check_body(expression, self._linked.operations, scope, self._diagnostics)

    def _one_value(self, setting: ast.Setting) -> None:
        if len(setting.values) > 1:
            self._diagnostics.add(
                "NAS504",
                f"`{setting.key.text}` takes one expression, found {len(setting.values)}",
                setting.values[1].span.to(setting.values[-1].span),
                help="join layers with `->`",
            )

    def _layout(
        self, setting: ast.Setting, cells: Mapping[str, Cell]
    ) -> tuple[tuple[ast.Name, ast.Expression | None], ...]:
        """Check the list of cells; how many of each is known only with N."""
        layout: list[tuple[ast.Name, ast.Expression | None]] = []
        for value in setting.values:
            match value:
                case ast.Name() as name:
                    layout.append((name, None))
                case ast.Binary(sign="*", left=ast.Name() as name, right=count):
                    layout.append((name, count))
                case _:
                    self._diagnostics.add(
                        "NAS303",
                        f"expected a cell, found `{value.span.brief}`",
                        value.span,
                        help="write the name of a cell, or `normal * N`",
                    )
        defined = self._linked.cells
        for name, _ in layout:
            if name.text not in defined:
                self._diagnostics.add(
                    "NAS201",
                    f"unknown cell `{name.text}`",
                    name.span,
                    help=suggestion(name.text, defined),
                )
        used = {name.text for name, _ in layout}
        used |= {cell.like.text for cell in defined.values() if cell.like is not None}
        for cell in cells.values():
            if cell.name not in used and not cell.span.source.library:
                self._diagnostics.add(
                    "NAS302",
                    f"cell `{cell.name}` is never used",
                    cell.span,
                    help="add it to `cells` of the network, or remove it",
                )
        return tuple(layout)

    def _path(self, text: str) -> str:
        """Return the data's path, absolute; data may lie anywhere, `~` is the user's folder.

        A relative path starts at the folder of the file that it is written in, or, on the command
        line, where the command runs.
        """
        written = self.spans["data.path"].source
        source = None if written.name == COMMAND_LINE else written.path or self._linked.source.path
        folder = Path() if source is None else source.parent
        return str((folder / expanduser(text)).absolute())

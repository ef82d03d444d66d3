"""A text while it is written: its outline, the names that it knows, and its meaning if known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from lark import Token

from dslnas.diagnostics import Diagnostic, Note, UserError
from dslnas.editor.cursor import Cursor, cursor_at
from dslnas.editor.names import Symbol, defined, local, symbols_of, used
from dslnas.editor.outline import Item, outline, read_tokens
from dslnas.editor.places import Places, places_of
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import LinkedProgram
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import parse
from dslnas.settings.data import DATA
from dslnas.settings.model import Section
from dslnas.settings.search import SEARCH
from dslnas.settings.spec import SECTIONS
from dslnas.settings.task import TaskSettings
from dslnas.source import SourceFile
from dslnas.space.architecture import Architecture
from dslnas.space.search_space import SearchSpace

NAMED: Mapping[str, Mapping[str, type[Section]]] = {"data": DATA, "search": SEARCH}
"""Sections that have names, with the settings of each."""


@dataclass(frozen=True)
class Verdict:
    """Mistakes of a text, and its meaning if it has none.

    Attributes:
        notes: Remarks on what is no mistake, but may not be meant.
        program: The checked program; None if names or values are wrong.
        space: Its search space, or its architecture where nothing is to choose; None if shapes are
            wrong, too, or were not looked at.
    """

    mistakes: tuple[Diagnostic, ...] = ()
    notes: tuple[Note, ...] = ()
    program: CheckedProgram | None = None
    space: SearchSpace | Architecture | None = None

    @property
    def is_on_shapes(self) -> bool:
        """Whether shapes were looked at."""
        return self.program is not None and (bool(self.mistakes) or self.space is not None)

    @cached_property
    def places(self) -> Places:
        """Shapes and costs in its network; none where it has no meaning."""
        return {} if self.space is None else places_of(self.space)


@dataclass(frozen=True)
class Document:
    """A text, and what is known of it.

    Attributes:
        tasks: All tasks, of which one says what the defaults are.
        good: The latest verdict on a text of it that was right; an older text may be meant.
    """

    source: SourceFile
    tasks: Sequence[TaskSettings]
    good: Verdict = Verdict()

    @cached_property
    def tokens(self) -> list[Token]:
        """Its tokens, as far as they can be read."""
        return read_tokens(self.source.text)

    @cached_property
    def items(self) -> list[Item]:
        """Its statements."""
        return outline(self.source.text, self.tokens)

    @cached_property
    def program(self) -> ast.Program | None:
        """Its syntax tree, None if it has mistakes of form."""
        try:
            return parse(self.source)
        except UserError:
            return None

    @cached_property
    def used(self) -> LinkedProgram:
        """The program that the files in use make."""
        return used(self.source, self.items)

    @cached_property
    def own(self) -> dict[str, Symbol]:
        """Its own definitions, by name."""
        return defined(self.source, self.items)

    @cached_property
    def known(self) -> dict[str, Symbol]:
        """All definitions: its own, and those of files in use."""
        return {**self.of_files, **self.own}

    @cached_property
    def of_files(self) -> dict[str, Symbol]:
        """Definitions of the files in use."""
        return symbols_of(self.used)

    def names_in(self, item: Item | None) -> dict[str, Symbol]:
        """Return the names that only one statement knows, those of what it takes over included."""
        known = {**self.known, **self.of_files}
        return {} if item is None else local(self.source, item, known)

    def cursor(self, offset: int, letters: str = "_") -> Cursor:
        """Return a place in it."""
        return cursor_at(self.source.text, self.items, offset, letters)

    def section(self, item: Item | None) -> type[Section] | None:
        """Return the settings that a statement has, None if it has none or its name is unknown."""
        if item is None or item.head[0].type not in ("SECTION", "CELL"):
            return None
        if item.word not in NAMED:
            return next(model for model in SECTIONS if model.kind == item.word)
        usual = self.task.source if item.word == "data" else ""
        name = str(item.name) if item.name else self._used_name(item.word) or usual
        return NAMED[item.word].get(name)

    def _used_name(self, kind: str) -> str:
        name = self.used.name_of(kind)
        return "" if name is None else name.text

    @cached_property
    def task(self) -> TaskSettings:
        """The task of its data, as far as that is known."""
        data = None if self.good.program is None else self.good.program.data
        fitting = (t for t in self.tasks if data is not None and isinstance(data, t.data))
        own = (task for task in fitting if data is not None and task.word == data.goal)
        return next(own, self.tasks[0])

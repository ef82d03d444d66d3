"""A first spec for somebody's data: what is asked, and the text that the answers make."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os.path import exists, lexists
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from dslnas.diagnostics import UserError, command, user_error
from dslnas.settings.data import DATA
from dslnas.settings.data_base import DataSettings
from dslnas.settings.search import SEARCH
from dslnas.settings.values import Crop
from dslnas.source import SourceFile
from dslnas.spelling import suggestion

if TYPE_CHECKING:
    from dslnas.app.compiled import Compiled

Effort: TypeAlias = Literal["quick", "usual", "thorough"]
"""How long a search and a training may take: a look, a sound result, the papers' settings."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)
BATCHES = (64, 32, 16, 8, 4, 2)
SMALL = 8
"""Batch from which on the steps of an epoch are the least: a larger one has to leave eight."""

STEPS = 8
SIDE = 32
"""Height and width to which pictures are brought unless others are asked for."""

_TOO_LARGE = {"NAS606", "NAS611"}


@dataclass(frozen=True)
class Answers:
    """Answers about some data.

    Attributes:
        source: Word of the source, such as `images`.
        path: Place of the data; empty for data that come with a package.
        task: Kind of what is predicted; empty for what is usual for the source.
        target: Column that is predicted; empty for the last.
        ignore: Columns that are not read.
        size: Height and width of pictures that are resized.
        method: Search method; empty for what is advised.
        effort: Size of the search and the training.
    """

    source: str
    path: str = ""
    task: str = ""
    target: str = ""
    ignore: tuple[str, ...] = ()
    size: int = SIDE
    method: str = ""
    effort: Effort = "usual"

    @property
    def model(self) -> type[DataSettings]:
        """Settings of the source."""
        return DATA[self.source]

    @property
    def has_target(self) -> bool:
        """Whether a column is predicted: examples are the rows of a table."""
        return "target" in self.model.model_fields and not self.path.endswith(".npz")

    @property
    def goals(self) -> Sequence[str]:
        """Tasks that the data can serve; empty where there is nothing to choose."""
        task = self.model.model_fields.get("task")
        known = () if task is None else get_args(task.annotation)
        return known if len(known) > 1 else ()


def sources_at(data: str) -> Sequence[str]:
    """Return the sources that read what somebody names, a path or a source; the likeliest first.

    Raises:
        UserError: NAS601, NAS603 or NAS612, nothing is there that a source knows.
    """
    if data in DATA and not exists(data):
        if not DATA[data]().lacks_path:
            return (data,)
        help = "give the path of the data: what they are is told from what lies there"
        raise user_error("NAS605", f"`{data}` are data of a path", where="--data", help=help)
    from dslnas.data.recognition import sources_of

    return sources_of(Path(data).expanduser())


def columns_of(path: str) -> Mapping[str, Sequence[str]]:
    """Return the columns of a table by name, as text; that of the training part of a folder."""
    from dslnas.data.table import training_columns

    return training_columns(Path(path).expanduser()).values


def has_many_numbers(values: Sequence[str], most: int = 20) -> bool:
    """Whether a column holds numbers to predict rather than classes: fractions, or very many."""
    try:
        numbers = {float(value) for value in values}
    except ValueError:
        return False
    return len(numbers) > most or not all(number.is_integer() for number in numbers)


def without_numbers(columns: Mapping[str, Sequence[str]], target: str) -> tuple[str, ...]:
    """Return the columns that no network can read: they hold texts, and no number among them."""
    from dslnas.data.columns import is_number

    return tuple(
        name
        for name, values in columns.items()
        if name != target and any(values) and not any(map(is_number, values))
    )


def write_spec(path: Path, answers: Answers) -> Compiled:
    """Write a spec, and return what it means.

    The batch is the largest of the usual ones for which the data are enough: an epoch that is one
    step long teaches nothing.

    Raises:
        UserError: NAS022 if a file is there already, NAS021 if it cannot be written; else what is
            wrong with the data: the spec is written then, so that it can be mended.
    """
    from dslnas.files import OTHER_NAME, make_folder, write_whole

    check_free(path)
    make_folder(path.parent, OTHER_NAME)
    for batch in BATCHES:
        text = spec_text(answers, path.parent, batch)
        read = batch * STEPS if batch > SMALL else batch
        try:
            spec = _compiled(path, spec_text(answers, path.parent, read))
        except UserError as error:
            too_large = {wrong.code for wrong in error.diagnostics} <= _TOO_LARGE
            if too_large and batch != BATCHES[-1]:
                continue
            write_whole(path, text, instead=OTHER_NAME)
            raise
        text = spec_text(answers, path.parent, batch, _side(spec))
        write_whole(path, text, instead=OTHER_NAME)
        return _compiled(path, text)
    raise AssertionError("the last batch is returned or refused")


def _compiled(path: Path, text: str) -> Compiled:
    from dslnas.app.compile import compile_linked
    from dslnas.language.link.link import link

    return compile_linked(path.stem, link(SourceFile(str(path), text, path)), with_data=True)


def check_free(path: Path) -> None:
    """Raise NAS022 if a file is there already, and UserError for a name that is none of a spec."""
    if path.suffix != ".nas":
        help = f"write `{path.with_suffix('.nas')}`"
        raise user_error("NAS001", "name of a spec ends with `.nas`", where=str(path), help=help)
    if lexists(path):
        help = "give another name, or remove it"
        raise user_error("NAS022", "there is a file already", where=str(path), help=help)


def _side(spec: Compiled) -> int:
    """Return the smaller side of images that a network reads; 0 for what has none."""
    example = spec.network.example
    return min(example[1:], default=0) if isinstance(example, tuple) else 0


def spec_text(answers: Answers, folder: Path, batch: int, side: int = 0) -> str:
    """Return a spec in canonical form.

    Args:
        answers: Answers about the data.
        folder: Folder at which a path in it starts.
        batch: Examples in a step.
        side: Smaller side of images, once it is known: random crops take an eighth of it.
    """
    from dslnas.language.print.expanded_spec import section_text
    from dslnas.language.print.format import format_program
    from dslnas.language.syntax.parse import parse
    from dslnas.tasks.catalogue import task_of
    from dslnas.templates import templates

    data = answers.model(**_settings(answers, folder, batch, side))
    task, place = task_of(data), EFFORTS.index(answers.effort)
    written = data.model_fields_set
    environment = templates("dslnas.app", "starters")
    text = environment.get_template(f"{task.example}.nas.j2").render(
        title=task.settings.examples,
        data=section_text(data, without=data.settings().keys() - written),
        method=answers.method or task.settings.method,
        batch=batch,
        pick=lambda *by_effort: by_effort[place],
    )
    return format_program(parse(SourceFile("new", text)))


def check_method(method: str) -> None:
    """Raise NAS505 for a method that does not exist."""
    if method and method not in SEARCH:
        raise user_error(
            "NAS505", f"unknown search method `{method}`", where="--method",
            help=suggestion(method, SEARCH),
        )  # fmt: skip


def next_commands(path: Path) -> Sequence[str]:
    """Return what to run next: look at the data, estimate, search."""
    return (
        command("data", path),
        command("estimate", path),
        command("compile", path, "--search"),
    )


def _settings(answers: Answers, folder: Path, batch: int, side: int) -> dict[str, Any]:
    """Return the settings of the data that are not the usual ones."""
    model, found = answers.model, dict[str, Any](batch=batch)
    if answers.path:
        given = Path(answers.path).expanduser()
        place = str(given) if given.is_absolute() else os.path.relpath(given, folder)
        found["path"] = _string(place, "a path")
    usual = model.model_fields.get("task")
    if usual is not None and answers.task not in ("", usual.default):
        found["task"] = answers.task
    if answers.target:
        found["target"] = (_string(answers.target, "a column"),)
    if answers.ignore:
        found["ignore"] = tuple(_string(name, "a column") for name in answers.ignore)
    if model().is_resized:
        found["size"] = answers.size
    if side and "augment" in model.model_fields:
        found["augment"] = (Crop(pad=max(1, side // 8)),)
    return found


def _string(text: str, what: str) -> str:
    """Return a text that a spec can have as a string; raise NAS604 for another."""
    if '"' in text or not text.isprintable():
        message = f'{what} with a `"`, or a sign that cannot be printed, fits in no spec'
        raise user_error("NAS604", message, where=text, help="rename it")
    return text

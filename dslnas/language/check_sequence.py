"""What goes together where a network reads text, token after token."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dslnas.diagnostics import Diagnostics, Note
from dslnas.language import ast
from dslnas.language.checked import CheckedCell
from dslnas.language.link import LinkedProgram
from dslnas.settings.data import DataSettings, TextSettings
from dslnas.settings.schema import Settings
from dslnas.settings.search import PcDartsSettings
from dslnas.source import Span

_OF_IMAGES = ("augment", "auxiliary", "drop_path")
_OF_TEXT = ("dropout", "slowness", "average", "vary")


def used_cells(linked: LinkedProgram) -> dict[ast.Name, bool]:
    """Return the cells of the network where they are first used, each with whether it has states.

    It is asked of the text, so that a mistake elsewhere in a cell does not make it another kind.
    """
    section = linked.sections.get("network")
    settings = section.settings if section is not None else ()
    layout = next((s.values for s in settings if s.key.text == "cells"), ())
    names: dict[str, ast.Name] = {}
    for value in layout:
        name = value.left if isinstance(value, ast.Binary) else value
        if isinstance(name, ast.Name) and name.text in linked.cells:
            names.setdefault(name.text, name)
    return {name: _is_recurrent(name.text, linked.cells) for name in names.values()}


def check_sequence(
    used: Mapping[ast.Name, bool],
    cells: Mapping[str, CheckedCell],
    data: DataSettings,
    linked: LinkedProgram,
    found: Diagnostics,
) -> None:
    """Check that cells and data are both for sequences, or none is; NAS314 is recorded.

    Args:
        used: The cells of the network, see `used_cells`.
        cells: All cells that could be understood.
        data: What is read.
        linked: The program, to point at the name of the data.
        found: Takes the mistakes.
    """
    recurrent = [name for name, has_states in used.items() if has_states]
    others = [name for name, has_states in used.items() if not has_states]
    is_text = isinstance(data, TextSettings)
    section = linked.sections.get("data")
    place = section.name.span if section is not None and section.name is not None else None
    if recurrent and others:
        found.add(
            "NAS314",
            f"cell `{others[0].text}` is not recurrent, and others of the network are",
            others[0].span,
            notes=[Note("a recurrent cell is here", recurrent[0].span)],
            help="give it `states`, or leave it out",
        )
    elif recurrent and not is_text:
        found.add(
            "NAS314",
            f"recurrent cells read text, not `data {data.source}`",
            place or recurrent[0].span,
            notes=[Note("a recurrent cell is here", recurrent[0].span)] if place else (),
            help="write `data text` or `data ptb`, or use cells without `states`",
        )
    elif others and is_text:
        found.add(
            "NAS314",
            f"`data {data.source}` is read by recurrent cells, and `{others[0].text}` is none",
            place or others[0].span,
            notes=[Note("the cell is here", others[0].span)] if place else (),
            help="`use papers.darts_rnn`, or give the cell `states`",
        )
    for name in recurrent:
        if name.text in cells:
            _check_cell(cells[name.text], found)


def check_fitting(
    data: DataSettings,
    sections: Iterable[Settings | None],
    linked: LinkedProgram,
    spans: Mapping[str, Span],
    found: Diagnostics,
) -> None:
    """Check that nothing is written that means nothing for such data; NAS314 is recorded.

    Args:
        data: What is read.
        sections: Of the program, but for data and network.
        linked: The program, to point at the name of the search.
        spans: Where settings are written, by path.
        found: Takes the mistakes.
    """
    is_text = isinstance(data, TextSettings)
    kind, keys = ("images", _OF_IMAGES) if is_text else ("text", _OF_TEXT)
    misfits = [("network", "input")] if is_text and "network.input" in spans else []
    for settings in filter(None, sections):
        written = (key for key in keys if f"{settings.kind}.{key}" in spans)
        misfits += [(settings.kind, key) for key in written if _is_on(getattr(settings, key, None))]
        if is_text and isinstance(settings, PcDartsSettings):
            section = linked.sections["search"]
            found.add(
                "NAS314",
                "`pc_darts` searches a part of the channels of images, and the data are text",
                section.span if section.name is None else section.name.span,
                help="search recurrent cells by another method, such as `search darts`",
            )
    for section_kind, key in misfits:
        message = f"`{key}` is for {kind}, and the data are {'text' if is_text else 'images'}"
        found.add("NAS314", message, spans[f"{section_kind}.{key}"], help=f"remove `{key}`")


def _is_on(value: object) -> bool:
    return bool(value) and value != "nothing"


def _check_cell(cell: CheckedCell, found: Diagnostics) -> None:
    for key, is_given in (
        ("stride", cell.stride > 1),
        ("preprocess", cell.preprocess is not None),
    ):
        if is_given:
            found.add(
                "NAS314",
                f"`{key}` does not go with the states of cell `{cell.name}`",
                cell.spans[key],
                help=f"remove `{key}`: there are no images to be made smaller"
                if key == "stride"
                else "write what fits the input in `first` or a value",
            )


def _is_recurrent(name: str, cells: Mapping[str, ast.CellDef]) -> bool:
    """Whether a cell, or one that it is like, has states."""
    for cell in _with_bases(name, cells):
        for statement in cell.statements:
            if isinstance(statement, ast.Setting) and statement.key.text == "states":
                value = statement.values[0]
                return not (isinstance(value, ast.Name) and value.text == "none")
    return False


def _with_bases(name: str, cells: Mapping[str, ast.CellDef]) -> Iterator[ast.CellDef]:
    seen: set[str] = set()
    like: str | None = name
    while like is not None and like in cells and like not in seen:
        seen.add(like)
        yield cells[like]
        base = cells[like].like
        like = None if base is None else base.text

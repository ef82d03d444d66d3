"""Other data for a program: those that `--data` names take the place of its own."""

from __future__ import annotations

from collections.abc import Callable, Container
from os.path import abspath, exists, expanduser
from pathlib import Path

from dslnas.diagnostics import user_error
from dslnas.language.link.link import LinkedProgram, link
from dslnas.language.link.merge import merge_sections
from dslnas.language.link.sources import SUFFIX, read_source
from dslnas.language.syntax import ast
from dslnas.settings.data import DATA
from dslnas.source import SourceFile, Span

COMMAND_LINE = "--data"


def on_data(given: str) -> Callable[[LinkedProgram], None]:
    """Return what gives a program other data: a path, a source by name, or a spec that has some.

    Where they are of the source that the program has, its settings stay but for the split, which is
    the usual one of these data. The number of classes comes from the data, and so does the shape of
    the examples, unless they are resized to it.
    """

    def adapt(linked: LinkedProgram) -> None:
        before, own = linked.sections.get("data"), linked.name_of("data")
        section = _section(given, "" if own is None else own.text)
        known = {"classes", "input"}
        if before is not None and own is not None and own == section.name:
            section = merge_sections(_without(before, {"split"}), section)
            if DATA[own.text].is_resized:
                known.remove("input")
        linked.sections["data"] = section
        network = linked.sections.get("network")
        if network is not None:
            linked.sections["network"] = _without(network, known)

    return adapt


def _without(section: ast.Section, keys: Container[str]) -> ast.Section:
    kept = tuple(s for s in section.settings if s.key.text not in keys)
    return section.replace(settings=kept)


def _section(given: str, own: str) -> ast.Section:
    """Return the section of the data that are given."""
    if given in DATA and not exists(given):
        return _of_name(given)
    if not given:
        help = "give a path, a source by name, or a spec"
        raise user_error("NAS605", "no data are named", where=COMMAND_LINE, help=help)
    path = Path(abspath(expanduser(given)))
    if path.suffix == SUFFIX:
        return _section_in(path)
    from dslnas.data.recognition import source_at

    return _made(given, source_at(path, own), str(path))


def _of_name(source: str) -> ast.Section:
    """Return the section of a source that needs no path; raise NAS605 if it needs one."""
    if DATA[source]().lacks_path:
        help = f"give the path instead of the name: `{COMMAND_LINE} PATH`"
        message = f"data source `{source}` needs a path"
        raise user_error("NAS605", message, where=COMMAND_LINE, help=help)
    return _made(source, source)


def _section_in(path: Path) -> ast.Section:
    """Return the data section of a spec."""
    section = link(read_source(path)).sections.get("data")
    if section is None:
        message = "says nothing of its data"
        help = "add a section to it, such as `data images { path ... }`"
        raise user_error("NAS612", message, where=str(path), help=help)
    return section


def _made(given: str, source: str, path: str = "") -> ast.Section:
    """Return a section for a source; mistakes show what was given."""
    shown = SourceFile(COMMAND_LINE, given)
    span = Span(shown, 0, max(1, len(given)))
    setting = ast.Setting(ast.Name("path", span=span), (ast.Text(path, span=span),), span=span)
    return ast.Section("data", ast.Name(source, span=span), (setting,) if path else (), span=span)

"""The pages of the site cover the program, and lead to each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath

import pytest

from docs.site.markdown import escaped
from docs.site.pages import TABLES, generated_pages
from docs.site.places import ROOT, link, place_of, slug, written_pages
from docs.site.settings import rows_of
from docs.site.written import files_of, with_tables, written_page
from dslnas.cli.main import COMMANDS
from dslnas.codes import CODES, page_of
from dslnas.graph.operation_facts import operations
from dslnas.language.link.sources import library_names
from dslnas.passes.manager import PASSES
from dslnas.settings.calls import CALLS
from dslnas.settings.search import SEARCH
from dslnas.settings.spec import SECTIONS

HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@cache
def pages() -> dict[str, str]:
    written = {place: written_page(path) for path, place in written_pages().items()}
    return generated_pages(brief=True) | written


def parts(place: str) -> dict[str, str]:
    """Return a page by its headings."""
    texts = HEADING.split(pages()[place])[1:]
    return dict(zip(texts[::2], texts[1::2], strict=True))


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.heading())
def test_every_setting_stands_below_its_section_or_below_all_of_its_kind(model: type) -> None:
    section = next(one for one in SECTIONS if one is model)
    page = "methods" if section in SEARCH.values() else "settings"
    found = parts(f"reference/{page}.md")
    linked = re.findall(r"\[`([\w ]+)`\]\(#", found[section.heading()])
    text = "".join(found[heading] for heading in (section.heading(), *linked))
    for key, (_, takes, default, meaning) in rows_of(section).items():
        assert f"| `{key}` |" in text
        assert takes
        assert meaning or default


def test_every_call_operation_pass_command_and_library_file_has_an_entry() -> None:
    values = pages()["reference/values.md"]
    assert all(re.search(rf"`{word}[(`]", values) for word in CALLS)
    found = pages()["reference/operations.md"]
    assert all(f"`{each.call}`" in found or f"### {each.name}\n" in found for each in operations())
    assert all(f"| `{name}` |" in pages()["reference/passes.md"] for name in PASSES)
    assert {f"dslnas {name}" for name in COMMANDS} < parts("reference/commands.md").keys()
    assert {*library_names()} < parts("reference/library.md").keys()


def test_every_code_has_its_explanation_where_its_address_says() -> None:
    found = parts("reference/errors.md")
    for code, known in CODES.items():
        assert page_of(code) == f"reference/errors.html#{slug(code)}"
        assert escaped(known.explanation) in found[code]
        assert known.example in found[code]


def test_every_method_tells_how_it_searches() -> None:
    found = parts("reference/methods.md")
    assert all("**Steps.**" in found[model.heading()] for model in SEARCH.values())


def test_links_lead_to_pages_and_headings_of_the_site() -> None:
    anchors = {place: {*map(slug, HEADING.findall(text))} for place, text in pages().items()}
    for place, text in pages().items():
        for target, anchor in re.findall(r"\]\(([^):#\s]*\.md)?(?:#([\w-]+))?\)", text):
            path = str(PurePosixPath(place).parent / target) if target else place
            normal = link(path, "")
            assert normal in pages(), (place, target)
            assert not anchor or anchor in anchors[normal], (place, target, anchor)


@pytest.mark.parametrize("path", written_pages())
def test_tables_of_pages_are_those_of_the_program(
    path: str, expect: Callable[[Path, str], None]
) -> None:
    page = ROOT / path
    expect(page, with_tables(page.read_text(encoding="utf-8"), TABLES))


def test_every_table_stands_in_a_page() -> None:
    texts = [(ROOT / path).read_text(encoding="utf-8") for path in written_pages()]
    names = {name for text in texts for name in re.findall(r"<!-- generated: (\w+)", text)}
    assert names == {*TABLES}
    assert not any("<!-- generated" in text for text in pages().values())


def test_pictures_of_pages_have_names_of_their_own() -> None:
    pictures = {picture for path in written_pages() for picture in files_of(path)}
    assert len({PurePosixPath(picture).name for picture in pictures}) == len(pictures) > 0


def test_files_that_pages_name_have_places() -> None:
    assert place_of("specs/short.nas") == "specs/short.md"
    assert place_of("dslnas/library/cnn/gdas.nas") == "reference/library.md#cnngdas"
    assert place_of("dslnas/app/pipeline.py") == ""
    assert link("reference/errors.md#nas201", "specs/short.md") == "../reference/errors.md#nas201"

"""The server over its pipes, as editors use it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dslnas.app.check import check_spec
from dslnas.cli.commands.lsp import address_of
from dslnas.cli.main import run
from dslnas.codes import CODES
from dslnas.language.link.sources import LIBRARY
from tests.language.test_errors import CASES, ERRORS
from tests.language_server.client import Client, RefusedError

TEXT = """use papers.darts
let K = 3

search darts {
    epoch  K  # über
}
"""

SPECS = [
    name
    for name in CASES
    if (ERRORS / name / "spec.nas").exists()
    and not (ERRORS / name / "set.txt").exists()
    and name != "file_not_utf8"  # an editor has decoded it
]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client("--docs", "https://docs.example/dslnas/")
    yield client
    assert client.stop() == 0


@pytest.fixture
def uri(client: Client, tmp_path: Path) -> str:
    return client.open(tmp_path / "spec.nas", TEXT)


def test_mistakes_are_told_while_the_text_changes(client: Client, uri: str) -> None:
    (wrong,) = client.diagnostics(uri)
    assert (wrong["code"], wrong["source"]) == ("NAS501", "dslnas")
    assert wrong["range"]["start"] == {"line": 4, "character": 4}
    assert wrong["range"]["end"] == {"line": 4, "character": 9}
    assert wrong["message"] == (
        "unknown setting `epoch` in `search darts`\nhelp: did you mean `epochs`?"
    )
    client.change(uri, TEXT.replace("epoch ", "epochs"))
    assert client.diagnostics(uri) == []


def test_fixes_come_from_the_help(client: Client, uri: str) -> None:
    (wrong,) = client.diagnostics(uri)
    document, context = {"uri": uri}, {"diagnostics": [wrong]}
    asked = {"textDocument": document, "range": wrong["range"], "context": context}
    (action,) = client.ask("textDocument/codeAction", **asked)
    (edit,) = action["edit"]["changes"][uri]
    assert (action["kind"], edit["newText"]) == ("quickfix", "epochs")
    assert action["isPreferred"]
    assert edit["range"] == wrong["range"]


def test_a_code_is_explained_where_its_mistake_is(client: Client, uri: str) -> None:
    (wrong,) = client.diagnostics(uri)
    page = "https://docs.example/dslnas/reference/errors.html#nas501"
    assert wrong["codeDescription"] == {"href": page}
    told = client.at("textDocument/hover", uri, 4, 6)["contents"]["value"]
    assert told.startswith(f"**NAS501**: {CODES['NAS501'].title}\n\n{CODES['NAS501'].explanation}")
    assert "**NAS" not in client.at("textDocument/hover", uri, 4, 12)["contents"]["value"]


def test_completion_hover_and_definition(client: Client, uri: str) -> None:
    found = client.at("textDocument/completion", uri, 4, 6)["items"]
    edits = {item["label"]: item["textEdit"] for item in found}
    assert edits["epochs"]["range"]["start"] == {"line": 4, "character": 4}
    told = client.at("textDocument/hover", uri, 4, 12)
    assert "Value: `3`" in told["contents"]["value"]
    place = client.at("textDocument/definition", uri, 4, 12)
    assert (place["uri"], place["range"]["start"]) == (uri, {"line": 1, "character": 4})
    place = client.at("textDocument/definition", uri, 0, 8)
    assert place["uri"] == (LIBRARY / "papers" / "darts.nas").as_uri()
    assert client.at("textDocument/hover", uri, 2, 0) is None


def test_names_change_in_one_step(client: Client, uri: str) -> None:
    assert client.at("textDocument/prepareRename", uri, 1, 4)["end"]["character"] == 5
    assert client.at("textDocument/prepareRename", uri, 0, 8) is None
    edit = client.at("textDocument/rename", uri, 1, 4, newName="count")
    assert [one["range"]["start"]["line"] for one in edit["changes"][uri]] == [1, 4]
    with pytest.raises(RefusedError, match="`relu` is taken"):
        client.at("textDocument/rename", uri, 1, 4, newName="relu")


def test_a_name_that_makes_mistakes_is_refused(client: Client, tmp_path: Path) -> None:
    text = "use papers.darts\nlet last = 2\ncell normal { nodes last; output last }\n"
    uri = client.open(tmp_path / "spec.nas", text)
    with pytest.raises(RefusedError, match="the text would be wrong"):
        client.at("textDocument/rename", uri, 1, 4, newName="count")


def test_the_text_is_formatted_as_by_the_command(client: Client, tmp_path: Path) -> None:
    uri = client.open(tmp_path / "spec.nas", "let  K=3\r\nuse   std.cnn")
    options = {"tabSize": 4, "insertSpaces": True}
    asked = {"textDocument": {"uri": uri}, "options": options}
    (edit,) = client.ask("textDocument/formatting", **asked)
    assert edit["newText"] == "let K = 3\nuse std.cnn\n"
    assert edit["range"]["end"] == {"line": 1, "character": 13}


def test_columns_are_those_of_the_client(client: Client, tmp_path: Path) -> None:
    text = 'data images { path "😀😀"; classe 3 }\n'
    uri = client.open(tmp_path / "spec.nas", text)
    wrong = next(one for one in client.diagnostics(uri) if one["code"] == "NAS501")
    assert wrong["range"]["start"]["character"] == text.index("classe") + 2


def test_mistakes_of_a_used_file_stand_where_it_is_used(client: Client, tmp_path: Path) -> None:
    (tmp_path / "space.nas").write_text("let K = 3\nlet K = 4\n", encoding="utf-8")
    uri = client.open(tmp_path / "spec.nas", 'let L = 1\nuse "space.nas"\n')
    (wrong,) = client.diagnostics(uri)
    assert wrong["range"]["start"] == {"line": 1, "character": 0}
    (place, _) = wrong["relatedInformation"]
    assert place["location"]["uri"] == (tmp_path / "space.nas").as_uri()
    assert place["location"]["range"]["start"] == {"line": 1, "character": 4}


def test_shapes_are_told_after_names_and_values(client: Client, tmp_path: Path) -> None:
    text = "use papers.darts\ndata digits\nnetwork { stem conv(3, out = C) -> linear(4) }\n"
    uri = client.open(tmp_path / "spec.nas", text)
    (of_shapes,) = client.diagnostics(uri)
    assert of_shapes["code"].startswith("NAS4")
    client.change(uri, f"{text}# the shapes stay wrong\n")
    assert client.diagnostics(uri) == [of_shapes]
    client.change(uri, f"{text}let K =\n")
    (of_form,) = client.diagnostics(uri)
    assert of_form["code"] == "NAS104"
    client.change(uri, f"{text}let K = 3\n")
    assert client.diagnostics(uri) == []  # names and values are right
    assert client.diagnostics(uri) == [of_shapes]


def corpus(client: Client, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that the mistakes of a case arrive as the command prints them, at the same places."""
    path = ERRORS / name / "spec.nas"
    monkeypatch.chdir(path.parent)
    uri = client.open(path, path.read_bytes().decode("utf-8"))
    found = []
    for wrong in client.diagnostics(uri):
        is_elsewhere = re.match(r"\S+:\d+:\d+: ", wrong["message"])
        place = wrong["relatedInformation"][0]["location"] if is_elsewhere else wrong
        start, end = place["range"]["start"], place["range"]["end"]
        found.append((wrong["code"], *start.values(), *end.values()))
    client.tell("textDocument/didClose", textDocument={"uri": uri})
    client.diagnostics(uri)
    expected = []
    for one in check_spec(Path("spec.nas")).mistakes:
        span = one.span
        assert span is not None, name
        end = span.source.position(min(span.end, len(span.source.text)))
        expected.append((one.code, span.line - 1, span.column - 1, end[0] - 1, end[1] - 1))
    assert found == expected, name


def test_some_mistakes_of_the_corpus_arrive_at_their_places(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SPECS[:: len(SPECS) // 20]:
        corpus(client, name, monkeypatch)


@pytest.mark.slow
def test_every_mistake_of_the_corpus_arrives_at_its_place(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SPECS:
        corpus(client, name, monkeypatch)


def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("dslnas.language_server.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    assert run(["lsp"]) == 1
    assert "pip install 'dslnas[lsp]'" in capsys.readouterr().err


def test_a_folder_of_the_documentation_becomes_an_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["lsp", "--docs", str(tmp_path)]) == 2
    assert "`make docs` in a checkout of dslnas builds it" in capsys.readouterr().err
    (tmp_path / "index.html").touch()
    assert address_of(str(tmp_path)) == tmp_path.as_uri()
    assert address_of("") == ""

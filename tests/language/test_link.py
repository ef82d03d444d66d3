"""Files that use each other: who overrides whom, and limits."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.language.link.link import MAX_FILES, LinkedProgram, link
from dslnas.language.link.sources import read_source
from dslnas.language.syntax import ast
from dslnas.language.syntax.parse import MAX_CHARACTERS
from dslnas.source import SourceFile


def linked(text: str) -> LinkedProgram:
    return link(SourceFile("spec.nas", text))


def values(statements: tuple[ast.Statement, ...]) -> dict[str, str]:
    return {
        s.key.text: ", ".join(value.span.text for value in s.values)
        for s in statements
        if isinstance(s, ast.Setting)
    }


def test_a_library_brings_everything_it_says() -> None:
    program = linked("use papers.darts")
    assert {"normal", "reduction"} <= set(program.cells)
    assert "sep_conv" in program.operations
    assert "darts" in program.sets
    assert values(program.sections["network"].settings)["channels"] == "16"
    assert program.libraries == ["papers.darts", "std.cnn"]


def test_a_file_that_is_used_twice_counts_once() -> None:
    program = linked("use papers.darts\nuse std.cnn\nuse papers.darts")
    assert program.libraries == ["papers.darts", "std.cnn"]


def test_settings_override_those_of_used_files_one_by_one() -> None:
    network = linked("use papers.darts\nnetwork { repeat 3 }").sections["network"]
    given = values(network.settings)
    assert given["repeat"] == "3"
    assert given["channels"] == "16"
    assert given["cells"].startswith("normal * N")


def test_cells_override_those_of_used_files_one_by_one() -> None:
    cell = linked("use papers.darts\ncell normal { keep 1 }").cells["normal"]
    given = values(cell.statements)
    assert (given["keep"], given["nodes"], given["choose"]) == ("1", "4", "darts")


def test_values_override_those_of_used_files_one_by_one() -> None:
    text = "use rnn.lstm\ncell lstm { let f = tanh(gates); let extra = relu(f) }"
    cell = linked(text).cells["lstm"]
    lets = {s.name.text: s.value.span.text for s in cell.statements if isinstance(s, ast.Let)}
    assert list(lets) == ["gates", "i", "g", "o", "c_next", "h_next", "f", "extra"]
    assert lets["f"] == "tanh(gates)"


def test_values_stay_where_nodes_are_spelt_out() -> None:
    cell = linked("use papers.darts_rnn\ncell recurrent { node n1 = tanh(first) }").cells[
        "recurrent"
    ]
    assert {"first", "edge", "normalise", "states"} <= set(values(cell.statements))
    assert not {"nodes", "choose", "keep"} & set(values(cell.statements))


def test_gates_come_with_the_files_that_define_them() -> None:
    assert list(linked("use rnn.enas").gates) == ["highway"]
    with pytest.raises(UserError, match="gate `highway` is already defined"):
        linked("use std.rnn\ngate highway(f, s) { output f(s) }")
    with pytest.raises(UserError, match="operation `mine` is already defined"):
        linked("gate mine(f, s) { output f(s) }\nop mine = relu")
    with pytest.raises(UserError, match="`relu` is a primitive"):
        linked("gate relu(f, s) { output f(s) }")


def test_nodes_that_are_spelt_out_replace_those_of_used_files() -> None:
    text = "use papers.darts\ncell normal { node a = skip_connect(in1) }"
    cell = linked(text).cells["normal"]
    assert values(cell.statements) == {
        "inputs": "2",
        "preprocess": "preprocess",
        "output": "concat",
    }
    assert [s.name.text for s in cell.statements if isinstance(s, ast.NodeDef)] == ["a"]


def write(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.nas").write_text(text, encoding="utf-8")
    return folder / "spec.nas"


def test_another_method_starts_from_its_own_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, spec='use "base.nas"\nsearch nasp', base="search darts { epochs 5 }")
    search = link(read_source(path)).sections["search"]
    assert search.name is not None
    assert (search.name.text, search.settings) == ("nasp", ())


def test_the_same_method_goes_on_from_the_settings_of_used_files(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        spec='use "base.nas"\nsearch darts { order first }',
        base="search darts { epochs 5 }",
    )
    search = link(read_source(path)).sections["search"]
    assert values(search.settings) == {"epochs": "5", "order": "first"}


def test_paths_are_relative_to_the_file_that_uses_them(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    write(tmp_path / "parts", cells='use "ops.nas"\nlet k = 3', ops="op f = relu")
    path = write(tmp_path, spec='use "parts/cells.nas"')
    program = link(read_source(path))
    assert set(program.operations) == {"f"}
    assert program.operations["f"].span.source.name == str(tmp_path / "parts" / "ops.nas")


def test_a_link_may_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    inside.mkdir()
    outside.mkdir()
    write(outside, secret="let k = 3")
    (inside / "link.nas").symlink_to(outside / "secret.nas")
    path = write(inside, spec='use "link.nas"')
    with pytest.raises(UserError, match="lies outside the folder of the spec"):
        link(read_source(path))


def test_two_files_may_use_the_same_third(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        spec='use "a.nas"\nuse "b.nas"',
        a='use "c.nas"\nop a = f',
        b='use "./c.nas"\nop b = f',
        c="op f = relu",
    )
    assert set(link(read_source(path)).operations) == {"a", "b", "f"}


def test_too_many_files(tmp_path: Path) -> None:
    chain = {f"f{i}": f'use "f{i + 1}.nas"' for i in range(MAX_FILES)}
    path = write(tmp_path, spec='use "f0.nas"', **chain, **{f"f{MAX_FILES}": ""})
    with pytest.raises(UserError, match=f"more than {MAX_FILES} files are used"):
        link(read_source(path))


def test_names_of_a_file_that_no_file_can_have(tmp_path: Path) -> None:
    path = write(tmp_path, spec=f'use "{"x" * 5000}.nas"')
    with pytest.raises(UserError, match=r"error\[NAS20"):
        link(read_source(path))
    with pytest.raises(UserError, match="no file has such a name"):
        read_source(tmp_path / "a\0b.nas")


def test_a_folder_is_not_a_spec(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"error\[NAS001\]: file cannot be read: is a directory"):
        read_source(tmp_path)


def test_a_missing_file_suggests_its_neighbours(tmp_path: Path) -> None:
    write(tmp_path, darts="")
    with pytest.raises(UserError, match=r"did you mean `darts\.nas`\?"):
        read_source(tmp_path / "dart.nas")


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "large.nas"
    path.write_bytes(b"#" * (4 * MAX_CHARACTERS + 1))
    with pytest.raises(UserError, match=r"error\[NAS003\]: file has more than 800,000 bytes"):
        read_source(path)


def test_a_byte_order_mark_and_foreign_line_ends_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "spec.nas"
    path.write_bytes(b"\xef\xbb\xbflet a = 1\r\nlet b = 2\r\n")
    assert read_source(path).text == "let a = 1\nlet b = 2\n"


@pytest.mark.parametrize(
    ("end", "name"),
    [
        ("\r", "carriage return (CR)"),
        ("\v", "vertical tab (VT)"),
        ("\x85", "next-line character (NEL)"),
        ("\u2028", "line separator (U+2028)"),
        ("\u2029", "paragraph separator (U+2029)"),
    ],
)
def test_other_line_ends_are_told_by_their_name(tmp_path: Path, end: str, name: str) -> None:
    path = tmp_path / "old.nas"
    plural = name.replace(" (", "s (")
    path.write_text(f"# mine{end}use papers.darts{end}", encoding="utf-8", newline="")
    with pytest.raises(UserError, match=rf"old\.nas: error\[NAS004\]: .*{re.escape(plural)} alone"):
        read_source(path)
    path.write_text(f"let a = 1\n# mine{end}let b = 2\n", encoding="utf-8", newline="")
    with pytest.raises(UserError, match=rf"old\.nas:2:7: .*a {re.escape(name)} ends no line"):
        read_source(path)


def test_the_advice_for_other_line_ends_works_as_printed(tmp_path: Path) -> None:
    if shutil.which("perl") is None:
        pytest.skip("perl is not installed")
    for end in ("\r", "\u2028"):
        (tmp_path / "old").write_text(f"let a = 1{end}let b = 2{end}", encoding="utf-8", newline="")
        with pytest.raises(UserError) as caught:
            read_source(tmp_path / "old")
        command = caught.value.diagnostics[0].help.split("`")[1]
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)
        assert read_source(tmp_path / "new").text == "let a = 1\nlet b = 2\n"


def test_a_link_that_leads_to_itself_is_named(tmp_path: Path) -> None:
    (tmp_path / "circle.nas").symlink_to("circle.nas")
    (tmp_path / "spec.nas").write_text('use "circle.nas"\n')
    told, help = "`circle.nas` is a link that leads to itself", "give what the link should lead to"
    with pytest.raises(UserError, match=rf"NAS201.*{told}(.|\n)*help: {help}"):
        link(read_source(tmp_path / "spec.nas"))
    with pytest.raises(UserError, match=rf"NAS001.*file cannot be read: .*\n.*help: {help}"):
        read_source(tmp_path / "circle.nas")


def test_a_used_file_is_never_meant_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "mine.nas").symlink_to("gone.nas")
    os.mkfifo(tmp_path / "pipe.nas")
    (tmp_path / "spec.nas").write_text('use "mine.nas"\nuse "pipe.nas"\n')
    with pytest.raises(UserError) as caught:
        link(read_source(tmp_path / "spec.nas"))
    assert [(one.message, one.help) for one in caught.value.diagnostics] == [
        ("used file `mine.nas` is a link to nothing", "give what the link should lead to"),
        (
            "used file `pipe.nas` is neither a file nor a folder",
            "write what it holds into a file",
        ),
    ]

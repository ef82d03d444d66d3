"""The page that labels pictures is whole: nothing is fetched, and no name ends an element."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import onnx
import pytest
from onnx import helper

from dslnas.data.preprocessing import Preprocessing
from dslnas.diagnostics import UserError
from dslnas.exporters.web.page import PAGE, page, write_page
from dslnas.exporters.web.runtime import Runtime

RUNTIME = Runtime(b"export const env = 0; // </script>", b"\0asm" * 50)
NAMES = ["</script><img src=x onerror=alert(1)>", "a & b", "\u2028", "日本", "it's", '"']
COLOURED = Preprocessing("RGB", 32, 32, mean=(0.5,) * 3, std=(0.2,) * 3)
SMALL = Preprocessing("L", 8, 8, mean=(0.5,), std=(0.2,), polarity="light on dark")
PARTS = ("script", "wasm", "model")
VOID = {"meta", "input", "img"}


def model(how: Preprocessing = SMALL, name: str = "mine") -> bytes:
    """Return an empty model that tells what one of pictures tells."""
    proto = helper.make_model(helper.make_graph([], name, [], []))
    told = {"preprocessing": how.to_json(), "task": "classification", "spec_hash": "f00"}
    helper.set_model_props(proto, {**told, "class_names": json.dumps(NAMES)})
    return bytes(proto.SerializeToString())


class Reader(HTMLParser):
    """Reads a page: its elements, what stands in those with an id, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, f"#{dict(attrs)['id']}" if "id" in dict(attrs) else tag))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for _, name in self._open:
            self.texts[name] = self.texts.get(name, "") + data


def test_all_parts_are_in_the_page() -> None:
    texts = Reader(page(model(), RUNTIME)).texts
    packed = {name: gzip.decompress(b64decode(texts[f"#{name}"])) for name in PARTS}
    assert packed == {"script": RUNTIME.script, "wasm": RUNTIME.binary, "model": model()}
    assert "Copyright (c) Microsoft Corporation" in texts["pre"]


def test_nothing_is_asked_of_a_network() -> None:
    text = page(model(), RUNTIME)
    elements = Reader(text).elements
    policies = [known["content"] for _, known in elements if "http-equiv" in known]
    assert policies == [
        "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; "
        "style-src 'unsafe-inline'; img-src blob:"
    ]
    asking = {"src", "href", "action", "data", "srcset", "poster"}
    assert not [known for _, known in elements if asking & set(known)]
    assert "http:" not in text
    assert "https:" not in text
    assert not {tag for tag, _ in elements} & {"link", "iframe", "object", "base", "form"}


def test_names_of_classes_are_text() -> None:
    text = page(model(name="<b>mine & yours"), RUNTIME)
    found = Reader(text)
    assert json.loads(found.texts["#facts"])["names"] == NAMES
    assert text.count("</script") == sum(tag == "script" for tag, _ in found.elements)
    assert (found.texts["title"], found.texts["h1"]) == ("<b>mine & yours",) * 2
    assert "onerror=" not in {key for _, known in found.elements for key in known}


def test_the_program_knows_how_pictures_are_read() -> None:
    how = Preprocessing("RGBA", 20, 30, "pad", (0.5,) * 4, (0.2,) * 4, background="#123456")
    facts = json.loads(Reader(page(model(how), RUNTIME)).texts["#facts"])
    assert facts == {
        "task": "classification",
        "names": NAMES,
        "channels": 4,
        "background": "#123456",
        "isLightOnDark": False,
        "height": 20,
        "width": 30,
    }


@pytest.mark.parametrize(
    ("how", "is_drawn"),
    [(SMALL, True), (replace(SMALL, height=96), False), (COLOURED, False)],
)
def test_small_grey_pictures_are_drawn(how: Preprocessing, is_drawn: bool) -> None:
    elements = Reader(page(model(how), RUNTIME)).elements
    assert ("canvas" in {tag for tag, _ in elements}) is is_drawn


def test_the_same_model_gives_the_same_page(tmp_path: Path) -> None:
    (tmp_path / "model_uint8.onnx").write_bytes(model())
    path = write_page(tmp_path, RUNTIME)
    assert path == tmp_path / PAGE
    assert path.read_text(encoding="utf-8") == page(model(), RUNTIME)


def test_a_folder_without_a_model_of_pictures_has_no_page(tmp_path: Path) -> None:
    onnx.save(helper.make_model(helper.make_graph([], "x", [], [])), tmp_path / "model.onnx")
    with pytest.raises(UserError, match=r"NAS716.*has no model_uint8\.onnx"):
        write_page(tmp_path, RUNTIME)

"""A model that reads pictures as bytes to a page that needs nothing else."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from os.path import isfile
from pathlib import Path
from typing import Any

import onnx

from dslnas.data.preprocessing import Preprocessing
from dslnas.diagnostics import user_error
from dslnas.exporters.onnx import UINT8
from dslnas.exporters.web.runtime import Runtime
from dslnas.files import write_whole
from dslnas.templates import templates

PAGE = "web.html"
_LARGEST_DRAWN = 64
"""Pixels of a side up to which grey pictures are drawn by hand."""


def write_page(folder: Path, runtime: Runtime) -> Path:
    """Write the page of the model in a folder beside it, and return its path.

    Raises:
        UserError: NAS716 if the folder has no model of pictures, NAS021 if it cannot be written to.
    """
    if not isfile(folder / UINT8):
        message, help = f"has no {UINT8}, which a page runs", "export the format `onnx`, too"
        raise user_error("NAS716", message, help=help, where=str(folder))
    write_whole(folder / PAGE, page((folder / UINT8).read_bytes(), runtime))
    return folder / PAGE


def page(model: bytes, runtime: Runtime) -> str:
    """Return a page of HTML that runs a model."""
    proto = onnx.load_model_from_string(model)
    told = {entry.key: entry.value for entry in proto.metadata_props}
    how = Preprocessing.from_json(told["preprocessing"])
    environment = templates("dslnas.exporters.web", autoescape=lambda name: name == "page.html")
    return environment.get_template("page.html").render(
        name=proto.graph.name,
        hash=told.get("spec_hash", ""),
        facts=_in_html(_facts(how, told)),
        is_drawn=how.mode == "L" and max(how.height, how.width) <= _LARGEST_DRAWN,
        parts={"script": _packed(runtime.script), "wasm": _packed(runtime.binary)}
        | {"model": _packed(model)},
    )


def _facts(how: Preprocessing, told: dict[str, str]) -> dict[str, Any]:
    """Return what the program of a page must know of its model."""
    return {
        "task": told["task"],
        "names": json.loads(told["class_names"]),
        "channels": how.channels,
        "background": how.background,
        "isLightOnDark": how.polarity == "light on dark",
        "height": how.height,
        "width": how.width,
    }


def _in_html(value: object) -> str:
    """Return JSON that can stand in a page: no name of a class ends the element around it."""
    text = json.dumps(value, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _packed(content: bytes) -> str:
    return b64encode(gzip.compress(content, mtime=0)).decode("ascii")

"""The runtime of browsers comes from npm, once, or from a folder."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.exporters.web.runtime import BINARY, SCRIPT, VERSION, Runtime, find_runtime

RUNTIME = Runtime(b"script", b"binary")


def put(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCRIPT).write_bytes(RUNTIME.script)
    (folder / BINARY).write_bytes(RUNTIME.binary)
    return folder


def packed(path: Path) -> Path:
    """Write a package as npm packs it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in ((SCRIPT, RUNTIME.script), (BINARY, RUNTIME.binary)):
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return path


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a program that stands for npm, to be written, and the only one there is."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    return tmp_path / "npm"


def write(npm: Path, text: str) -> None:
    npm.write_text(f"#!/bin/sh\n{text}\n")
    npm.chmod(0o755)


@pytest.mark.parametrize(
    "place", [".", "dist", "package/dist", "node_modules/onnxruntime-web/dist"]
)
def test_a_folder_may_be_any_form_of_the_package(tmp_path: Path, place: str) -> None:
    put(tmp_path / place)
    assert find_runtime(tmp_path) == RUNTIME


def test_a_folder_without_it_is_told_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        find_runtime(tmp_path)
    (found,) = caught.value.diagnostics
    assert (found.code, found.where) == ("NAS717", str(tmp_path))
    assert found.help == f"unpack what `npm pack onnxruntime-web@{VERSION}` fetches there"


def test_npm_fetches_it_once(npm: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "packed.tar")
    write(npm, f'echo "$@" >> {tmp_path}/calls; for last; do :; done; cp {archive} "$last/a.tgz"')
    assert find_runtime() == RUNTIME
    assert find_runtime() == RUNTIME
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith(f"pack onnxruntime-web@{VERSION} ")


def test_what_npm_says_is_told(npm: Path) -> None:
    write(npm, "echo npm error code ENOTFOUND >&2; exit 1")
    with pytest.raises(UserError) as caught:
        find_runtime()
    (found,) = caught.value.diagnostics
    assert found.message == "npm fetched nothing: npm error code ENOTFOUND"
    assert found.help.startswith("try again with a network, or give `--web-runtime DIR`, where ")


def test_without_npm_the_cure_is_told(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(npm.parent))
    with pytest.raises(UserError, match=r"npm is not installed(.|\n)*install Node\.js, or give"):
        find_runtime()

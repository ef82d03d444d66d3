"""The runtime of browsers comes from npm, once, or from a folder."""

from __future__ import annotations

import tarfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from dslnas.diagnostics import UserError
from dslnas.exporters.web import runtime
from dslnas.exporters.web.runtime import (
    BINARY,
    SCRIPT,
    VERSION,
    Runtime,
    cache_folder,
    find_runtime,
)

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
    contents = {SCRIPT: RUNTIME.script, BINARY: RUNTIME.binary}
    hashes = {name: sha256(content).hexdigest() for name, content in contents.items()}
    monkeypatch.setattr(runtime, "HASHES", hashes)
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


def fetching(npm: Path, folder: Path) -> None:
    """Let the program fetch a package, and write down how it was called."""
    archive = packed(folder / "packed.tar")
    write(npm, f'echo "$@" >> {folder}/calls; for last; do :; done; cp {archive} "$last/a.tgz"')


def test_npm_fetches_it_once(npm: Path, tmp_path: Path) -> None:
    fetching(npm, tmp_path)
    assert find_runtime() == RUNTIME
    assert find_runtime() == RUNTIME
    (call,) = (tmp_path / "calls").read_text().splitlines()
    assert call.startswith(f"pack onnxruntime-web@{VERSION} ")


@pytest.mark.parametrize("damaged", [SCRIPT, BINARY])
def test_a_file_in_the_cache_that_is_not_whole_is_fetched_again(
    npm: Path, tmp_path: Path, damaged: str
) -> None:
    fetching(npm, tmp_path)
    (put(cache_folder()) / damaged).write_bytes(b"")
    assert find_runtime() == RUNTIME
    assert (tmp_path / "calls").exists()


def test_other_files_than_those_of_the_version_are_refused(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetching(npm, tmp_path)
    monkeypatch.setattr(runtime, "HASHES", dict.fromkeys((SCRIPT, BINARY), "0"))
    with pytest.raises(UserError, match=r"NAS717.*other files than those of this version"):
        find_runtime()


def test_a_cache_that_cannot_be_made_has_its_own_cure(npm: Path, tmp_path: Path) -> None:
    fetching(npm, tmp_path)
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UserError) as caught:
        find_runtime()
    (found,) = caught.value.diagnostics
    assert (found.code, found.where) == ("NAS717", str(cache_folder()))
    assert found.help.startswith("set `XDG_CACHE_HOME` to a folder, or give `--web-runtime")
    assert not (tmp_path / "calls").exists()


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

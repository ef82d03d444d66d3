"""ONNX Runtime for browsers: two files of the npm package `onnxruntime-web`, which npm fetches."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from os.path import isfile
from pathlib import Path

from dslnas.diagnostics import UserError, user_error
from dslnas.files import user_cache, write_whole
from dslnas.regular import reason_of, regular

PACKAGE = "onnxruntime-web"
VERSION = "1.27.0"
SCRIPT = "ort.wasm.bundle.min.mjs"
BINARY = "ort-wasm-simd-threaded.wasm"
HASHES: Mapping[str, str] = {
    SCRIPT: "1db5e1c5cd2b860eed85e6eeff23e2aaa7cffcc407f67093bcc888f631b94ba9",
    BINARY: "d1ab1b94b16a65b29d710d0b587b29e7bed336827577623913479b8afe8113e6",
}
"""SHA-256 of the files of this version."""

_SECONDS = 600
_PACKED = f"what `npm pack {PACKAGE}@{VERSION}` fetches"
_PLACES = (".", "dist", "package/dist", f"{PACKAGE}/dist", f"node_modules/{PACKAGE}/dist")
"""Where the files may lie below a folder that is given."""


@dataclass(frozen=True)
class Runtime:
    """The program that runs a model in a browser.

    Attributes:
        script: A module in JavaScript that exports `InferenceSession`, `Tensor` and `env`.
        binary: The runtime itself, as WebAssembly, which the script loads.
    """

    script: bytes
    binary: bytes


def find_runtime(folder: Path | None = None) -> Runtime:
    """Return the runtime of a folder; without one that of the user's cache, where npm puts it.

    Raises:
        UserError: NAS717 if it is not there and cannot be fetched.
    """
    if folder is not None:
        found = next((place for place in _PLACES if _is_whole(folder / place)), None)
        if found is None:
            message = f"`{SCRIPT}` and `{BINARY}` are not there"
            raise user_error("NAS717", message, help=f"unpack {_PACKED} there", where=str(folder))
        return _read(folder / found)
    cache = cache_folder()
    if not _is_as_published(cache):
        _make(cache)
        _fetch(cache)
    return _read(cache)


def cache_folder() -> Path:
    """Return where the files are kept."""
    return user_cache() / f"{PACKAGE}-{VERSION}"


def _is_whole(folder: Path) -> bool:
    return all(isfile(folder / name) for name in (SCRIPT, BINARY))


def _is_as_published(folder: Path) -> bool:
    """Whether a folder holds the files of the version: a full disk leaves empty ones."""
    try:
        found = {name: sha256(regular(folder / name).read_bytes()).hexdigest() for name in HASHES}
    except OSError:
        return False
    return found == HASHES


def _make(cache: Path) -> None:
    """Make the cache, before anything is fetched for it."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = reason_of(error)
        help = f"set `XDG_CACHE_HOME` to a folder, or give `--web-runtime DIR`, with {_PACKED}"
        message = f"cannot be made: {reason}"
        raise user_error("NAS717", message, help=help, where=str(cache)) from None


def _read(folder: Path) -> Runtime:
    try:
        return Runtime(regular(folder / SCRIPT).read_bytes(), regular(folder / BINARY).read_bytes())
    except OSError as error:
        reason = reason_of(error)
        raise user_error("NAS717", f"cannot be read: {reason}", where=str(folder)) from None


def _fetch(cache: Path) -> None:
    """Put the files of the package into a folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise _not_fetched("npm is not installed, which fetches it", "install Node.js")
    with tempfile.TemporaryDirectory() as folder:
        command = [
            npm,
            "pack",
            f"{PACKAGE}@{VERSION}",
            "--loglevel=error",
            "--pack-destination",
            folder,
        ]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _not_fetched(f"npm fetched nothing: {error}", "try again") from None
        packed = next(Path(folder).glob("*.tgz"), None)
        if done.returncode or packed is None:
            reason = done.stderr.strip().partition("\n")[0] or f"it ended with {done.returncode}"
            raise _not_fetched(f"npm fetched nothing: {reason}", "try again with a network")
        _unpack(packed, cache)
    if not _is_as_published(cache):
        raise _not_fetched("npm fetched other files than those of this version", "try again")


def _unpack(packed: Path, cache: Path) -> None:
    with tarfile.open(packed) as archive:
        for name in (SCRIPT, BINARY):
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None, "a file of this version"
            write_whole(cache / name, member.read())


def _not_fetched(message: str, cure: str) -> UserError:
    help = f"{cure}, or give `--web-runtime DIR`, where {_PACKED} is unpacked"
    return user_error("NAS717", message, help=help, where=f"{PACKAGE} {VERSION}")

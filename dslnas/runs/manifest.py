"""What a run says of itself: where it comes from and what it was made with."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

from dslnas.language.check.checked import CheckedProgram

PACKAGES = ("torch", "numpy", "onnx", "onnxruntime", "safetensors", "scikit-learn")


def first_manifest(
    name: str, spec_hash: str, program: CheckedProgram, seed: int, how: Mapping[str, object]
) -> dict[str, object]:
    """Return the manifest of a run that begins.

    Args:
        name: Of the spec.
        spec_hash: Of its effective text.
        program: Its settings.
        seed: Of everything random.
        how: How its networks run, as `Runtime.facts` returns it.
    """
    settings = {
        "data": program.data.to_plain(),
        "evaluate": program.evaluate.to_plain(),
        "export": program.export.to_plain(),
        "derive": asdict(program.derivation),
    }
    if program.search is not None:
        settings["search"] = program.search.to_plain()
    return {
        "status": "running",
        "spec": name,
        "spec_hash": spec_hash,
        "method": program.engine,
        "seed": seed,
        **how,
        "settings": settings,
        "versions": versions(),
        "machine": {"system": platform.platform(), "processor": platform.machine()},
        "results": {},
    }


def versions() -> dict[str, str]:
    """Return the versions of dslnas, Python and the packages that results depend on."""
    found = {"dslnas": dslnas_version(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def dslnas_version() -> str:
    """Return the version of this package."""
    try:
        return version("dslnas")
    except PackageNotFoundError:
        return "unknown"

"""A run folder: manifest.json, spec.nas, metrics.jsonl, the architecture and the model.

Results are added as they come, so an interrupted run keeps what it had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.diagnostics import user_error
from dslnas.files import cannot_write, make_folder, write_whole

if TYPE_CHECKING:
    import numpy as np

MANIFEST = "manifest.json"
SPEC = "spec.nas"
METRICS = "metrics.jsonl"
ARCHITECTURE = "architecture.nas"
ALPHAS = "alphas.safetensors"


class RunFolder:
    """The folder of one run, being written."""

    def __init__(self, path: Path, manifest: Mapping[str, object]) -> None:
        self.path = path
        self._manifest = dict(manifest)
        self._write_manifest()

    @classmethod
    def create(cls, path: Path, manifest: Mapping[str, object]) -> RunFolder:
        """Make a new run folder.

        Raises:
            UserError: NAS021 if it cannot be made, NAS022 if something is in it already.
        """
        if path.is_dir() and any(path.iterdir()):
            raise user_error(
                "NAS022",
                "folder is not empty",
                where=str(path),
                help="choose another with `--out DIR`, or remove it",
            )
        make_folder(path)
        return cls(path, manifest)

    @property
    def manifest(self) -> Mapping[str, object]:
        """What the manifest says now."""
        return self._manifest

    @property
    def results(self) -> Mapping[str, object]:
        """The results in the manifest."""
        results = self._manifest["results"]
        assert isinstance(results, Mapping)
        return results

    def write(self, name: str, content: str | bytes) -> None:
        """Write one file of the run, `name` below its folder."""
        path = self.path / name
        make_folder(path.parent)
        write_whole(path, content)

    def tensors(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Write named arrays as a safetensors file."""
        import numpy as np
        from safetensors.numpy import save

        self.write(name, save({key: np.ascontiguousarray(a) for key, a in arrays.items()}))

    def metric(self, record: Mapping[str, object]) -> None:
        """Add one line to the metrics."""
        try:
            with (self.path / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as error:
            raise cannot_write(self.path / METRICS, error) from None

    def update(self, **entries: object) -> None:
        """Set entries of the manifest; entries that are mappings on both sides are joined."""
        for key, value in entries.items():
            old = self._manifest.get(key)
            both = isinstance(old, Mapping) and isinstance(value, Mapping)
            self._manifest[key] = {**old, **value} if both else value  # type: ignore[dict-item]
        self._write_manifest()

    def _write_manifest(self) -> None:
        text = json.dumps(self._manifest, indent=2, ensure_ascii=False)
        write_whole(self.path / MANIFEST, text + "\n")


def free_folder(parent: Path, name: str) -> Path:
    """Return a folder `name`, `name-2`, ... below `parent` that is not there yet."""
    path, number = parent / name, 1
    while path.exists():
        number += 1
        path = parent / f"{name}-{number}"
    return path

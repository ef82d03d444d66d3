"""A run folder: manifest.json, spec.nas, metrics.jsonl, the architecture and the model.

Results are added as they come, so an interrupted run keeps what it had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslnas.diagnostics import user_error
from dslnas.files import cannot_write, make_folder, write_whole

if TYPE_CHECKING:
    import numpy as np

MANIFEST = "manifest.json"
SPEC = "spec.nas"
METRICS = "metrics.jsonl"
ARCHITECTURE = "architecture.nas"
ALPHAS = "alphas.safetensors"
CHECKPOINT = "checkpoint.safetensors"


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

    def tensors(
        self,
        name: str,
        arrays: Mapping[str, np.ndarray],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write named arrays as a safetensors file, with texts in its header if there are any."""
        import numpy as np
        from safetensors.numpy import save

        whole = {key: np.ascontiguousarray(array) for key, array in arrays.items()}
        self.write(name, save(whole, None if metadata is None else dict(metadata)))

    def metrics(self) -> list[dict[str, Any]]:
        """Return all metrics so far; a last line that was cut short is none."""
        try:
            lines = (self.path / METRICS).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except json.JSONDecodeError:
                break
        return found

    def warnings(self) -> list[str]:
        """Return all warnings of the metrics, each with its epoch."""
        return [
            f"epoch {record['epoch']}: {warning}"
            for record in self.metrics()
            for warning in record.get("warnings", ())
        ]

    def keep_metrics(self, epochs: int) -> None:
        """Forget the metrics of retraining after so many epochs: they will come again."""
        kept = [
            json.dumps(record) + "\n"
            for record in self.metrics()
            if record["stage"] != "retrain" or record["epoch"] <= epochs
        ]
        self.write(METRICS, "".join(kept))

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

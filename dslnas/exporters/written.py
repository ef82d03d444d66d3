"""Files of an export that are tried out: what runs an ONNX model is made once."""

from __future__ import annotations

from os.path import isfile
from pathlib import Path

from dslnas.backends.onnx.session import Loaded


class Written:
    """Files of an export.

    Attributes:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._models: dict[str, Loaded] = {}

    def has(self, name: str) -> bool:
        """Whether there is a file of a name."""
        return isfile(self.folder / name)

    def model(self, name: str) -> Loaded:
        """Return an ONNX model by the name of its file."""
        if name not in self._models:
            self._models[name] = Loaded((self.folder / name).read_bytes())
        return self._models[name]

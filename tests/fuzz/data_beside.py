"""Small data of every source in a folder, for specs that name them and for readers of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.whole_programs import EXAMPLES


def write_data(folder: Path) -> None:
    """Write what the specs of `tests.whole_programs` name, unless it is there."""
    if (folder / "a.npz").exists():
        return
    random = np.random.default_rng(0)
    (folder / "a.txt").write_text("abcdefgij\n" * 40, encoding="utf-8")
    rows = random.standard_normal((EXAMPLES, 8)).round(3)
    names = ",".join(f"c{n}" for n in range(8))
    np.savetxt(folder / "a.csv", rows, "%.3f", ",", header=names, comments="")
    np.savez(
        folder / "a.npz",
        x=random.random((EXAMPLES, 3, 8, 8), np.float32),
        y=np.arange(EXAMPLES) % 4,
    )

"""Does the model that reads bytes give what `predict.py` makes of the same pictures?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslnas.data.preprocessing import Preprocessing
from dslnas.exporters.agreement import disagreement
from dslnas.exporters.onnx import MODEL, UINT8
from dslnas.exporters.predict import Predictor
from dslnas.exporters.written import Written

SIZES = ((1.0, 1.0), (2.3, 1.7), (0.6, 3.1), (5.0, 0.4), (1.0, 2.0))
"""Height and width of pictures to compare on, in those that the network reads."""


def check_pictures(written: Written, files: Sequence[Path], tolerance: float, seed: int) -> int:
    """Compare outputs on random pictures and on files, and return on how many.

    Raises:
        UserError: NAS711 if they differ by more than a tolerance.
    """
    predictor, model = Predictor(written.model(MODEL).session()), written.model(UINT8).session()
    worst, changed, count, place = 0.0, 0, 0, ""
    for name, pixels in _pictures(predictor.preprocessing, files, seed):
        expected = predictor.outputs_of(pixels)
        found = np.asarray(model.run(None, {"image": pixels})[0])
        difference = float(np.abs(expected - found).max())
        count, changed = count + 1, changed + int(expected.argmax() != found.argmax())
        if not difference <= worst:
            worst, place = difference, name
    if not worst <= tolerance:
        what = f"{UINT8} and predict.py differ by {worst:.1e}"
        raise disagreement(what, tolerance, place, f"{changed} of {count}")
    return count


def _pictures(
    how: Preprocessing, files: Sequence[Path], seed: int
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    generator = np.random.default_rng(seed)
    for tall, wide in SIZES:
        height, width = max(1, int(how.height * tall)), max(1, int(how.width * wide))
        pixels = generator.integers(0, 256, (height, width, how.channels), np.uint8)
        yield f"a random picture of {height} x {width}", pixels
    for file in files:
        yield str(file), how.decode(file)

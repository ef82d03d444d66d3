"""Labels pictures with a model that dslnas exported. Needs numpy, Pillow and onnxruntime alone.

    python predict.py photo.jpg more_photos --top 3
    python predict.py --list examples.csv --data photos

`model.onnx` and `preprocessing.py` lie beside this file. The model tells how its pictures are read
and what its classes are called. The second form reads the list of examples that a run keeps, and
counts how many pictures of the test part are labelled right.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from dslnas.data.preprocessing import FORMATS, PictureError, Preprocessing

FOLDER = Path(__file__).resolve().parent
MODEL = "model.onnx"
PROPERTIES = ("preprocessing", "task")
"""Properties that a model of pictures has."""

COLUMNS = ("part", "class", "file")
"""Columns of a list of examples."""

ERRORS = (
    PictureError,
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    MemoryError,
)
"""Errors that Pillow raises for a file that is damaged or no picture."""


@dataclass(frozen=True)
class Prediction:
    """The outputs of a model for a picture, the likeliest first where there are classes.

    Attributes:
        file: Place of the picture.
        values: Probabilities, or numbers that are predicted, by name.
    """

    file: str
    values: dict[str, float]

    @property
    def label(self) -> str:
        """Name of the first output."""
        return next(iter(self.values))


class Predictor:
    """A model, with the preprocessing that it asks for.

    Attributes:
        task: Kind of what is predicted: classification, multilabel or regression.
        names: Names of the outputs; their numbers where they have none.

    Raises:
        ValueError: The model says nothing of pictures, or prepares them itself.
    """

    def __init__(self, model: Path) -> None:
        self._session = _session(model)
        told = self._session.get_modelmeta().custom_metadata_map
        missing = [name for name in PROPERTIES if name not in told]
        if missing:
            raise ValueError(f"{model} does not tell its {missing[0]}: it is none of pictures")
        if self._session.get_inputs()[0].type != "tensor(float)":
            raise ValueError(f"{model} reads no normalised pictures: name {MODEL}")
        self.preprocessing = Preprocessing.from_json(told["preprocessing"])
        self.task = str(told["task"])
        outputs = range(self._session.get_outputs()[0].shape[1])
        self.names: list[str] = json.loads(told.get("class_names", "null")) or [*map(str, outputs)]
        self._input = self._session.get_inputs()[0].name

    def outputs_of(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the probability of every class or label, or the numbers.

        Args:
            pixels: A picture as `Preprocessing.decode` returns it.
        """
        inputs = self.preprocessing.normalise(self.preprocessing.resize(pixels))
        logits = np.asarray(self._session.run(None, {self._input: inputs})[0][0], np.float64)
        if self.task == "regression":
            return logits
        if self.task == "multilabel":
            return np.asarray(1 / (1 + np.exp(-logits)))
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())

    def predict(self, file: Path | str) -> Prediction:
        """Return what the model makes of a picture."""
        outputs = self.outputs_of(self.preprocessing.decode(file))
        order = range(len(outputs)) if self.task == "regression" else np.argsort(-outputs)
        return Prediction(str(file), {self.names[i]: float(outputs[i]) for i in order})


def _session(model: Path) -> Any:
    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # those of ONNX Runtime have no base of their own
        raise ValueError(f"{model} is damaged: export it again") from error


# ---- what is labelled ---------------------------------------------------------------------------


def pictures(places: Sequence[Path]) -> Iterator[Path]:
    """Yield files, and of folders the pictures in them and below, in order."""
    from PIL import Image

    endings = {ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS}
    endings |= {".heic", ".heif"}  # read where pillow-heif is installed
    for place in places:
        if place.is_dir():
            found = (path for path in place.rglob("*") if path.suffix.lower() in endings)
            yield from sorted(path for path in found if not path.name.startswith("."))
        else:
            yield place


def listed(file: Path, part: str) -> list[tuple[str, str]]:
    """Return class and file of the examples of a part; ValueError if a list has none."""
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream)
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise ValueError(f"{file} has no columns {', '.join(COLUMNS)}")
        found = [(row["class"], row["file"]) for row in reader if row["part"] == part]
    if not found:
        raise ValueError(f"{file} lists no examples of the part {part}")
    return found


def problem(error: BaseException) -> str:
    """Return why a picture is not read."""
    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "damaged, or no picture"


# ---- the command line ---------------------------------------------------------------------------


def shown(prediction: Prediction, task: str, top: int) -> str:
    """Return a prediction for people."""
    values = list(prediction.values.items())
    if task == "regression":
        told = [f"{name} {value:.6g}" for name, value in values]
    elif task == "multilabel":
        told = [f"{name} {value:.2%}" for name, value in values if value > 0.5]
    else:
        told = [f"{name} {value:.2%}" for name, value in values[:top]]
    return f"{prediction.file}: {', '.join(told) or 'none of the labels'}"


def print_predictions(predictor: Predictor, places: Sequence[Path], top: int, form: str) -> int:
    """Print what the model makes of pictures; return the exit code."""
    wrong, made = 0, []
    if predictor.preprocessing.polarity:
        print(f"note: the model knows pictures {predictor.preprocessing.polarity}", file=sys.stderr)
    table = csv.writer(sys.stdout, lineterminator="\n")
    if form == "csv":
        table.writerow(("file", "label", *predictor.names))
    for path in pictures(places):
        try:
            prediction = predictor.predict(path)
        except ERRORS as error:
            print(f"error: {path}: {problem(error)}", file=sys.stderr)
            wrong += 1
            continue
        made.append(prediction)
        if form == "csv":
            values = [f"{prediction.values[name]:.6g}" for name in predictor.names]
            table.writerow((prediction.file, prediction.label, *values))
        elif form == "text":
            print(shown(prediction, predictor.task, top))
    if form == "json":
        entries = [{"file": one.file, "label": one.label, "values": one.values} for one in made]
        print(json.dumps(entries, indent=2, ensure_ascii=False))
    if not made and not wrong:
        print("error: there are no pictures there", file=sys.stderr)
    return 1 if wrong or not made else 0


def print_accuracy(predictor: Predictor, file: Path, folder: Path, part: str) -> int:
    """Print how many listed pictures are labelled right; return the exit code."""
    if predictor.task != "classification":
        raise ValueError("an accuracy is counted where one of some classes is predicted")
    examples, right = listed(file, part), 0
    for label, name in examples:
        try:
            right += predictor.predict(folder / name).label == label
        except ERRORS as error:
            raise ValueError(f"{folder / name}: {problem(error)}") from error
    share = right / len(examples)
    print(f"accuracy {share:.2%}: {right} of {len(examples)} pictures of the part {part}")
    return 0


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the checked arguments of the command line."""
    parser = argparse.ArgumentParser(description="Label pictures with an exported model.")
    parser.add_argument("places", nargs="*", type=Path, metavar="PICTURE_OR_FOLDER")
    parser.add_argument("--model", default=MODEL, help=f"file beside this one; default {MODEL}")
    parser.add_argument("--top", type=int, default=1, help="classes to tell; default 1")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", dest="form", action="store_const", const="json", help="as JSON")
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help="as CSV")
    parser.add_argument("--list", type=Path, help="list of examples, to count the accuracy on")
    parser.add_argument("--data", type=Path, help="with --list: folder that its files are in")
    parser.add_argument("--part", default="test", help="with --list: part of it; default test")
    parser.set_defaults(form="text")
    found = parser.parse_args(given)
    if found.top < 1:
        parser.error(f"--top is a whole number of at least 1, not {found.top}")
    if (found.list is None) == (not found.places):
        parser.error("give pictures or folders of them, or a --list of examples")
    if (found.list is None) != (found.data is None):
        parser.error("--list and --data go together")
    return found


def fail(message: str) -> NoReturn:
    """End with a message and code 1."""
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def main() -> None:
    """Label what the command line names."""
    given = arguments()
    model = FOLDER / given.model
    if not model.is_file():
        fail(f"{model} does not exist: keep the exported files together")
    try:
        predictor = Predictor(model)
        if given.list is not None:
            sys.exit(print_accuracy(predictor, given.list, given.data, given.part))
        sys.exit(print_predictions(predictor, given.places, given.top, given.form))
    except OSError as error:
        fail(f"{error.filename}: {problem(error)}")
    except (ImportError, ValueError) as error:
        fail(str(error))


if __name__ == "__main__":
    main()

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
import io
import json
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from dslnas.data.preprocessing import FORMATS, PictureError, Preprocessing, is_picture, walk

# From 1.29 on it tells its maker which models run. It reads this when it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import onnxruntime

FOLDER = Path(__file__).resolve().parent
MODEL = "model.onnx"
TASKS = ("classification", "multilabel", "regression")

COLUMNS = ("part", "class", "file")
"""Columns of a list of examples."""


class UnreadError(Exception):
    """A picture that is not read, and why."""


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
    """A model that `load` returned, with the preprocessing that it asks for.

    Attributes:
        task: Kind of what is predicted, one of TASKS.
        names: Names of the outputs; their numbers where they have none.

    Raises:
        ValueError: The model says nothing of pictures, or prepares them itself.
    """

    def __init__(self, model: Any) -> None:
        self._session = model
        told = self._session.get_modelmeta().custom_metadata_map
        for name in ("preprocessing", "task"):
            if name not in told:
                raise ValueError(f"has no property `{name}`, as models of pictures have")
        given, outputs = self._session.get_inputs()[0], self._session.get_outputs()[0].shape[1:]
        if given.type != "tensor(float)":
            raise ValueError(f"reads no normalised pictures: name {MODEL}")
        try:
            self.preprocessing = how = Preprocessing.from_json(told["preprocessing"])
        except ValueError as error:
            raise ValueError(f"has a wrong property `preprocessing`: {error}") from error
        wanted = [how.channels, how.height, how.width]
        if given.shape[1:] != wanted:
            raise ValueError(f"reads {given.shape[1:]}, where its preprocessing gives {wanted}")
        self._input, self.task = given.name, str(told["task"])
        if self.task not in TASKS:
            raise ValueError(f"has a wrong property `task`: `{self.task}`")
        self.names = _names(told.get("class_names", "null"), *outputs)

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
        """Return what the model makes of a picture; raise UnreadError if it cannot be read."""
        outputs = self.outputs_of(decoded(file, self.preprocessing))
        order = range(len(outputs)) if self.task == "regression" else np.argsort(-outputs)
        return Prediction(str(file), {self.names[i]: float(outputs[i]) for i in order})


def load(model: Path) -> Any:
    """Return a model as ONNX Runtime runs it; ValueError if it is damaged."""
    try:
        return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # those of ONNX Runtime have no base of their own
        version = onnxruntime.__version__
        raise ValueError(f"is damaged, or nothing that ONNX Runtime {version} reads") from error


def _names(told: str, count: int) -> list[str]:
    """Return the names of so many outputs."""
    try:
        names = [*map(str, json.loads(told) or range(count))]
    except (ValueError, TypeError) as error:
        raise ValueError("has a wrong property `class_names`: no list in JSON") from error
    if len(names) != count:
        raise ValueError(f"has {count} outputs, and {len(names)} names for them")
    return names


# ---- what is labelled ---------------------------------------------------------------------------


def pictures(place: Path | str) -> tuple[list[str], Counter[str]]:
    """Return a file, or of a folder the pictures in it and below; and the other files, by ending.

    Raises:
        OSError: The folder, or one in it, cannot be read.
    """
    if not os.path.isdir(place):
        return [str(place)], Counter()
    files = sorted(Path(folder, name) for folder, names in walk(place) for name in names)
    others = Counter(path.suffix.lower() for path in files if not is_picture(path.name))
    return [str(path) for path in files if is_picture(path.name)], others


def decoded(file: Path | str, how: Preprocessing) -> NDArray[np.uint8]:
    """Return a picture of its own size; raise UnreadError if it cannot be read."""
    if os.path.exists(file) and not os.path.isfile(file):
        raise UnreadError("no file")  # opening a pipe would wait for its writer
    try:
        return how.decode(file)
    except ImportError:
        raise
    except Exception as error:  # Pillow raises any for a file that is damaged
        raise UnreadError(_cause(file, error)) from error


def _cause(file: Path | str, error: Exception) -> str:
    """Return why a picture cannot be read."""
    from PIL import UnidentifiedImageError

    if isinstance(error, PictureError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, MemoryError):
        return "too large for the memory"
    if not os.path.getsize(file):
        return "empty"
    if isinstance(error, UnidentifiedImageError):
        return f"damaged, or of no format that is read: {', '.join(FORMATS)}"
    return "damaged"


def listed(file: Path, part: str) -> list[tuple[str, str]]:
    """Return class and file of the examples of a part; ValueError if a list has none."""
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream)
        try:
            found = [*_examples(reader, part)]
        except csv.Error as error:
            raise ValueError(f"{file}, line {reader.reader.line_num}: {error}") from error
        except ValueError as error:
            raise ValueError(f"{file}{error}") from error
    if not found:
        raise ValueError(f"{file} lists no examples of the part {part}")
    return found


def _examples(reader: csv.DictReader[str], part: str) -> Iterator[tuple[str, str]]:
    """Yield class and file of the examples of a part; ValueError with what is wrong with a list."""
    names = reader.fieldnames or ()
    if "row" in names:
        raise ValueError(": its examples are rows of the data, and no files to read")
    if not set(COLUMNS) <= set(names):
        raise ValueError(f" has no columns {', '.join(COLUMNS)}")
    for row in reader:
        if None in row.values():
            raise ValueError(f", line {reader.line_num}: has fewer values than there are columns")
        if row["part"] == part:
            yield row["class"], row["file"]


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
    return visible(f"{prediction.file}: {', '.join(told) or 'none of the labels'}")


def visible(text: str) -> str:
    """Return text with its control characters as escapes: they would garble a terminal."""
    return "".join(
        character
        if character.isprintable() or unicodedata.category(character) == "Zs"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def gathered(places: Sequence[Path | str]) -> tuple[list[str], int]:
    """Return files, and the pictures in folders; and how many folders cannot be read. Tell both."""
    found, others, wrong = list[str](), Counter[str](), 0
    for place in places:
        try:
            files, more = pictures(place)
        except OSError as error:
            tell(error.filename, str(error.strerror).lower())
            wrong += 1
            continue
        found += files
        others += more
    if others:
        told = (
            f"{count} {ending or 'without an ending'}" for ending, count in others.most_common()
        )
        print(f"note: files that are not read: {', '.join(told)}", file=sys.stderr)
    return found, wrong


def tell(file: str, message: str) -> None:
    """Tell what is wrong with a file."""
    print(visible(f"error: {file or repr(file)}: {message}"), file=sys.stderr)


def print_predictions(
    predictor: Predictor, places: Sequence[Path | str], top: int, form: str
) -> int:
    """Print what the model makes of pictures; return the exit code."""
    if predictor.preprocessing.polarity:
        print(f"note: the model knows pictures {predictor.preprocessing.polarity}", file=sys.stderr)
    files, wrong = gathered(places)
    made, table = [], csv.writer(sys.stdout, lineterminator="\n")
    if form == "csv":
        table.writerow(("file", "label", *predictor.names))
    for file in files:
        try:
            prediction = predictor.predict(file)
        except UnreadError as error:
            tell(file, str(error))
            wrong += 1
            continue
        made.append(prediction)
        if form == "csv":
            values = [f"{prediction.values[name]:.6g}" for name in predictor.names]
            table.writerow((prediction.file, prediction.label, *values))
        elif form == "text":
            print(shown(prediction, predictor.task, top))
    if form == "json":  # in ASCII: it is JSON whatever the names and the encoding of the output
        entries = [{"file": one.file, "label": one.label, "values": one.values} for one in made]
        print(json.dumps(entries, indent=2))
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
        except UnreadError as error:
            raise ValueError(f"{folder / name}: {error}") from error
    share = right / len(examples)
    print(f"accuracy {share:.2%}: {right} of {len(examples)} pictures of the part {part}")
    return 0


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the checked arguments of the command line."""
    parser = argparse.ArgumentParser(description="Label pictures with an exported model.")
    parser.add_argument("places", nargs="*", metavar="PICTURE_OR_FOLDER")
    parser.add_argument("--model", default=MODEL, help=f"file beside this one; default {MODEL}")
    parser.add_argument("--top", type=int, default=1, help="classes to tell; default 1")
    forms = parser.add_mutually_exclusive_group()
    forms.add_argument("--json", dest="form", action="store_const", const="json", help="as JSON")
    forms.add_argument("--csv", dest="form", action="store_const", const="csv", help="as CSV")
    parser.add_argument("--list", type=Path, help="list of examples, to count the accuracy on")
    parser.add_argument("--data", type=Path, help="with --list: folder that its files are in")
    parser.add_argument("--part", default="test", help="with --list: part of it; default test")
    parser.set_defaults(form="text")
    found = parser.parse_intermixed_args(given)
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
    if isinstance(sys.stdout, io.TextIOWrapper):  # names may have letters that its encoding lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    given = arguments()
    model = FOLDER / given.model
    if not os.path.isfile(model):
        fail(f"{model} does not exist: keep the exported files together")
    try:
        predictor = Predictor(load(model))
    except ValueError as error:
        fail(f"{model} {error}")
    if given.data is not None and not os.path.isdir(given.data):
        fail(f"{given.data}: no such folder")
    try:
        if given.list is not None:
            sys.exit(print_accuracy(predictor, given.list, given.data, given.part))
        sys.exit(print_predictions(predictor, given.places, given.top, given.form))
    except BrokenPipeError:  # whoever read has enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fail(f"{error.filename}: {str(error.strerror).lower()}")
    except (ImportError, ValueError) as error:
        fail(str(error))


if __name__ == "__main__":
    main()

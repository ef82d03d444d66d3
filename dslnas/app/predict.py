"""Labels of pictures, by the model that a run exported."""

from __future__ import annotations

from collections.abc import Iterable
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.arguments import wrong_argument
from dslnas.app.open_run import load_run
from dslnas.app.run import Run
from dslnas.data.files import reading
from dslnas.diagnostics import UserError, command, user_error
from dslnas.runs.manifest import read_run_manifest

if TYPE_CHECKING:
    from dslnas.exporters.predict import Prediction, Predictor

HELP = "give the folder of a run, as `dslnas compile SPEC --search` and `dslnas export` write it"

INSTEAD = {
    "sample.py": "`python {run}/sample.py` writes text with it",
    "model.onnx": "its metadata say what it reads, as do those of `model.py`",
}
"""Files beside models of other data, with what is said of them; the first that is there counts."""


def predict(run: Run | Path | str, files: Path | str | Iterable[Path | str]) -> list[Prediction]:
    """Return what the exported model of a run makes of pictures.

    Args:
        run: The run, or its folder.
        files: A picture, a folder of them, or several of both; each picture is read as
            `preprocessing.py` beside the model says.

    Raises:
        TypeError: `files` has something that is no path.
        UserError: NAS023 if it is no run, NAS024 if it has no model, or one of no pictures; NAS603
            if a picture or folder cannot be read.
    """
    from dslnas.exporters.predict import UnreadError, pictures

    places = [files] if isinstance(files, str) or not isinstance(files, Iterable) else [*files]
    for place in places:
        if not isinstance(place, Path | str):
            raise wrong_argument("predict", "paths of pictures and folders", place)
    predictor, found = predictor_of(run.path if isinstance(run, Run) else Path(run)), []
    for place in places:
        with reading(Path(place), "folder"):
            inner, _ = pictures(place)
        for file in inner:
            try:
                found.append(predictor.predict(file))
            except UnreadError as error:
                raise user_error("NAS603", str(error), where=str(file)) from error
    return found


def predictor_of(run: Path) -> Predictor:
    """Return what labels pictures with the model in the folder of a run; see `predict`."""
    manifest = read_run_manifest(run, HELP)
    from dslnas.exporters.onnx import MODEL
    from dslnas.exporters.predict import Predictor, load

    if not isfile(run / MODEL):
        load_run(run).check_trained()
        raise _refusal(run, f"has no {MODEL}", f"`{command('export', run)}` writes it")
    if "preprocessing" not in (manifest.facts.model_extra or {}):
        told = next(text for name, text in INSTEAD.items() if isfile(run / name))
        raise _refusal(run, "is a model of no pictures", told.format(run=run))
    try:
        return Predictor(load(run / MODEL))
    except ValueError as error:
        help = f"`{command('export', run)}` writes it anew"
        raise _refusal(run, f"its {MODEL} {error}", help) from error


def _refusal(run: Path, message: str, help: str) -> UserError:
    return user_error("NAS024", message, where=str(run), help=help)

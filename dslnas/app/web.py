"""A run to a page for browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dslnas.app.export import export
from dslnas.app.run import Run
from dslnas.diagnostics import user_error

if TYPE_CHECKING:
    from dslnas.exporters.export import Exported


def export_with_page(
    run: Run,
    out: Path | str | None = None,
    overrides: Sequence[str] = (),
    runtime: Path | None = None,
) -> Exported:
    """Export a run, and a page that labels pictures with its model, see `export`.

    Args:
        run: A run in which the training of an image model is over.
        out: Where the files go; by default into the run itself.
        overrides: Arguments of `--set` for the export section.
        runtime: Folder with ONNX Runtime for browsers; without one npm fetches it, once.

    Raises:
        UserError: NAS716 if it is a model of no pictures, NAS717 if there is no runtime, and what
            `export` raises.
    """
    from dslnas.exporters.web.page import write_page
    from dslnas.exporters.web.runtime import find_runtime

    if "preprocessing" not in (run.manifest.facts.model_extra or {}):
        message, help = "is a model of no pictures", "a page labels pictures: export an image model"
        raise user_error("NAS716", message, help=help, where=str(run.path))
    found = find_runtime(runtime)
    exported = export(run, out, overrides)
    folder = run.path if out is None else Path(out)
    page = write_page(folder, found)
    if folder == run.path:
        files = dict.fromkeys((*run.results.files, page.name))
        run.folder.add_results({"files": tuple(files)})
    return replace(exported, files=(*exported.files, page.name))

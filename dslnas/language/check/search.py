"""Settings of a search and of the derivation that contradict each other or the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dslnas.edits import Advice, Edit
from dslnas.language.check.cell import Cell
from dslnas.language.check.context import Context
from dslnas.settings.combinations import misfits
from dslnas.settings.data_base import DataSettings
from dslnas.settings.gradient import OrderSettings
from dslnas.settings.images import ImageFolder
from dslnas.settings.relaxations import RELAXATION_FACTS
from dslnas.settings.rule import Derivation
from dslnas.settings.search import SEARCH
from dslnas.settings.search_base import Conflict, SearchSettings, rising
from dslnas.settings.sections import (
    OLDEST_INT8_OPSET,
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
)
from dslnas.settings.values import Augmentation, ResizedCrop
from dslnas.spelling import suggestion


def check_search(
    search: SearchSettings, derivation: Derivation, cells: Mapping[str, Cell], context: Context
) -> None:
    """Check what no setting says alone.

    Records NAS201 for an unknown cell of `cells`, NAS511 for what does not fit together.
    """
    spans = context.spans
    for conflict in (
        *search.conflicts(),
        *misfits(search),
        *_unused(search, context),
        *_of_derivation(search, derivation),
        *_unfit_for_drawing(search, derivation),
        *_unfit_for_alpha(search, derivation),
        *_unfit_for_steps(search, cells),
        *_unfit_without_sharing(search, derivation, context),
    ):
        _record(conflict, "search", context)
    for name in search.costed_cells:
        context.diagnostics.is_known("cell", name, spans.get("search.cells"), cells)


def check_evaluation(data: DataSettings, evaluate: EvaluateSettings, context: Context) -> None:
    """Record NAS511 for what does not fit together in the data and the training of the result."""
    for conflict in data.conflicts():
        _record(conflict, "data", context)
    steps = (*data.augmentations, *evaluate.augment)
    for conflict in (*_twice(steps), *_cut_in_memory(steps, data)):
        _record(conflict, "data", context)
    for conflict in rising("evaluate.weights", evaluate.weights.lr, evaluate.epochs):
        _record(conflict, "evaluate", context)
    usual = context.task.defaults_of(EvaluateSettings).get("average")
    if evaluate.ema is not None and evaluate.average not in (None, 0, usual):
        message = "`average` changes nothing with `ema`, which averages from the first step on"
        _record(
            Conflict("evaluate.average", message, "leave one of them out", omit="idle"),
            "evaluate",
            context,
        )


def _twice(steps: Sequence[Augmentation]) -> Iterator[Conflict]:
    """Yield random changes that cannot be made twice."""
    counts = Counter(step.word for step in steps)
    for word, why in {step.word: step.once for step in steps}.items():
        if why and counts[word] > 1:
            message = f"`{word}` is written twice, and {why}"
            yield Conflict("evaluate.augment", message, "leave one of them out", ("data.augment",))


def _cut_in_memory(steps: Sequence[Augmentation], data: DataSettings) -> Iterator[Conflict]:
    """Yield `resized_crop` where pictures may be held in memory, which has them scaled down."""
    is_cut = any(isinstance(step, ResizedCrop) for step in steps)
    if is_cut and isinstance(data, ImageFolder) and data.stream != "always":
        yield Conflict(
            "data.stream",
            "`resized_crop` cuts pictures as they are in their files, and "
            f"`stream {data.stream}` may hold them in memory, scaled",
            "write `stream always`",
            ("data.augment", "evaluate.augment"),
        )


def check_export(export: ExportSettings, context: Context) -> None:
    """Record NAS511 for what does not fit together in the files that are written."""
    for conflict in _of_precisions(export, context):
        _record(conflict, "export", context)


def _of_precisions(export: ExportSettings, context: Context) -> Iterator[Conflict]:
    if export.others and "onnx" not in export.formats:
        yield Conflict(
            "export.precision",
            f"`{export.others[0]}` is a precision of the ONNX model, and `formats` leaves it out",
            "add `onnx` to `formats`, or leave `precision` out",
            ("export.formats",),
            omit="idle",
        )
    if not export.others and export.within != ExportSettings().within:
        yield Conflict(
            "export.within",
            "`within` says how much worse another precision may be, and there is only float32",
            "add a `precision` such as int8, or leave `within` out",
            omit="idle",
        )
    if "int8" in export.others and export.opset is not None and export.opset < OLDEST_INT8_OPSET:
        yield Conflict(
            "export.opset",
            f"`int8` needs opset {OLDEST_INT8_OPSET}, not {export.opset}",
            f"write `opset {OLDEST_INT8_OPSET}`, or leave it out: then each model declares the "
            "oldest that has all of its operators",
            omit="may",
        )


def _record(conflict: Conflict, section: str, context: Context) -> None:
    """Record NAS511 at the setting that is the likeliest mistake, or at the section."""
    places = (conflict.path, *conflict.others, section)
    span = next((context.spans[place] for place in places if place in context.spans), None)
    is_idle = conflict.omit == "idle"
    edits = context.without(conflict.path, safe=conflict.omit == "must", is_idle=is_idle)
    if conflict.omit == "no":
        edits = ()
    help = Advice(conflict.help, edits=edits)
    context.diagnostics.add("NAS511", conflict.message, span, help=help)


def check_unsearched(derivation: Derivation, context: Context) -> None:
    """Record NAS511 for what a spec says of the end of a search that it does not have.

    The library may say it: whoever uses it adds the search.
    """
    usual = DeriveSettings()
    for key in usual.settings():
        span = context.spans.get(f"derive.{key}")
        if span and not span.source.library and derivation.value_of(key) != usual.value_of(key):
            message = f"`{key}` is about the end of a search, and the spec has none"
            words = f"write `search {next(iter(SEARCH))}`, or leave `{key}` out"
            help = Advice(words, edits=context.without(f"derive.{key}", is_idle=True))
            context.diagnostics.add("NAS511", message, span, help=help)


def _unused(search: SearchSettings, context: Context) -> Iterator[Conflict]:
    """Yield what is written, is no default, and changes nothing as other settings are."""
    model = type(search)
    usual = model.model_validate(context.task.defaults_of(model))
    for key, (other, off, on) in search.needs.items():
        is_default = search.value_of(key) == usual.value_of(key)
        if search.value_of(other) == off and f"search.{key}" in context.spans and not is_default:
            message = f"`{key}` changes nothing with `{other} {off}`"
            help = f"write `{other} {on}`, or leave `{key}` out"
            yield Conflict(f"search.{key}", message, help, omit="idle")


def _of_derivation(search: SearchSettings, derivation: Derivation) -> Iterator[Conflict]:
    """Yield what the derivation asks of no search."""
    if derivation.by == "perturbation" and (derivation.epoch != "last" or search.goes_back):
        yield Conflict(
            "derive.by",
            "`perturbation` asks the supernet as it is at the end, not that of an earlier epoch",
            "write `by magnitude`, or leave out `epoch` and `stop eigenvalue`",
            omit="may",
        )
    if derivation.threshold is not None:
        yield from _of_threshold(search, derivation)
    if derivation.by != "perturbation" and derivation.tune > 0:
        yield Conflict(
            "derive.tune",
            "`tune` trains between decisions, and only `by perturbation` takes one after the other",
            "write `by perturbation`, or leave `tune` out",
            omit="idle",
        )
    if derivation.tune == 0 and derivation.tune_rate is not None:
        yield Conflict(
            "derive.tune_rate",
            "`tune_rate` changes nothing with `tune 0`",
            "write `tune 5`, or leave `tune_rate` out",
            omit="idle",
        )
    if derivation.compare > 0 and derivation.epoch == "every_size":
        yield Conflict(
            "derive.compare",
            "`compare` takes one architecture near the scores, `every_size` one of every size",
            "write `epoch best`, or leave `compare` out",
            omit="may",
        )
    if derivation.penalty > 0 and not derivation.limits:
        yield Conflict(
            "derive.penalty",
            "`penalty` weighs what exceeds `require`, and nothing is required",
            "add a limit such as `require params < 4M`, or leave `penalty` out",
            omit="idle",
        )


def _of_threshold(search: SearchSettings, derivation: Derivation) -> Iterator[Conflict]:
    """Yield what scores otherwise than by weights that a threshold can be compared with."""
    relaxation = search.relaxation if isinstance(search, OrderSettings) else None
    if relaxation is None or RELAXATION_FACTS[relaxation].weighting != "sigmoid":
        yield Conflict(
            "derive.threshold",
            "`threshold` looks at weights that are independent of each other, and those of "
            f"`{search.method}` are not",
            "write `search fair_darts`, or leave `threshold` out",
            omit="may",
        )
    if derivation.by == "perturbation":
        yield Conflict(
            "derive.threshold",
            "`threshold` looks at weights, and `by perturbation` scores by measuring",
            "write `by magnitude`, or leave `threshold` out",
            omit="idle",
        )


def _unfit_for_drawing(search: SearchSettings, derivation: Derivation) -> Iterator[Conflict]:
    """Yield what means nothing where architectures are drawn."""
    if not search.draws:
        return
    drawn = f"`{search.method}` draws architectures"
    if derivation.penalty > 0:
        limited = [name for name, model in SEARCH.items() if not model.draws]
        help = f"leave it out, or search by a method that does not draw; {suggestion('', limited)}"
        yield Conflict(
            "derive.penalty", f"{drawn}, within `require` from the start", help, omit="idle"
        )
    if search.learns and search.shares_weights:
        return
    if search.learns:
        help = "leave it out, or write `children shared`"
        drawn = f"`{search.method}` trains every architecture alone"
    else:
        learning = [name for name, model in SEARCH.items() if model.learns]
        help = f"leave it out, or search by a method that learns; {suggestion('', learning)}"
        drawn += " and compares them at the end"
    if search.warm_epochs > 0:
        yield Conflict(
            "search.warmup", f"{drawn}: there is no alpha to wait with", help, omit="idle"
        )
    if search.stop:
        yield Conflict("search.stop", f"{drawn}: there is nothing to stop at", help, omit="idle")
    if derivation.epoch != "last":
        yield Conflict(
            "derive.epoch", f"{drawn}: no epoch is better than another", help, omit="idle"
        )


def _unfit_for_alpha(search: SearchSettings, derivation: Derivation) -> Iterator[Conflict]:
    """Yield what asks of alpha what the method's has not."""
    if search.goes_back and not search.is_differentiable:
        known = [name for name, model in SEARCH.items() if model.is_differentiable]
        message = (
            f"`eigenvalue` differentiates the loss twice in alpha, and that of `{search.method}` "
            "does not allow it"
        )
        help = f"use a method of which it does; {suggestion('', known)}"
        yield Conflict("search.stop", message, help)
    if derivation.by == "perturbation" and not search.has_probabilities:
        known = [name for name, model in SEARCH.items() if model.has_probabilities]
        message = (
            "`perturbation` changes the probabilities of operations, and "
            f"`{search.method}` has none"
        )
        help = f"use a method with them; {suggestion('', known)}"
        yield Conflict("derive.by", message, help)


def _unfit_without_sharing(
    search: SearchSettings, derivation: Derivation, context: Context
) -> Iterator[Conflict]:
    """Yield what asks for measurements with shared weights where there are none."""
    if search.shares_weights:
        return
    usual = DeriveSettings()
    for key in ("compare", "against"):
        value = derivation.value_of(key)
        if f"derive.{key}" in context.spans and value not in (0, usual.value_of(key)):
            yield Conflict(
                f"derive.{key}",
                f"`{key}` measures with shared weights, and `{search.method}` trains every "
                "architecture alone",
                f"leave `{key}` out",
                omit="must",
            )


# ---- batches ------------------------------------------------------------------------------------

LEAST = 2
"""Batch normalisation cannot train on one example."""


def check_parts(
    data: DataSettings, search: SearchSettings | None, evaluate: EvaluateSettings, context: Context
) -> None:
    """Check that `accumulate` leaves two examples for every part; NAS512 is recorded."""
    stages: list[tuple[SearchSettings | EvaluateSettings, int, str]] = [
        (evaluate, evaluate.batch, "evaluate")
    ]
    if search is not None:
        stages.append((search, data.batch, "data"))
    for stage, batch, section in stages:
        if LEAST * stage.accumulate <= batch:
            continue
        places = (f"{stage.kind}.accumulate", f"{section}.batch")
        words = f"lower `accumulate` to {batch // LEAST} or less, or raise `{section}.batch`"
        place = context.spans.get(places[0])
        edits = (Edit(place, str(batch // LEAST), safe=False),) if place and batch >= LEAST else ()
        context.diagnostics.add(
            "NAS512",
            f"batch of {batch} cannot be cut into {stage.accumulate} parts of {LEAST} or more",
            next((context.spans[place] for place in places if place in context.spans), None),
            help=Advice(words, edits=edits),
        )


def _unfit_for_steps(search: SearchSettings, cells: Mapping[str, Cell]) -> Iterator[Conflict]:
    """Yield what means nothing in recurrent cells."""
    is_recurrent = any(cell.states for cell in cells.values())
    if is_recurrent and search.freezes:
        yield Conflict(
            "search.freeze",
            "`freeze` stops the weights of operations, and in recurrent cells they have none",
            "leave `freeze` out",
            omit="must",
        )

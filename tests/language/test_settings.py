"""Settings of sections: every default can be written down and read back."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslnas.language.check.check import check
from dslnas.language.check.checked import CheckedProgram
from dslnas.language.link.link import link
from dslnas.language.print.expanded_spec import section_text, value_text
from dslnas.language.print.format import format_program
from dslnas.language.syntax.parse import parse
from dslnas.settings.data import DATA
from dslnas.settings.gradient_methods import PcDartsSettings
from dslnas.settings.images import Digits, ImageFolder
from dslnas.settings.labelled import METRICS_OF, Goal
from dslnas.settings.model import Section
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import CellSettings, EvaluateSettings, ExportSettings, NetworkSettings
from dslnas.settings.tables import Signals, Table
from dslnas.settings.texts import TextSettings
from dslnas.settings.values import (
    ADAM_OF_DARTS,
    Adam,
    AdamW,
    AnyOptimiser,
    Augmentation,
    Colour,
    Cosine,
    Crop,
    Cutout,
    Erase,
    Exponential,
    Flip,
    ResizedCrop,
    RmsProp,
    Rotate,
    Sgd,
    Steps,
    Warmup,
)
from dslnas.source import SourceFile
from dslnas.tasks.catalogue import TASK_SETTINGS
from tests.examples import examples


def checked(text: str, library: str = "papers.darts") -> CheckedProgram:
    return check(link(SourceFile("spec.nas", f"use {library}\n{text}")), TASK_SETTINGS)


@pytest.mark.parametrize("source", DATA)
def test_defaults_of_data_survive(source: str) -> None:
    data = DATA[source]()
    library = "papers.darts_rnn" if isinstance(data, TextSettings) else "papers.darts"
    assert checked(section_text(data, f"data {source}"), library).data == data


@pytest.mark.parametrize("engine", SEARCH)
def test_defaults_of_search_survive(engine: str) -> None:
    search = SEARCH[engine]()
    program = checked(section_text(search, f"search {engine}"))
    assert program.search == search


def test_defaults_of_evaluate_and_export_survive() -> None:
    text = f"{section_text(EvaluateSettings(), 'evaluate')}\n"
    program = checked(text + section_text(ExportSettings(), "export"))
    assert program.evaluate == EvaluateSettings()
    assert program.export == ExportSettings()


def test_defaults_of_cells_and_network_survive() -> None:
    cell = section_text(CellSettings(nodes=1), "cell normal")
    network = section_text(NetworkSettings(), "network")
    written, left = checked(f"{cell}\n{network}"), checked("")
    assert written.network == left.network
    normal = written.cells["normal"]
    assert (normal.inputs, len(normal.nodes)) == (("in1", "in2"), 1)
    assert (normal.keep, normal.none_allowed, normal.stride, normal.widen) == (None, False, 1, 1)


@pytest.mark.parametrize(
    "settings", [*(kind() for kind in SEARCH.values()), EvaluateSettings(), ExportSettings()]
)
def test_written_settings_format_like_any_text(settings: Section) -> None:
    text = section_text(settings, "evaluate", explain=True)
    program = parse(SourceFile("spec.nas", text))
    assert parse(SourceFile("spec.nas", format_program(program))) == program


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("weights sgd", {"weights": Sgd()}),
        ("weights sgd()", {"weights": Sgd()}),
        ("weights sgd(0.1)", {"weights": Sgd(lr=0.1)}),
        ("weights sgd(lr = 1)", {"weights": Sgd(lr=1)}),
        ("weights sgd(cosine(0.1), 0.5)", {"weights": Sgd(lr=Cosine(start=0.1), momentum=0.5)}),
        (
            "weights sgd(lr = exponential(0.1, factor = 0.9))",
            {"weights": Sgd(lr=Exponential(start=0.1, factor=0.9))},
        ),
        ("arch adam(betas = (0.9, 0.99))", {"arch": ADAM_OF_DARTS.replace(betas=(0.9, 0.99))}),
        (
            "weights sgd(warmup(3, steps(0.1, 20)))",
            {"weights": Sgd(lr=Warmup(epochs=3, then=Steps(start=0.1, at=(20,))))},
        ),
        (
            "weights sgd(steps(0.1, (20, 40), 0.5))",
            {"weights": Sgd(lr=Steps(start=0.1, at=(20, 40), factor=0.5))},
        ),
        ("epochs 2 * 3", {"epochs": 6}),
    ],
)
def test_values_of_search(text: str, settings: dict[str, object]) -> None:
    search = checked(f"search darts {{ {text} }}").search
    assert search == SEARCH["darts"].model_validate(settings)


def test_a_call_takes_the_rest_from_the_default_of_its_setting() -> None:
    evaluate = checked("evaluate { weights sgd(momentum = 0.5) }").evaluate
    assert evaluate.weights == Sgd(lr=Cosine(start=0.025, end=0.0), momentum=0.5)
    search = checked(
        "search pc_darts { weights sgd(clip = 1); arch adam(weight_decay = 0) }"
    ).search
    assert isinstance(search, PcDartsSettings)
    assert search.weights == Sgd(lr=Cosine(start=0.1, end=0.0), clip=1.0)
    assert search.arch == ADAM_OF_DARTS.replace(lr=6e-4, weight_decay=0.0)


def test_a_schedule_inside_of_a_call_has_an_end_of_its_own() -> None:
    search = checked("search darts { weights sgd(lr = cosine(0.1)) }").search
    assert search is not None
    assert search.weights.lr == Cosine(start=0.1, end=0.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("crop(2)", (Crop(pad=2),)),
        ("resized_crop(0.2), flip", (ResizedCrop(area=0.2), Flip())),
        ("crop, flip, cutout(8)", (Crop(), Flip(), Cutout(size=8))),
        ("(crop, flip)", (Crop(), Flip())),
        ("none", ()),
    ],
)
def test_lists_of_values(text: str, value: tuple[object, ...]) -> None:
    assert checked(f"evaluate {{ augment {text} }}").evaluate.augment == value


def test_a_single_value_is_a_list_where_a_list_is_wanted() -> None:
    assert checked("export { formats onnx }").export.formats == ("onnx",)
    cell = checked("cell normal { inputs x }").cells["normal"]
    assert cell.inputs == ("x",)


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.2, "20%"), (0.07, "7%"), (0.125, "12.5%"), (1 / 3, repr(1 / 3)), (0.1 + 0.2, None)],
)
def test_shares_are_written_in_percent_and_read_again_to_the_bit(
    share: float, text: str | None
) -> None:
    data = Digits(subset=share, split=(share, 0.1, 0.1, 0.1))
    written = section_text(data)
    assert f"subset  {text or repr(share)}\n" in written
    assert checked(written).data == data


# ---- values that are written out are read as they were -----------------------------------------

_RATES = st.sampled_from([0.1, 0.025, 1e-4, 2.0])
_EPOCHS = st.integers(1, 40)
_PLAIN = st.one_of(
    _RATES,
    st.builds(Cosine, start=_RATES, end=_RATES),
    st.builds(Exponential, start=_RATES),
    st.builds(Steps, start=_RATES, at=st.lists(_EPOCHS, min_size=1, max_size=3).map(tuple)),
)
_SCHEDULES = st.one_of(_PLAIN, st.builds(Warmup, epochs=_EPOCHS, then=_PLAIN))
_SHARES = st.sampled_from([0.0, 0.5, 0.9])
_OPTIMISERS = st.one_of(
    st.builds(Sgd, lr=_SCHEDULES, momentum=_SHARES),
    st.builds(Adam, lr=_SCHEDULES, betas=st.tuples(_SHARES, _SHARES), clip=_RATES),
    st.builds(AdamW, lr=_SCHEDULES, weight_decay=_RATES),
    st.builds(RmsProp, lr=_SCHEDULES, decay=_SHARES, momentum=_SHARES),
)
_CHANGES = st.lists(
    st.one_of(
        st.builds(Crop),
        st.builds(Flip),
        st.builds(Rotate, degrees=_RATES),
        st.builds(Colour, saturation=_SHARES),
        st.builds(Erase, area=_RATES.filter(lambda rate: rate <= 1)),
    ),
    max_size=3,
)
_AUGMENTATIONS = st.builds(  # pictures are cut at random once, and first
    lambda cut, changes: (*cut, *changes), st.lists(st.builds(ResizedCrop), max_size=1), _CHANGES
)


@settings(max_examples=examples(25))
@given(_OPTIMISERS, _AUGMENTATIONS, st.sampled_from([None, 0.5, 0.999]))
def test_training_settings_are_read_as_they_are_written_out(
    weights: AnyOptimiser, augment: tuple[Augmentation, ...], ema: float | None
) -> None:
    given_ = EvaluateSettings(weights=weights, augment=augment, ema=ema, label_smoothing=0.1)
    assert checked(section_text(given_)).evaluate == given_
    assert checked(f"search darts {{ weights {value_text(weights)} }}").search == SEARCH[
        "darts"
    ].model_validate({"weights": weights})


_COLUMNS = st.lists(st.sampled_from(["a", "two words", "x-1"]), max_size=3, unique=True).map(tuple)


@settings(max_examples=examples(15))
@given(st.sampled_from(get_args(Goal)), _COLUMNS, st.integers(0, 3))
def test_settings_of_data_are_read_as_they_are_written_out(
    goal: Goal, columns: tuple[str, ...], number: int
) -> None:
    metric = [*METRICS_OF[goal], None][number % (len(METRICS_OF[goal]) + 1)]
    given_ = [
        Table.model_validate({"task": goal, "metric": metric, "target": columns}),
        Signals.model_validate({"task": goal, "ignore": columns, "channels": number + 1}),
        ImageFolder(size=(8, 12 + number), fit="crop", channels=1),
    ]
    for data in given_:
        assert checked(section_text(data)).data == data

"""Settings of tasks whose examples stand alone: by what is read, and what is predicted of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dslnas.settings.images import ImageSettings
from dslnas.settings.labelled import Goal, LabelledSettings
from dslnas.settings.model import Section
from dslnas.settings.search import SEARCH
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.tables import SignalSettings, TableSettings
from dslnas.settings.task import Special, TaskSettings

_SMOOTHING = Special("evaluate.label_smoothing", about="is for labels that are one class")


@dataclass(frozen=True)
class Family:
    """Examples of one kind.

    Attributes:
        data: Base of the settings of its sources.
        source: The source where a spec names none.
        example: Word for one example.
        examples: Name of the data in messages.
        specials: Settings that not every task has.
        defaults: By section, see `TaskSettings`.
        method: Search method that is advised.
    """

    data: type[LabelledSettings]
    source: str
    example: str
    examples: str
    specials: tuple[Special, ...] = ()
    defaults: Mapping[type[Section], Mapping[str, object]] = field(default_factory=dict)
    method: str = "darts"


IMAGES = Family(
    ImageSettings,
    "digits",
    "image",
    "images",
    (
        Special("network.input"),
        Special(
            "search",
            tuple(name for name, model in SEARCH.items() if model.needs_channels),
            about="searches a part of the channels of images",
            instead="search by another method, such as `search darts`",
        ),
        # Behind a gate nothing is skipped.
        Special("search.stop", ("convolutions", "skips")),
        Special("derive.epoch", ("every_size",), instead="write `epoch best` or `epoch last`"),
        Special("evaluate.augment"),
        Special("evaluate.auxiliary"),
        Special("evaluate.drop_path"),
    ),
    method="pc_darts",
)

TABLES = Family(
    TableSettings,
    "diabetes",
    "row",
    "rows of numbers",
    (*(one for one in IMAGES.specials if one.path in ("network.input", "evaluate.drop_path")),),
    {EvaluateSettings: {"drop_path": 0.0}},
)

SIGNALS = Family(
    SignalSettings,
    "signals",
    "signal",
    "signals",
    (
        *(
            one
            for one in IMAGES.specials
            if one.path not in ("evaluate.augment", "evaluate.auxiliary")
        ),
    ),
)

FAMILIES = (IMAGES, TABLES, SIGNALS)

_LABELS: Mapping[Goal, str] = MappingProxyType(
    {
        "classification": "",
        "multilabel": " with several labels",
        "regression": " with numbers to predict",
    }
)


def settings_of(family: Family, goal: Goal) -> TaskSettings:
    """Return the settings of the task that predicts something of some examples."""
    has_classes = goal == "classification"
    return TaskSettings(
        data=family.data,
        source=family.source,
        examples=family.examples + _LABELS[goal],
        is_recurrent=False,
        word=goal,
        least_classes=2 if has_classes else 1,
        specials=(*family.specials, *((_SMOOTHING,) if has_classes else ())),
        defaults=family.defaults,
        method=family.method,
    )

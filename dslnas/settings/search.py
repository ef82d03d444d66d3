"""The table of search methods: the word of the language, and its settings."""

from typing import Annotated, TypeAlias, get_args

from pydantic import Field

from dslnas.settings.gradient_methods import (
    AsapSettings,
    BayesnasSettings,
    BetaDartsSettings,
    DartsMinusSettings,
    DartsSettings,
    DrnasSettings,
    FairDartsSettings,
    GdasSettings,
    MilenasSettings,
    NaspSettings,
    PcDartsSettings,
    SdartsSettings,
    SingleLevelSettings,
    SnasSettings,
)
from dslnas.settings.sampled_methods import (
    AsngSettings,
    EnasSettings,
    EvolutionSettings,
    NaoSettings,
    RandomSearchSettings,
    RandomSettings,
)
from dslnas.settings.search_base import SearchSettings

AnySearch: TypeAlias = Annotated[
    DartsSettings
    | MilenasSettings
    | SingleLevelSettings
    | NaspSettings
    | GdasSettings
    | SnasSettings
    | PcDartsSettings
    | DrnasSettings
    | SdartsSettings
    | DartsMinusSettings
    | FairDartsSettings
    | BetaDartsSettings
    | AsapSettings
    | BayesnasSettings
    | AsngSettings
    | EvolutionSettings
    | EnasSettings
    | NaoSettings
    | RandomSettings
    | RandomSearchSettings,
    Field(discriminator="method"),
]
"""Settings of any method, told apart by its name."""


SEARCH: dict[str, type[SearchSettings]] = {
    model.model_fields["method"].default: model for model in get_args(get_args(AnySearch)[0])
}

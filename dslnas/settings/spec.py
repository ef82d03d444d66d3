"""Settings of a whole spec: what a run is made with, beside its cells and its network."""

from dslnas.settings.data import DATA, AnyData
from dslnas.settings.model import Model, Section
from dslnas.settings.rule import Derivation
from dslnas.settings.search import SEARCH, AnySearch
from dslnas.settings.sections import (
    CellSettings,
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
    NetworkSettings,
)

SECTIONS: tuple[type[Section], ...] = (
    CellSettings,
    NetworkSettings,
    *DATA.values(),
    *SEARCH.values(),
    DeriveSettings,
    EvaluateSettings,
    ExportSettings,
)
"""Everything that has settings, in the order in which `dslnas show --defaults` prints it."""


class SpecSettings(Model):
    """Settings by section; `search` is None where there is nothing to search."""

    data: AnyData
    search: AnySearch | None
    derive: Derivation
    evaluate: EvaluateSettings
    export: ExportSettings

"""Settings of a whole spec: what a run is made with, beside its cells and its network."""

from dslnas.settings.data import AnyData
from dslnas.settings.model import Model
from dslnas.settings.rule import Derivation
from dslnas.settings.search import AnySearch
from dslnas.settings.sections import EvaluateSettings, ExportSettings


class SpecSettings(Model):
    """Settings by section.

    Attributes:
        data: Where examples come from.
        search: How an architecture is searched; None where there is nothing to search.
        derive: How the search ends in an architecture.
        evaluate: How the architecture is trained.
        export: Files to write.
    """

    data: AnyData
    search: AnySearch | None
    derive: Derivation
    evaluate: EvaluateSettings
    export: ExportSettings

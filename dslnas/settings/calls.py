"""Everything that is written as a call in a setting, by its word."""

from __future__ import annotations

from dslnas.settings.annotations import calls_of
from dslnas.settings.search_parts import Fading, Oles, Perturbation, Regulariser, Stages, Update
from dslnas.settings.stop import StopRule
from dslnas.settings.values import AnyOptimiser, Augmentation, Rate, Variational

CALLS = calls_of(
    Rate
    | AnyOptimiser
    | Variational
    | Augmentation
    | StopRule
    | Regulariser
    | Perturbation
    | Fading
    | Oles
    | Stages
    | Update
)

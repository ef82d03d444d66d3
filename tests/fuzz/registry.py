"""All targets by their names."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import of_data, of_language, of_runs
from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target for module in (of_language, of_data, of_runs) for target in module.targets()
}

"""Settings of a third task: ratings of items by users, made up from a seed."""

# Models of settings do not postpone their annotations, see `dslnas.settings.model`.

from typing import Literal

from dslnas.settings.data_base import DataSettings
from dslnas.settings.sections import EvaluateSettings
from dslnas.settings.task import TaskSettings


class RatingSettings(DataSettings):
    """Ratings that are made up; nothing to download."""

    source: Literal["made_up"] = "made_up"
    has_files = False
    users: int = 5


TASK = TaskSettings(
    data=RatingSettings,
    source="made_up",
    examples="ratings",
    is_recurrent=False,
    least_classes=1,
    defaults={EvaluateSettings: {"drop_path": 0.0}},
)

"""Settings of a task: which of them it has, and their defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dslnas.settings.data_base import DataSettings
from dslnas.settings.model import Section


@dataclass(frozen=True)
class Special:
    """A setting, or some values of it, that some tasks have and others have not.

    Attributes:
        path: Section and key, such as `evaluate.augment`; a section alone stands for its name.
        values: Words of the names, values or calls that are meant; all values if it is empty.
        about: Its effect on the data, as a message says it; else that it is for them.
        instead: Advice for a task without it; "" if it is to be removed.
    """

    path: str
    values: tuple[str, ...] = ()
    about: str = ""
    instead: str = ""


@dataclass(frozen=True)
class TaskSettings:
    """Settings of a task.

    Attributes:
        data: Base of the settings of its sources of data.
        source: The source where a spec names none.
        examples: Name of the data in messages, such as "images".
        inputs: Names of the inputs of its cells, where they have names of their own.
        word: Value of `data.task` that it is for, where sources are for several.
        least_classes: Fewest outputs of a network: one, where it is a number that is predicted.
        specials: Its settings that not every task has.
        defaults: By section the values, by field, that take the place of the model's defaults;
            subclasses have the entries of their bases.
        method: Search method that is advised where nobody names one.
    """

    data: type[DataSettings]
    source: str
    examples: str
    is_recurrent: bool
    inputs: tuple[str, ...] = ()
    word: str = ""
    least_classes: int = 2
    specials: tuple[Special, ...] = ()
    defaults: Mapping[type[Section], Mapping[str, object]] = field(default_factory=dict)
    method: str = "darts"

    def defaults_of(self, model: type[Section]) -> dict[str, object]:
        """Return the values by field that a section has for this task instead of its own defaults.

        A field that a class between says anew keeps the value of the nearest class in the order of
        inheritance that has an entry.
        """
        values: dict[str, object] = {}
        for base in reversed(model.__mro__):
            values.update(self.defaults.get(base, {}))
        return values

    def lacks(self, tasks: Sequence[TaskSettings]) -> Iterator[tuple[Special, TaskSettings]]:
        """Yield the settings that other tasks have and this one has not, each with the first."""
        owners: dict[Special, TaskSettings] = {}
        for task in tasks:
            for special in task.specials:
                owners.setdefault(special, task)
        for special, task in owners.items():
            if special not in self.specials:
                yield special, task

    def has(self, section: Section, tasks: Sequence[TaskSettings]) -> bool:
        """Whether the task has the method, or whatever else the section's name stands for."""
        name = section.tag and section.value_of(section.tag)
        lacks = (special for special, _ in self.lacks(tasks))
        return not any(special.path == section.kind and name in special.values for special in lacks)

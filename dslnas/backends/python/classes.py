"""Which instances share a class, and what the class is called."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dslnas.backends.python.class_model import Body, Instance, Layer, Layers, Number
from dslnas.backends.python.identifiers import Names, camel_case
from dslnas.backends.python.parameters import Parameter, constructor
from dslnas.backends.python.text import Call


@dataclass(frozen=True)
class PythonClass:
    """A class of the generated module, with what its constructor makes by attribute."""

    name: str
    instances: tuple[Instance, ...]
    parameters: tuple[Parameter, ...]
    attributes: tuple[tuple[str, Call], ...]

    @property
    def body(self) -> Body:
        """Its structure, with the numbers of the first instance."""
        return self.instances[0].body

    def call(self, number: int) -> Layer:
        """Return the call that constructs one of the instances."""
        arguments = tuple(replace(p.argument, value=p.column[number]) for p in self.parameters)
        return Layer(self.name, arguments, keys=tuple(self.instances[number].body.keys))


def make_class(name: str, instances: Sequence[Instance]) -> PythonClass:
    """Return the class that instances of one structure share."""
    return PythonClass(name, tuple(instances), *constructor(instances))


def make_classes(
    instances: Mapping[str, Instance], names: Names, others: Iterable[str] = ()
) -> tuple[list[PythonClass], dict[str, Layers]]:
    """Return the classes of some instances, and the constructor call of every instance.

    Labels of `others`, which need no class, count when a class looks for a name: a strided skip
    connection is not called `SkipConnect` beside those that do nothing.
    """
    structures: dict[str, set[Body]] = {}
    for instance in instances.values():
        structures.setdefault(_stem(instance.label), set()).add(instance.body)
    ambiguous = {stem for stem, bodies in structures.items() if len(bodies) > 1}
    ambiguous.update(map(_stem, others))
    classes = []
    calls: dict[str, Layers] = {}
    for paths in _groups(instances):
        members = [instances[path] for path in paths]
        made = make_class(names.take(_class_name(members, ambiguous)), members)
        classes.append(made)
        calls |= {path: (made.call(number),) for number, path in enumerate(paths)}
    return classes, calls


@dataclass
class _Group:
    """Paths of instances that share a class, while they are gathered."""

    body: Body
    stems: set[str] = field(default_factory=set)
    marks: set[tuple[Number, ...]] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)


def _groups(instances: Mapping[str, Instance]) -> list[list[str]]:
    """Return paths of instances of one structure, named alike or alike in all but channels.

    Structure alone is not enough: a dilated convolution and one of 1 x k and k x 1 have the same
    layers, and a class for both would need a parameter for every number in it.
    """
    groups: list[_Group] = []
    for path, instance in instances.items():
        stem, mark = _stem(instance.label), _mark(instance)
        alike = [group for group in groups if group.body == instance.body]
        fitting = [group for group in alike if stem in group.stems]
        if instance.kind != "cell":
            fitting += (group for group in alike if mark in group.marks)
        if not fitting:
            fitting = [_Group(instance.body)]
            groups += fitting
        fitting[0].stems.add(stem)
        fitting[0].marks.add(mark)
        fitting[0].paths.append(path)
    return [group.paths for group in groups]


def _class_name(members: Sequence[Instance], ambiguous: Collection[str]) -> str:
    """Return a wish such as `SepConv` or `NormalCellAfterReduction`; variants tell apart others."""
    best = next((m for m in members if m.kind == "operation"), members[0])
    stem = _stem(best.label)
    variant = best.variant if stem in ambiguous else ""
    name = camel_case(stem)
    if best.kind == "cell":
        return f"{name}{'' if 'cell' in name.lower() else 'Cell'}{variant}"
    return f"{variant}{name}"


def _stem(label: str) -> str:
    """Return a label without its arguments: `sep_conv` of `sep_conv(3)`; a chain has none."""
    return label.partition("(")[0] or "operation"


def _mark(instance: Instance) -> tuple[Number, ...]:
    """Return all numbers but channels, and of groups whether there are several."""
    return tuple(
        argument.value != 1 if argument.counts_channels else argument.value
        for argument in instance.body.arguments
        if not argument.counts_channels or argument.name == "groups"
    )

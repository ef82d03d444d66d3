"""Which instances share a class, and what the class is called."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dslnas.backends.python.class_model import Body, Instance, Layer, Layers, Number
from dslnas.backends.python.identifiers import Names, camel_case
from dslnas.backends.python.parameters import Signature, signature


@dataclass(frozen=True)
class PythonClass:
    """A class of the generated module."""

    name: str
    body: Body
    signature: Signature
    instances: tuple[Instance, ...]

    def call(self, number: int) -> Layer:
        """Return the call that constructs one of the instances."""
        parameters = self.signature.parameters
        arguments = tuple(replace(p.argument, value=p.column[number]) for p in parameters)
        return Layer(self.name, arguments, keys=tuple(self.instances[number].body.keys))


def make_classes(
    instances: Mapping[str, Instance], names: Names, others: Iterable[str] = ()
) -> tuple[list[PythonClass], dict[str, Layers]]:
    """Return the classes of some instances, and the constructor call of every instance.

    Args:
        instances: Instances by key, in the order of the graph.
        names: Gives the names of classes.
        others: Labels of operations that need no class. They count when a class looks for a name,
            so that a strided skip connection is not called `SkipConnect` beside those that do
            nothing.
    """
    groups = _groups(instances)
    structures: dict[str, set[Body]] = {}
    for instance in instances.values():
        structures.setdefault(_stem(instance.label), set()).add(instance.body)
    ambiguous = {stem for stem, bodies in structures.items() if len(bodies) > 1}
    ambiguous.update(map(_stem, others))
    classes = []
    calls: dict[str, Layers] = {}
    for group in groups:
        members = [instances[path] for path in group.paths]
        made = PythonClass(
            names.take(_class_name(members, ambiguous)),
            members[0].body,
            signature(members),
            tuple(members),
        )
        classes.append(made)
        calls |= {path: (made.call(number),) for number, path in enumerate(group.paths)}
    return classes, calls


@dataclass
class _Group:
    """Paths of instances that share a class, while they are gathered."""

    body: Body
    stems: set[str] = field(default_factory=set)
    marks: set[tuple[Number | bool, ...]] = field(default_factory=set)
    paths: list[str] = field(default_factory=list)


def _groups(instances: Mapping[str, Instance]) -> list[_Group]:
    """Gather instances of one structure that are also named alike, or alike in all but channels.

    Structure alone is not enough: a dilated convolution and one of 1 x k and k x 1 have the same
    layers, and a class for both would need a parameter for every number in it.
    """
    groups: dict[Body, list[_Group]] = {}
    for path, instance in instances.items():
        stem, mark = _stem(instance.label), _mark(instance)
        alike = groups.setdefault(instance.body, [])
        group = next((g for g in alike if stem in g.stems), None) or next(
            (g for g in alike if mark in g.marks and instance.kind != "cell"), None
        )
        if group is None:
            group = _Group(instance.body)
            alike.append(group)
        group.stems.add(stem)
        group.marks.add(mark)
        group.paths.append(path)
    order = {path: place for place, path in enumerate(instances)}
    return sorted((g for gs in groups.values() for g in gs), key=lambda g: order[g.paths[0]])


def _class_name(members: Sequence[Instance], ambiguous: Collection[str]) -> str:
    """Return a wish such as `SepConv`, `StridedSkipConnect` or `NormalCellAfterReduction`.

    Args:
        members: Instances of the class.
        ambiguous: Names of operations that have several structures.
    """
    best = next((m for m in members if m.kind == "operation"), members[0])
    stem = _stem(best.label)
    variant = best.variant if stem in ambiguous else ""
    name = camel_case(stem)
    if best.kind == "cell":
        return f"{name}{'' if 'cell' in name.lower() else 'Cell'}{variant}"
    return f"{variant}{name}"


def _stem(label: str) -> str:
    """Return a label without its arguments: `sep_conv` of `sep_conv(3)`."""
    return label.partition("(")[0]


def _mark(instance: Instance) -> tuple[Number | bool, ...]:
    """Return all numbers but channels, and of groups whether there are several."""
    return tuple(
        argument.value != 1 if argument.counts_channels else argument.value
        for argument in instance.body.arguments
        if not argument.counts_channels or argument.name == "groups"
    )

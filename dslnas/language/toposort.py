"""In which order nodes and values can be computed, and which of them are needed.

Networkx does the same, but importing it takes longer than checking a spec: what only looks at a
spec never asks for its graphs.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Mapping, Sequence

Reads = Mapping[str, Collection[str]]
"""By node the nodes that it reads; names that are no keys are inputs."""


def computing_order(reads: Reads) -> list[str]:
    """Return the nodes so that each reads earlier ones only, else as they are written.

    Nodes of a cycle, and those that need them, are left out.
    """
    names = list(reads)
    place = {name: number for number, name in enumerate(names)}
    readers: dict[str, list[str]] = {name: [] for name in names}
    missing = {name: len({s for s in reads[name] if s in reads}) for name in names}
    for name in names:
        for source in {s for s in reads[name] if s in reads}:
            readers[source].append(name)
    ready = [place[name] for name in names if missing[name] == 0]
    order = []
    while ready:
        name = names[heapq.heappop(ready)]
        order.append(name)
        for reader in readers[name]:
            missing[reader] -= 1
            if missing[reader] == 0:
                heapq.heappush(ready, place[reader])
    return order


def find_cycle(reads: Reads) -> list[str]:
    """Return the nodes of a cycle, each read by the next and the last by the first; [] if none."""
    computed = set(computing_order(reads))
    stuck = [name for name in reads if name not in computed]
    path: list[str] = []
    name = stuck[0] if stuck else None
    while name is not None and name not in path:
        path.append(name)
        name = next(source for source in reads[name] if source in reads and source not in computed)
    return _from_first(path[path.index(name) :][::-1], list(reads)) if name is not None else []


def needed_for(ends: Iterable[str], reads: Reads) -> set[str]:
    """Return everything that is read on the way to some nodes, and the nodes themselves."""
    needed: set[str] = set()
    waiting = list(ends)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += reads.get(name, ())
    return needed


def _from_first(cycle: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return a cycle from the node on that is written first."""
    start = min(range(len(cycle)), key=lambda place: names.index(cycle[place]))
    return [*cycle[start:], *cycle[:start]]

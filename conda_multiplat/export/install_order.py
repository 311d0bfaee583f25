"""The order in which packages can be installed: dependencies come first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from conda_multiplat.vocabulary.names import spec_name
from conda_multiplat.vocabulary.records import CondaRecord

_Needs = Mapping[str, Sequence[str]]


def topological(records: Sequence[CondaRecord]) -> list[CondaRecord]:
    """Sort records so that each comes after those that it depends on.

    The result depends on the records alone, not on the order in which they are given.

    1. ``depends`` becomes a graph of names. Names without a record (virtual packages, packages
       that are not locked) and a package's need of itself are left out.
    2. Packages that need one another, over however many steps, are put into one group (the
       strongly connected components); any other package is a group of its own. Between groups
       there are no cycles.
    3. Groups are taken when all that they need has been taken, always the alphabetically first of
       those that are ready. Thus a group comes as a whole after what it needs and before what
       needs it.
    4. Within a group, some needs must be ignored. Python's own are ignored first: in old channels
       it needs pip, which can't be installed without it. The rest is walked depth first, in
       alphabetical order; a need that leads back into the walked path is ignored.

    With n records that have m dependencies this takes O(m log m + n log n), and no recursion.
    """
    by_name: dict[str, list[CondaRecord]] = {}
    for locked in sorted(records, key=lambda record: (record.name, record.url)):
        by_name.setdefault(locked.name, []).append(locked)
    needs = {name: _needed(name, locked, by_name) for name, locked in by_name.items()}
    groups = {min(members): members for members in _groups(needs)}
    order = [name for first in _ready(groups, needs) for name in _within(groups[first], needs)]
    return [record for name in order for record in by_name[name]]


def _needed(
    name: str, records: Iterable[CondaRecord], known: Mapping[str, object]
) -> tuple[str, ...]:
    names = {spec_name(spec) for record in records for spec in record.depends}
    return tuple(
        sorted(dependency for dependency in names if dependency in known and dependency != name)
    )


def _groups(needs: _Needs) -> Iterator[set[str]]:
    """Yield the strongly connected components, by Kosaraju's algorithm.

    No group that a depth-first walk left earlier needs the name that it left last. A walk from that
    name against the arrows therefore reaches only its own group.
    """
    needed_by: dict[str, list[str]] = {name: [] for name in needs}
    for name, its_needs in needs.items():
        for need in its_needs:
            needed_by[need].append(name)
    seen: set[str] = set()
    for name in reversed(_walk(needs)):
        if name not in seen:
            yield _reached(name, needed_by, seen)


def _reached(start: str, arrows: _Needs, seen: set[str]) -> set[str]:
    """Return what can be reached from ``start`` and is not in ``seen``; add it to ``seen``."""
    group, waiting = {start}, [start]
    while waiting:
        new = set(arrows[waiting.pop()]) - seen - group
        group |= new
        waiting += new
    seen |= group
    return group


def _walk(needs: _Needs) -> list[str]:
    """Return the names in the order in which a depth-first walk leaves them."""
    finished: list[str] = []
    entered: set[str] = set()
    for root in needs:
        path = [(root, iter(needs[root]))] if root not in entered else []
        entered.add(root)
        while path:
            name, rest = path[-1]
            following = next((name for name in rest if name not in entered), None)
            if following is None:
                finished.append(name)
                path.pop()
            else:
                entered.add(following)
                path.append((following, iter(needs[following])))
    return finished


def _ready(groups: Mapping[str, set[str]], needs: _Needs) -> Iterator[str]:
    """Yield the groups, each named by its first member, in the order of step 3."""
    group_of = {name: first for first, members in groups.items() for name in members}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for first, members in groups.items():
        needed = {group_of[need] for name in members for need in needs[name]}
        sorter.add(first, *(needed - {first}))
    sorter.prepare()
    ready: list[str] = []
    while sorter.is_active():
        for group in sorter.get_ready():
            heappush(ready, group)
        first = heappop(ready)
        yield first
        sorter.done(first)


def _within(members: set[str], needs: _Needs) -> list[str]:
    """Return a group in the order of step 4."""
    inner = {
        name: () if name == "python" else tuple(need for need in needs[name] if need in members)
        for name in sorted(members)
    }
    return _walk(inner)
